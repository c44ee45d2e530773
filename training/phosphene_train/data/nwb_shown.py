"""What an NWB file says was shown when: a table of intervals, or an IndexSeries of presentations."""

from dataclasses import dataclass

import h5py
import numpy as np

from .nwb_file import column, text
from .types import DataError

# The daemon looks for the same columns in the same order (adapters/recording/nwb-events.ts).
STIMULUS_COLUMNS = (
    *("stimulus", "stimulus_id", "stimulus_name", "image", "image_name", "image_id", "condition", "condition_id"),
    *("stimulus_condition_id", "frame"),
)
BLANKS = ("", "blank", "grey", "gray", "nan", "none", "null", "-1")
NO_COLUMNS = ("id", "start_time", "stop_time", "tags", "timeseries", "index")


@dataclass(frozen=True)
class Shown:
    """Presentations in order of time.

    names    N stimulus names; onset, offset float64 [N] s
    columns  the table's other columns, [N] each; indexed: HDF5 path of the pictures that the names are indices into
    table    what it was read from
    """

    names: tuple[str, ...]
    onset: np.ndarray
    offset: np.ndarray
    columns: dict[str, np.ndarray]
    table: str
    indexed: str | None = None


def read_shown(file: h5py.File, table: str | None = None, stimulus: str | None = None) -> Shown:
    """From the table (or series) and column named, or the only ones that fit. Raises DataError saying what is there."""
    series = index_series(file)
    if table is not None and table in series and table not in _tables(file):
        return _from_series(file, table)
    found = _candidates(file, table, stimulus)
    if len(found) == 1:
        return _from_table(file, *found[0])
    if len(found) > 1:
        names = ", ".join(f"{name} (by {by})" for name, by in found)
        raise DataError(f"/intervals: expected one table of stimuli, found {names}; name one with --intervals")
    if table is None and stimulus is None and len(series) == 1:
        return _from_series(file, series[0])
    raise DataError(_nothing(file, table, stimulus, series))


def index_series(file: h5py.File) -> list[str]:
    """Names of the IndexSeries under /stimulus/presentation: which picture came on when."""
    group = file.get("stimulus/presentation")
    if not isinstance(group, h5py.Group):
        return []
    return [name for name in group if text(group[name].attrs.get("neurodata_type", "")) == "IndexSeries"]


def _tables(file: h5py.File) -> dict[str, h5py.Group]:
    group = file.get("intervals")
    if not isinstance(group, h5py.Group):
        return {}
    return {name: group[name] for name in group if isinstance(group[name], h5py.Group)}


def _candidates(file: h5py.File, table: str | None, stimulus: str | None) -> list[tuple[str, str]]:
    """(table, column) pairs that could say what was shown."""
    wanted = STIMULUS_COLUMNS if stimulus is None else (stimulus,)
    found = []
    for name, group in _tables(file).items():
        if table not in (None, name) or "start_time" not in group or "stop_time" not in group:
            continue
        by = next((each for each in wanted if column(group, each) is not None), None)
        if by is not None:
            found.append((name, by))
    return found


def _nothing(file: h5py.File, table: str | None, stimulus: str | None, series: list[str]) -> str:
    there = [f"{name} ({', '.join(sorted(group))})" for name, group in _tables(file).items()] + series
    wanted = "a table of intervals" if table is None else f"a table {table}"
    by = "a column naming the stimulus" if stimulus is None else f"a column {stimulus}"
    found = f"found {'; '.join(there)}" if there else "found no intervals and no IndexSeries"
    help_ = "; name them with --intervals and --stimulus-column" if there else ""
    return f"stimuli: expected {wanted} with start_time, stop_time and {by}, {found}{help_}"


def _from_table(file: h5py.File, name: str, by: str) -> Shown:
    group = _tables(file)[name]
    where = f"/intervals/{name}"
    onset, offset, stimulus = (column(group, each) for each in ("start_time", "stop_time", by))
    lengths = {each: 0 if values is None else len(values) for each, values in
               (("start_time", onset), ("stop_time", offset), (by, stimulus))}  # fmt: skip
    if len(set(lengths.values())) != 1 or 0 in lengths.values():
        got = ", ".join(f"{each} {length}" for each, length in lengths.items())
        raise DataError(f"{where}: expected rows with numbers in start_time and stop_time, got {got}")
    names = np.array([text(value).strip() for value in stimulus], dtype=object)
    kept = np.array([each.lower() not in BLANKS for each in names]) & np.isfinite(onset)
    open_ended = np.flatnonzero(kept & ~(offset >= onset))
    if len(open_ended):
        row = open_ended[0]
        raise DataError(f"{where}, row {row}: expected a stop_time after {onset[row]} s, got {offset[row]} s")
    if not kept.any():
        raise DataError(f"{where}: expected rows that name a stimulus in {by}, found only blank ones")
    rows = np.flatnonzero(kept)[np.argsort(onset[kept], kind="stable")]
    others = {each: column(group, each) for each in group if each not in (by, *NO_COLUMNS)}
    columns = {each: values[rows] for each, values in others.items() if values is not None and len(values) == len(kept)}
    times = (onset[rows].astype(np.float64), offset[rows].astype(np.float64))
    return Shown(tuple(names[rows]), *times, columns, where)


def _from_series(file: h5py.File, name: str) -> Shown:
    """An IndexSeries names frames by number and has no ends: a frame lasts until the next one comes on."""
    where = f"/stimulus/presentation/{name}"
    group = file[where]
    data, onset = column(group, "data"), column(group, "timestamps")
    if data is not None and onset is None and "starting_time" in group:
        start, rate = float(group["starting_time"][()]), float(group["starting_time"].attrs.get("rate", np.nan))
        onset = start + np.arange(len(data)) / rate
    if data is None or onset is None or len(data) != len(onset) or len(data) < 2 or not np.isfinite(onset).all():
        raise DataError(f"{where}: expected two or more indices with as many finite times, found neither or fewer")
    order = np.argsort(onset, kind="stable")
    onset = onset[order].astype(np.float64)
    offset = np.append(onset[1:], onset[-1] + np.median(np.diff(onset)))
    names = np.array([text(value) for value in data[order]], dtype=object)
    kept = np.array([each not in BLANKS for each in names])
    target = next((group[each].name for each in ("indexed_images", "indexed_timeseries") if each in group), None)
    return Shown(tuple(names[kept]), onset[kept], offset[kept], {}, where, target)
