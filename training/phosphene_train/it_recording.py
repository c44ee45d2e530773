"""Single neurons of macaque IT, recorded one after another: MATLAB rasters of 7 objects at 3 positions."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.io

OBJECTS = ("car", "couch", "face", "flower", "guitar", "hand", "kiwi")
POSITIONS = ("upper", "middle", "lower")
TRIAL_MS = 1000
ONSET_MS = 500  # raster column 501, counted from 1
SPLIT = {"rule": "every-nth", "n": 4, "offset": 3}
SUFFIX = "_raster_data"


@dataclass(frozen=True)
class Recording:
    """All trials of all units, file after file, units in file-name order.

    labels     U unit labels, `<file stem>.1`
    rasters    uint8 [T, 1000], 1 where a spike fell in that millisecond
    unit       int16 [T], which unit the trial belongs to
    condition  int16 [T], object * 3 + position
    index      int16 [T], number of the trial among its unit's trials of that condition, in file order
    """

    labels: tuple[str, ...]
    rasters: np.ndarray
    unit: np.ndarray
    condition: np.ndarray
    index: np.ndarray

    @property
    def held_out(self) -> np.ndarray:
        """bool [T]: trials kept out of training by the rule `every-nth`."""
        return self.index % SPLIT["n"] == SPLIT["offset"]


def condition_names() -> list[str]:
    """The 21 stimuli, in condition order: car-upper, car-middle, …"""
    return [f"{name}-{position}" for name in OBJECTS for position in POSITIONS]


def unit_label(path: Path) -> str:
    """One neuron per file: the file's stem is the electrode, 1 the sorted id."""
    return path.stem.removesuffix(SUFFIX) + ".1"


def number_trials(condition: np.ndarray) -> np.ndarray:
    """0, 1, 2, … within each condition, in file order: int16 [trials]."""
    index = np.zeros(len(condition), np.int16)
    for value in np.unique(condition):
        where = np.flatnonzero(condition == value)
        index[where] = np.arange(len(where))
    return index


def _labels(path: Path, raster_labels: np.ndarray, field: str, names: tuple[str, ...]) -> np.ndarray:
    values = [str(np.ravel(cell)[0]) for cell in np.ravel(raster_labels[field][0, 0])]
    unknown = sorted(set(values) - set(names))
    if unknown:
        raise ValueError(f"{path.name}: {field}: expected one of {', '.join(names)}, got {unknown[0]!r}")
    return np.array([names.index(value) for value in values], np.int16)


def read_unit(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """One file -> rasters uint8 [trials, 1000], conditions int16 [trials]."""
    contents = scipy.io.loadmat(path)
    missing = [name for name in ("raster_data", "raster_labels") if name not in contents]
    if missing:
        raise ValueError(f"{path.name}: expected a variable {missing[0]}, found none")
    rasters, labels = contents["raster_data"], contents["raster_labels"]
    objects = _labels(path, labels, "stimulus_ID", OBJECTS)
    positions = _labels(path, labels, "stimulus_position", POSITIONS)
    if rasters.shape != (len(objects), TRIAL_MS) or len(objects) != len(positions):
        expected = f"raster_data of {len(objects)} trials x {TRIAL_MS} ms and as many labels"
        raise ValueError(f"{path.name}: expected {expected}, got {rasters.shape} and {len(positions)} positions")
    return (rasters > 0).astype(np.uint8), objects * len(POSITIONS) + positions


def load_recording(path: Path) -> Recording:
    """A folder of `*_raster_data.mat`, or the one file that `pack` made of it."""
    path = Path(path)
    if path.is_file() and path.suffix == ".npz":
        return unpack(path)
    files = sorted(path.glob(f"*{SUFFIX}.mat"))
    if not files:
        raise FileNotFoundError(f"{path}: expected a folder with files *{SUFFIX}.mat, found none")
    units = [read_unit(file) for file in files]
    sizes = [len(condition) for _, condition in units]
    return Recording(
        labels=tuple(unit_label(file) for file in files),
        rasters=np.concatenate([rasters for rasters, _ in units]),
        unit=np.repeat(np.arange(len(files), dtype=np.int16), sizes),
        condition=np.concatenate([condition for _, condition in units]),
        index=np.concatenate([number_trials(condition) for _, condition in units]),
    )


def pack(recording: Recording, path: Path) -> None:
    """The whole recording in one file of a few MB, to take it to another machine."""
    bits = np.packbits(recording.rasters, axis=1)
    fields = {name: getattr(recording, name) for name in ("unit", "condition", "index")}
    np.savez_compressed(path, labels=np.array(recording.labels), bits=bits, **fields)


def unpack(path: Path) -> Recording:
    with np.load(path, allow_pickle=False) as packed:
        rasters = np.unpackbits(packed["bits"], axis=1, count=TRIAL_MS)
        fields = {name: packed[name] for name in ("unit", "condition", "index")}
        return Recording(labels=tuple(packed["labels"].tolist()), rasters=rasters, **fields)
