"""NWB 2 files (units and stimulus intervals) as training data: one session a file."""

from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import numpy as np

from .check import picture_hashes
from .format import first_line
from .nwb_file import Units, open_nwb, read_units, text
from .nwb_join import NwbContents, join_labels, join_pictures, where
from .nwb_labels import read_labels
from .nwb_pictures import read_pictures
from .nwb_shown import Shown, read_shown
from .split import split_pictures, split_trials
from .types import TEST, TRAIN, VALIDATION, DataError, Dataset, Session, Spikes

AROUND_S = 2.0  # spikes are kept from this long before the first onset to this long after the last offset


@dataclass(frozen=True)
class NwbOptions:
    """What to take of the files (docs/training-data.md); None lets the importer look."""

    intervals: str | None = None
    stimulus_column: str | None = None
    images: Path | None = None
    template: str | None = None
    labels: str | None = None
    where: tuple[tuple[str, str], ...] = ()
    min_rate: float = 0.0
    side: int = 64
    split_by: str = "stimuli"
    test: float = 0.2
    validation: float = 0.1
    seed: int = 0
    name: str = "nwb"
    source: str | None = None


def import_nwb(paths: list[Path], options: NwbOptions) -> tuple[Dataset, list[str]]:
    """The dataset, and notes for a person. Raises DataError, one sentence that begins with the file."""
    files, notes = [], []
    for path in paths:
        try:
            with open_nwb(path) as file:
                files.append(_read(file, Path(path), options, notes))
        except DataError as error:
            raise error if str(error).startswith(str(path)) else DataError(f"{path}: {error}") from None
        except (OSError, RuntimeError, LookupError, ValueError, TypeError) as error:
            got = first_line(error)
            raise DataError(f"{path}: expected an NWB file that can be read, got {got}") from None
    ids, pictures, index = join_pictures(files)
    sessions = _split(_sessions(files, index), picture_hashes(pictures), options)
    dataset = Dataset(
        name=options.name,
        pictures=pictures,
        ids=ids,
        labels=join_labels(files, index, len(ids)),
        sessions=sessions,
        split_by=options.split_by,
        source=options.source or "; ".join(dict.fromkeys(file.source for file in files)),
    )
    return dataset, notes


def _read(file: h5py.File, path: Path, options: NwbOptions, notes: list[str]) -> NwbContents:
    units = read_units(file, dict(options.where))
    shown = read_shown(file, options.intervals, options.stimulus_column)
    names = tuple(sorted(set(shown.names)))
    pictures = read_pictures(file, shown, options.images, options.template, options.side)
    labels = read_labels(shown, names, options.labels)
    notes += [f"{path.name}: {note}" for note in units.notes]
    units = _trim(units, shown, options.min_rate)
    return NwbContents(
        path, names, np.stack([pictures[name] for name in names]), labels, shown, units, _source(file, path)
    )


def _trim(units: Units, shown: Shown, min_rate: float) -> Units:
    """Spikes around the presentations only, of units with at least min_rate Hz there."""
    first, last = shown.onset[0], shown.offset.max()
    near = (units.times >= first - AROUND_S) & (units.times <= last + AROUND_S)
    times, rows = units.times[near], units.units[near]
    inside = rows[(times >= first) & (times <= last)]
    rates = np.bincount(inside, minlength=len(units.labels)) / max(last - first, 1e-9)
    kept = np.flatnonzero(rates >= min_rate)
    if len(inside) == 0:
        raise DataError(
            f"/units: expected spikes from {first:.3f} s to {last:.3f} s, when stimuli were shown, found none"
        )
    if len(kept) == 0:
        raise DataError(f"/units: expected a unit of at least {min_rate} Hz, found {rates.max():.2f} Hz at most")
    index = np.full(len(units.labels), -1, np.int64)
    index[kept] = np.arange(len(kept))
    chosen = index[rows] >= 0
    labels = tuple(units.labels[at] for at in kept)
    return replace(units, labels=labels, times=times[chosen], units=index[rows[chosen]])


def _sessions(files: list[NwbContents], index: dict[tuple[str, str], int]) -> list[Session]:
    """Without a split yet."""
    sessions, names = [], [file.path.stem for file in files]
    for at, file in enumerate(files):
        name = names[at] if names.count(names[at]) == 1 else f"{names[at]}-{at + 1}"
        picture = where(file, index)
        stimulus = np.array([picture[each] for each in file.shown.names], np.int64)
        split = np.zeros(len(stimulus), np.int8)
        spikes = Spikes(file.units.times, file.units.units)
        shown = (stimulus, file.shown.onset, file.shown.offset, split)
        sessions.append(Session(name, file.units.labels, *shown, spikes))
    return sessions


def _split(sessions: list[Session], hashes: list[str], options: NwbOptions) -> tuple[Session, ...]:
    shares = (options.test, options.validation, options.seed)
    if options.split_by == "stimuli":
        used = sorted({int(each) for session in sessions for each in session.stimulus})
        of_picture = np.full(len(hashes), TRAIN, np.int8)
        of_picture[used] = split_pictures([hashes[each] for each in used], *shares)
        splits = [of_picture[session.stimulus] for session in sessions]
    else:
        splits = [split_trials([hashes[each] for each in session.stimulus], *shares) for session in sessions]
    for split, share, name in ((TEST, options.test, "test"), (VALIDATION, options.validation, "validation")):
        if share > 0 and not any((each == split).any() for each in splits):
            shown = sum(len(each) for each in splits)
            raise DataError(f"split {name}: expected {share} of {shown} presentations, got none; more are needed")
    return tuple(replace(session, split=split) for session, split in zip(sessions, splits, strict=True))


def _source(file: h5py.File, path: Path) -> str:
    """What the file says of itself: description, people, publications."""
    fields = ["session_description", "identifier", "general/experimenter", "general/lab", "general/institution"]
    said = []
    for field in [*fields, "general/related_publications"]:
        item = file.get(field)
        if isinstance(item, h5py.Dataset) and h5py.check_string_dtype(item.dtype) is not None:
            values = item[()]
            said += [text(each) for each in (values if item.ndim else [values])]
    return f"{path.name}: {'; '.join(said) or 'no description'}"
