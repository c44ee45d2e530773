"""Reads and writes training data as HDF5 (docs/training-data.md): `read_dataset`, `write_dataset`."""

import os
import tempfile
from pathlib import Path

import h5py
import numpy as np

from .check import check, picture_hashes
from .types import SPLITS, ClassLabels, Counts, DataError, Dataset, Session, Spikes, ValueLabels

FORMAT, VERSION = "phosphene-training-data", 1

__all__ = [
    "FORMAT",
    "SPLITS",
    "VERSION",
    "ClassLabels",
    "Counts",
    "DataError",
    "Dataset",
    "Session",
    "Spikes",
    "ValueLabels",
    "check",
    "first_line",
    "is_training_data",
    "picture_hashes",
    "read_dataset",
    "write_dataset",
]


def read_dataset(path: Path | str) -> Dataset:
    """The whole file, checked. Raises DataError, one sentence that begins with the path."""
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: expected a file of training data, found none")
    try:
        with h5py.File(path, "r") as file:
            dataset = _read(file)
        check(dataset)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    except (OSError, RuntimeError, LookupError, ValueError, TypeError) as error:
        raise DataError(f"{path}: expected HDF5 that can be read, got {first_line(error)}") from None
    return dataset


def is_training_data(path: Path) -> bool:
    """Whether a file says so of itself, by its attribute `format`."""
    try:
        with h5py.File(path, "r") as file:
            return _attribute(file, "format") == FORMAT
    except (OSError, DataError):
        return False


def write_dataset(dataset: Dataset, path: Path | str) -> None:
    """Check, then write to a temporary file beside `path` and rename it: there is a whole file or none."""
    check(dataset)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    os.close(handle)
    try:
        with h5py.File(name, "w") as file:
            _write(file, dataset)
        os.chmod(name, 0o644)
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)


def _write(file: h5py.File, dataset: Dataset) -> None:
    texts = {"format": FORMAT, "name": dataset.name, "split_by": dataset.split_by, "source": dataset.source}
    file.attrs.update(texts)
    file.attrs["version"] = VERSION
    shape = dataset.pictures.shape
    file.create_dataset("pictures", data=dataset.pictures, chunks=(1, *shape[1:]), compression="gzip")
    _write_texts(file, "ids", dataset.ids)
    for name, labels in dataset.labels.items():
        group = file.create_group(f"labels/{name}")
        is_class = isinstance(labels, ClassLabels)
        group.attrs["kind"] = "class" if is_class else "value"
        _write_texts(group, "names", labels.names)
        group["values"] = labels.ids if is_class else labels.values
        if not is_class:
            group.attrs["unit"] = labels.unit
    for index, session in enumerate(dataset.sessions):
        _write_session(file.create_group(f"sessions/{index:04d}"), session)


def _write_session(group: h5py.Group, session: Session) -> None:
    group.attrs["name"] = session.name
    _write_texts(group, "labels", session.labels)
    for name in ("stimulus", "onset", "offset", "split"):
        group[name] = getattr(session, name)
    if session.spikes is not None:
        group["spikes/times"], group["spikes/units"] = session.spikes.times, session.spikes.units
    if session.counts is not None:
        counts = session.counts
        group.create_dataset("counts", data=counts.values, compression="gzip")
        group["counts"].attrs.update(bin_ms=float(counts.bin_ms), offset_ms=float(counts.offset_ms))
        group["counts"].attrs["signed"] = np.int8(counts.signed)


def _write_texts(group: h5py.Group, name: str, texts: tuple[str, ...]) -> None:
    group.create_dataset(name, data=np.array(texts, dtype=object), dtype=h5py.string_dtype())


def _read(file: h5py.File) -> Dataset:
    found = _attribute(file, "format")
    if found != FORMAT:
        raise DataError(f"attribute format: expected {FORMAT}, got {found!r}")
    version = _attribute(file, "version")
    if int(version) != VERSION:
        raise DataError(f"attribute version: expected {VERSION}, got {version}")
    return Dataset(
        name=str(_attribute(file, "name")),
        pictures=_array(file, "pictures", np.uint8),
        ids=_texts(file, "ids"),
        labels={name: _read_labels(group) for name, group in _groups(file, "labels")},
        sessions=tuple(_read_session(group) for _, group in _groups(file, "sessions")),
        split_by=str(_attribute(file, "split_by")),
        source=str(_attribute(file, "source")),
    )


