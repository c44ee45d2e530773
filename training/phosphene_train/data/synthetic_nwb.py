"""A dataset of spikes as NWB 2 files, one a session: what the importer reads and the daemon plays."""

import uuid
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

from .types import ClassLabels, DataError, Dataset, Session, ValueLabels

VERSION = "2.5.0"
START = "2024-01-01T00:00:00+00:00"  # a fixed time: the same options give the same file
NAMESPACE = uuid.UUID("6f1c0d5e-7d0b-4b53-9d0b-3a3f8d3c1a10")
TEXT = h5py.string_dtype()


def write_nwb(dataset: Dataset, path: Path, images: Path | None) -> list[Path]:
    """`path` for one session, `<stem>-<session>.nwb` for several; returns what was written.

    Pictures go to `images` as PNG, or inside as templates. Raises DataError for a session of counts.
    """
    if images is not None:
        images.mkdir(parents=True, exist_ok=True)
        for name, picture in zip(dataset.ids, dataset.pictures, strict=True):
            Image.fromarray(picture).save(images / f"{name}.png")
    paths = []
    for session in dataset.sessions:
        if session.spikes is None:
            raise DataError(f"session {session.name}: expected spikes to write as NWB, found counts")
        single = len(dataset.sessions) == 1
        target = path if single else path.with_name(f"{path.stem}-{session.name}{path.suffix}")
        target.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(target, "w") as file:
            _header(file, dataset, session)
            _units(file, session)
            _intervals(file, dataset, session)
            if images is None:
                _templates(file, dataset)
        paths.append(target)
    return paths


def _typed(group: h5py.Group, kind: str, namespace: str = "core", **attributes) -> h5py.Group:
    group.attrs.update(neurodata_type=kind, namespace=namespace, **attributes)
    group.attrs["object_id"] = str(uuid.uuid5(NAMESPACE, f"{group.file.attrs['object_id']}{group.name}"))
    return group


def _header(file: h5py.File, dataset: Dataset, session: Session) -> None:
    file.attrs["object_id"] = str(uuid.uuid5(NAMESPACE, f"{dataset.name}/{session.name}"))
    file.attrs.update(nwb_version=VERSION, neurodata_type="NWBFile", namespace="core")
    file["identifier"] = f"{dataset.name}/{session.name}"
    file["session_description"] = dataset.source
    file["session_start_time"] = file["timestamps_reference_time"] = START
    file["file_create_date"] = np.array([START], dtype=TEXT)
    for name in ("acquisition", "analysis", "general", "processing", "stimulus/presentation", "stimulus/templates"):
        file.create_group(name)


def _table(group: h5py.Group, kind: str, columns: dict[str, str], rows: int, description: str) -> h5py.Group:
    namespace = "hdmf-common" if kind == "DynamicTable" else "core"
    _typed(group, kind, namespace, description=description)
    group.attrs["colnames"] = np.array(list(columns), dtype=TEXT)
    group["id"] = np.arange(rows)
    _typed(group["id"], "ElementIdentifiers", "hdmf-common")
    return group


def _column(table: h5py.Group, name: str, values, description: str, kind: str = "VectorData") -> None:
    values = np.asarray(values)
    table.create_dataset(name, data=values.astype(object) if values.dtype.kind == "U" else values,
                         dtype=TEXT if values.dtype.kind == "U" else None)  # fmt: skip
    _typed(table[name], kind, "hdmf-common", description=description)


def _electrodes(file: h5py.File, names: list[str]) -> h5py.Group:
    device = _typed(file.create_group("general/devices/array"), "Device", description="simulated array")
    ephys = file.create_group("general/extracellular_ephys")
    group = _typed(ephys.create_group("array"), "ElectrodeGroup", description="simulated", location="simulated cortex")
    group["device"] = h5py.SoftLink(device.name)
    columns = {"location": "area", "group": "group", "group_name": "its name", "label": "name of the electrode"}
    table = _table(ephys.create_group("electrodes"), "DynamicTable", columns, len(names), "electrodes")
    _column(table, "location", ["simulated cortex"] * len(names), columns["location"])
    table.create_dataset("group", data=[group.ref] * len(names), dtype=h5py.ref_dtype)
    _typed(table["group"], "VectorData", "hdmf-common", description=columns["group"])
    _column(table, "group_name", ["array"] * len(names), columns["group_name"])
    _column(table, "label", names, columns["label"])
    return table


def _units(file: h5py.File, session: Session) -> None:
    electrodes = [label.rsplit(".", 1)[0] for label in session.labels]
    names = list(dict.fromkeys(electrodes))
    table = _electrodes(file, names)
    columns = {"spike_times": "s", "electrodes": "first electrode"}
    units = _table(file.create_group("units"), "Units", columns, len(session.labels), "sorted units")
    units["id"][...] = [int(label.rsplit(".", 1)[1]) for label in session.labels]
    each = [session.spikes.times[session.spikes.units == unit] for unit in range(len(session.labels))]
    _column(units, "spike_times", np.concatenate(each), "times of spikes, s")
    _column(
        units, "spike_times_index", np.cumsum([len(times) for times in each], dtype=np.uint32), "ends", "VectorIndex"
    )
    units["spike_times_index"].attrs["target"] = units["spike_times"].ref
    _column(units, "electrodes", [names.index(name) for name in electrodes], "electrode", "DynamicTableRegion")
    units["electrodes"].attrs["table"] = table.ref
    _column(units, "electrodes_index", np.arange(1, len(electrodes) + 1, dtype=np.uint32), "ends", "VectorIndex")
    units["electrodes_index"].attrs["target"] = units["electrodes"].ref


def _intervals(file: h5py.File, dataset: Dataset, session: Session) -> None:
    columns: dict[str, np.ndarray] = {"start_time": session.onset, "stop_time": session.offset}
    columns["stimulus_name"] = np.array(dataset.ids)[session.stimulus]
    for name, labels in dataset.labels.items():
        if isinstance(labels, ClassLabels):
            columns[name] = np.array(["", *labels.names])[labels.ids[session.stimulus] + 1]
        elif isinstance(labels, ValueLabels):
            each = labels.values[session.stimulus].T.astype(np.float64)
            columns |= dict(zip(labels.names, each, strict=True))
    names = dict.fromkeys(columns, "")
    table = _table(file.create_group("intervals/presentations"), "TimeIntervals", names, len(session.onset), "stimuli")
    for name, values in columns.items():
        _column(table, name, values, {"start_time": "s", "stop_time": "s"}.get(name, f"{name} of the stimulus"))


def _templates(file: h5py.File, dataset: Dataset) -> None:
    group = _typed(file.create_group("stimulus/templates/pictures"), "Images", description="pictures shown")
    for name, picture in zip(dataset.ids, dataset.pictures, strict=True):
        group.create_dataset(name, data=picture, compression="gzip")
        _typed(group[name], "RGBImage", description="rows, columns, RGB")
