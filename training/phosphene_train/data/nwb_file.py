"""NWB 2 files read with h5py: columns of tables, and the sorted units under the daemon's labels."""

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from .format import first_line
from .types import DataError


@dataclass(frozen=True)
class Units:
    """labels U; times float64 [S] s ascending; units int64 [S]; notes: what a person should know."""

    labels: tuple[str, ...]
    times: np.ndarray
    units: np.ndarray
    notes: tuple[str, ...]


def open_nwb(path: Path) -> h5py.File:
    """The file, if it is NWB 2. Raises DataError."""
    if not Path(path).is_file():
        raise DataError(f"{path}: expected an NWB file, found none")
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise DataError(f"{path}: expected an NWB 2 file (HDF5), got {first_line(error)}") from None
    version = file.attrs.get("nwb_version", "none")
    version = version.decode() if isinstance(version, bytes) else str(version)
    if not version.startswith("2."):
        file.close()
        raise DataError(f"{path}, attribute nwb_version: expected 2.x, got {version}")
    return file


def text(value) -> str:
    """A cell as a word: whole numbers without a point, as JavaScript (and so the daemon) writes them."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, np.floating | float) and np.isfinite(value) and value == int(value):
        return str(int(value))
    return str(value)


def column(group: h5py.Group, name: str) -> np.ndarray | None:
    """A column of numbers or texts (object array of str), one value a row; None when it is anything else."""
    item = group.get(name)
    if not isinstance(item, h5py.Dataset) or item.ndim != 1:
        return None
    if item.dtype.kind in "iufb":
        return item[()]
    if h5py.check_string_dtype(item.dtype) is not None:
        return np.array([text(value) for value in item[()]], dtype=object)
    enumeration = h5py.check_enum_dtype(item.dtype)
    return item[()] if enumeration else None


def read_units(file: h5py.File, where: dict[str, str] | None = None) -> Units:
    """All spikes of the units whose columns have the values in `where`. Raises DataError.

    `spike_times` holds the units one after another, `spike_times_index` the end of each. Labels are as in
    adapters/recording/nwb.ts: `<electrode>.<id>`; units of the same label are one unit there, and so here.
    """
    group = file.get("units")
    if not isinstance(group, h5py.Group):
        raise DataError("/units: expected a table with spike_times of sorted units, found none")
    times, ends = column(group, "spike_times"), column(group, "spike_times_index")
    if times is None or ends is None or times.dtype.kind not in "iuf":
        columns = ", ".join(sorted(group)) or "none"
        raise DataError(f"/units: expected columns spike_times and spike_times_index, found {columns}")
    ends = ends.astype(np.int64)
    if len(ends) == 0 or len(times) == 0:
        raise DataError(f"/units: expected spikes of sorted units, found {len(ends)} units with {len(times)} spikes")
    counts = np.diff(ends, prepend=0)
    if (counts < 0).any() or ends[-1] != len(times):
        raise DataError(f"/units/spike_times_index: expected ends that rise to {len(times)}, got {ends[-1]} last")
    kept = _chosen(group, len(ends), where or {})
    labels = unit_labels(file, group, len(ends))
    return _sorted(labels, times.astype(np.float64), np.repeat(np.arange(len(ends)), counts), kept)


def _sorted(labels: list[str], times: np.ndarray, rows: np.ndarray, kept: np.ndarray) -> Units:
    wrong = np.flatnonzero(~np.isfinite(times))
    if len(wrong):
        raise DataError(f"/units/spike_times, spike {wrong[0]}: expected a finite number of s, got {times[wrong[0]]}")
    names = list(dict.fromkeys(label for label, keep in zip(labels, kept, strict=True) if keep))
    index = {name: at for at, name in enumerate(names)}
    unit_of_row = np.array([index.get(label, -1) if keep else -1 for label, keep in zip(labels, kept, strict=True)])
    units = unit_of_row[rows]
    times, units = times[units >= 0], units[units >= 0]
    order = np.argsort(times, kind="stable")
    merged = int(kept.sum()) - len(names)
    notes = (f"{merged} units share the label of another and were joined with it",) if merged else ()
    return Units(tuple(names), times[order], units[order].astype(np.int64), notes)


def _chosen(group: h5py.Group, count: int, where: dict[str, str]) -> np.ndarray:
    kept = np.ones(count, bool)
    for name, wanted in where.items():
        values = column(group, name)
        if values is None or len(values) != count:
            raise DataError(f"/units: expected a column {name} of {count} values, found {', '.join(sorted(group))}")
        texts = np.array([text(value) for value in values])
        kept &= texts == wanted
        if not kept.any():
            found = ", ".join(sorted(set(texts))[:8])
            raise DataError(f"/units/{name}: expected at least one unit with {wanted}, found {found}")
    return kept


def unit_labels(file: h5py.File, group: h5py.Group, count: int) -> list[str]:
    """`<label or id of its first electrode, else "unit">.<id>` of each unit, as the daemon's adapter names them."""
    ids = column(group, "id")
    ids = np.arange(count) if ids is None or ids.dtype.kind == "O" else ids
    if len(ids) != count:
        raise DataError(f"/units/id: expected {count}, got {len(ids)}")
    names = _electrode_names(file)
    rows, ends = column(group, "electrodes"), column(group, "electrodes_index")
    labels = []
    for unit, each in enumerate(ids):
        first = unit if ends is None else (0 if unit == 0 else int(ends[unit - 1]))
        end = len(rows) if rows is not None and ends is None else (int(ends[unit]) if ends is not None else 0)
        row = int(rows[first]) if rows is not None and first < min(end, len(rows)) else -1
        name = text(names[row]) if names is not None and 0 <= row < len(names) else "unit"
        labels.append(f"{name}.{text(each)}")
    return labels


def _electrode_names(file: h5py.File) -> np.ndarray | None:
    table = file.get("general/extracellular_ephys/electrodes")
    if not isinstance(table, h5py.Group):
        return None
    names = column(table, "label")
    return names if names is not None and names.dtype.kind == "O" else column(table, "id")