def _read_labels(group: h5py.Group) -> ClassLabels | ValueLabels:
    kind = _attribute(group, "kind")
    if kind == "class":
        return ClassLabels(_texts(group, "names"), _array(group, "values", np.int64))
    if kind == "value":
        return ValueLabels(_texts(group, "names"), str(_attribute(group, "unit")), _array(group, "values", np.float32))
    raise DataError(f"{group.name}, attribute kind: expected class or value, got {kind!r}")


def _read_session(group: h5py.Group) -> Session:
    spikes = counts = None
    if "spikes" in group:
        spikes = Spikes(_array(group, "spikes/times", np.float64), _array(group, "spikes/units", np.int64))
    if "counts" in group:
        values = _array(group, "counts", np.float32)
        figures = {name: float(_attribute(group["counts"], name)) for name in ("bin_ms", "offset_ms")}
        counts = Counts(values, **figures, signed=bool(group["counts"].attrs.get("signed", 0)))
    return Session(
        name=str(_attribute(group, "name")),
        labels=_texts(group, "labels"),
        stimulus=_array(group, "stimulus", np.int64),
        onset=_array(group, "onset", np.float64),
        offset=_array(group, "offset", np.float64),
        split=_array(group, "split", np.int8),
        spikes=spikes,
        counts=counts,
    )


def _attribute(item: h5py.Group | h5py.Dataset, name: str):
    if name not in item.attrs:
        raise DataError(f"attribute {name} of {item.name}: expected one, found none")
    value = item.attrs[name]
    if isinstance(value, np.ndarray) and value.size == 1:  # MATLAB writes scalars as arrays of one
        value = value.reshape(-1)[0]
    return value.decode() if isinstance(value, bytes) else value


def _groups(file: h5py.File, name: str) -> list[tuple[str, h5py.Group]]:
    """The groups in a group, in order of their names; none when it is not there."""
    parent = file.get(name)
    if parent is None:
        return []
    found = [(key, parent[key]) for key in sorted(parent)] if isinstance(parent, h5py.Group) else [(name, parent)]
    for key, item in found:
        if not isinstance(item, h5py.Group):
            raise DataError(f"/{name}/{key}: expected a group, got a dataset")
    return found


def _dataset(group: h5py.Group, name: str) -> h5py.Dataset:
    item = group.get(name)
    if not isinstance(item, h5py.Dataset):
        raise DataError(
            f"{group.name.rstrip('/')}/{name}: expected a dataset, found {'none' if item is None else 'a group'}"
        )
    return item


def _array(group: h5py.Group, name: str, dtype: type) -> np.ndarray:
    """Numbers as `dtype`: another type is taken when no value changes by it (MATLAB writes doubles)."""
    item = _dataset(group, name)
    if item.dtype.kind not in "iufb":
        raise DataError(f"{item.name}: expected {np.dtype(dtype)}, got {item.dtype}")
    values = item[()]
    if values.dtype == dtype or np.dtype(dtype).kind == "f":
        return np.asarray(values, dtype)
    with np.errstate(invalid="ignore"):
        whole = values.astype(dtype)
    if not np.array_equal(whole, values):
        raise DataError(f"{item.name}: expected whole numbers that fit {np.dtype(dtype)}, got {item.dtype}")
    return whole


def _texts(group: h5py.Group, name: str) -> tuple[str, ...]:
    item = _dataset(group, name)
    if item.dtype.kind not in "OS" or item.ndim != 1:
        raise DataError(f"{item.name}: expected a list of texts, got {item.dtype} {list(item.shape)}")
    return tuple(text.decode() if isinstance(text, bytes) else str(text) for text in item[()])


def first_line(error: Exception) -> str:
    """What an error of a library says, as part of a sentence."""
    return (str(error) or type(error).__name__).splitlines()[0]
