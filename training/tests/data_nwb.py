"""Small NWB files for tests, written with h5py as any tool could write them."""

import h5py
import numpy as np
from PIL import Image

NAMES = ("cat", "dog", "emu", "fox", "gnu")


def put(group, name, values):
    """A column; texts as UTF-8."""
    group[name] = np.array(values, dtype=h5py.string_dtype()) if isinstance(values[0], str) else np.array(values)


def write_units(file, electrodes=True):
    """Three units 10, 11 (silent) and 12 on electrodes 1 and 0: the file of test/unit/recording-nwb.test.ts."""
    units = file.create_group("units")
    put(units, "spike_times", [0.1, 0.4, 0.2, 0.3])
    units["spike_times_index"] = np.array([2, 2, 4], np.uint8)
    put(units, "id", [10, 11, 12])
    put(units, "quality", ["good", "good", "mua"])
    if electrodes:
        put(units, "electrodes", [1, 0])
        put(units, "electrodes_index", [1, 1, 2])
        put(file.create_group("general/extracellular_ephys/electrodes"), "label", ["shank0elec0", "shank0elec1"])


def write_trials(file, table="trials", column="stimulus_name", names=NAMES, **columns):
    """Each stimulus once, 0.1 s long, 0.1 s apart, from 0."""
    group = file.create_group(f"intervals/{table}")
    start = np.arange(len(names)) * 0.1
    group["start_time"], group["stop_time"] = start, start + 0.1
    put(group, column, list(names))
    for name, values in columns.items():
        put(group, name, values)
    return group


def write_templates(file, names=NAMES, path="stimulus/templates/pictures"):
    """An Images group: a grey level each."""
    group = file.create_group(path)
    for at, name in enumerate(names):
        group[name] = np.full((20, 30, 3), 10 + 40 * at, np.uint8)
        group[name].attrs["neurodata_type"] = "RGBImage"
    return group


def write_images(folder, names=NAMES, suffix=".png"):
    folder.mkdir()
    for at, name in enumerate(names):
        Image.new("RGB", (40, 30), (10 + 40 * at, 0, 0)).save(folder / f"{name}{suffix}", lossless=True)
    return folder


def make_nwb(path, *fill):
    """A file with what each of `fill` writes; the whole small file when none is given."""
    with h5py.File(path, "w") as file:
        file.attrs["nwb_version"] = "2.6.0"
        for each in fill or (write_units, write_trials, write_templates):
            each(file)
    return path
