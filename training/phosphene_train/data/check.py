"""The rules of docs/training-data.md: a dataset that breaks one is neither written nor read."""

import hashlib
import re

import numpy as np

from .types import SPLITS, TEST, TRAIN, ClassLabels, Counts, DataError, Dataset, Session, Spikes, ValueLabels

SMALLEST_SIDE = 8


def check(dataset: Dataset) -> None:
    """Raises DataError at the first rule that does not hold."""
    _check_pictures(dataset)
    for name, labels in dataset.labels.items():
        _check_labels(name, labels, len(dataset.pictures))
    if not dataset.sessions:
        raise DataError("sessions: expected at least one, found none")
    _check_unique("sessions", [session.name for session in dataset.sessions])
    for session in dataset.sessions:
        _check_session(session, len(dataset.pictures))
    if not any((session.split == TEST).any() for session in dataset.sessions):
        raise DataError("split test: expected at least one presentation, found none")
    if dataset.split_by not in ("stimuli", "trials"):
        raise DataError(f"split_by: expected stimuli or trials, got {dataset.split_by!r}")
    if dataset.split_by == "stimuli":
        _check_leaks(dataset)


def picture_hashes(pictures: np.ndarray) -> list[str]:
    """SHA-256 of each picture's pixels: the same picture under two names is one picture."""
    return [hashlib.sha256(np.ascontiguousarray(picture).tobytes()).hexdigest() for picture in pictures]


def _check_pictures(dataset: Dataset) -> None:
    pictures = dataset.pictures
    _check_array("pictures", pictures, np.uint8, (None, None, None, 3))
    if len(pictures) == 0 or min(pictures.shape[1:3]) < SMALLEST_SIDE:
        raise DataError(f"pictures: expected at least one of {SMALLEST_SIDE} x {SMALLEST_SIDE}, got {pictures.shape}")
    if len(dataset.ids) != len(pictures):
        raise DataError(f"ids: expected {len(pictures)}, one a picture, got {len(dataset.ids)}")
    _check_unique("ids", dataset.ids)


def _check_labels(name: str, labels: ClassLabels | ValueLabels, pictures: int) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise DataError(f"labels: expected names of A-Z, a-z, 0-9, _ and -, got {name!r}")
    _check_unique(f"labels {name}, names", labels.names)
    if isinstance(labels, ClassLabels):
        _check_array(f"labels {name}", labels.ids, np.int64, (pictures,))
        wrong = np.flatnonzero((labels.ids < -1) | (labels.ids >= len(labels.names)))
        if len(wrong):
            raise DataError(
                f"labels {name}, picture {wrong[0]}: expected a class from -1 to {len(labels.names) - 1}, "
                f"got {labels.ids[wrong[0]]}"
            )
        return
    _check_array(f"labels {name}", labels.values, np.float32, (pictures, len(labels.names)))
    wrong = np.argwhere(np.isinf(labels.values))
    if len(wrong):
        picture, column = wrong[0]
        raise DataError(f"labels {name}, picture {picture}, {labels.names[column]}: expected a number or NaN, got inf")


def _check_session(session: Session, pictures: int) -> None:
    where = f"session {session.name}"
    if not session.labels:
        raise DataError(f"{where}: expected at least one unit, found none")
    _check_unique(f"{where}, labels of units", session.labels)
    shown = len(session.stimulus)
    if shown == 0:
        raise DataError(f"{where}: expected at least one presentation, found none")
    _check_array(f"{where}, stimulus", session.stimulus, np.int64, (shown,))
    _check_range(f"{where}, stimulus of presentation", session.stimulus, pictures)
    _check_array(f"{where}, split", session.split, np.int8, (shown,))
    _check_range(f"{where}, split of presentation", session.split, len(SPLITS))
    if not (session.split == TRAIN).any():
        raise DataError(f"{where}, split train: expected at least one presentation, found none")
    _check_times(where, session)
    if (session.spikes is None) == (session.counts is None):
        raise DataError(f"{where}: expected spikes or counts, got {'neither' if session.spikes is None else 'both'}")
    if session.spikes is not None:
        _check_spikes(where, session.spikes, len(session.labels))
    else:
        _check_counts(where, session.counts, shown, session.labels)


def _check_times(where: str, session: Session) -> None:
    shown = len(session.stimulus)
    for name, times in (("onset", session.onset), ("offset", session.offset)):
        _check_array(f"{where}, {name}", times, np.float64, (shown,))
        _check_finite(f"{where}, {name} of presentation", times)
    falls = np.flatnonzero(np.diff(session.onset) < 0)
    if len(falls):
        at, (before, after) = falls[0] + 1, session.onset[falls[0] : falls[0] + 2]
        raise DataError(f"{where}, onset of presentation {at}: expected at least {before} s, got {after} s")
    early = np.flatnonzero(session.offset < session.onset)
    if len(early):
        at = early[0]
        onset, offset = session.onset[at], session.offset[at]
        raise DataError(f"{where}, offset of presentation {at}: expected at least its onset {onset} s, got {offset} s")


def _check_spikes(where: str, spikes: Spikes, units: int) -> None:
    _check_array(f"{where}, spike times", spikes.times, np.float64, (None,))
    _check_array(f"{where}, spike units", spikes.units, np.int64, spikes.times.shape)
    _check_finite(f"{where}, time of spike", spikes.times)
    falls = np.flatnonzero(np.diff(spikes.times) < 0)
    if len(falls):
        at, (before, after) = falls[0] + 1, spikes.times[falls[0] : falls[0] + 2]
        raise DataError(f"{where}, time of spike {at}: expected at least {before} s, got {after} s")
    _check_range(f"{where}, unit of spike", spikes.units, units)


def _check_counts(where: str, counts: Counts, shown: int, labels: tuple[str, ...]) -> None:
    values = counts.values
    _check_array(f"{where}, counts", values, np.float32, (shown, None, len(labels)))
    if values.shape[1] == 0:
        raise DataError(f"{where}, counts: expected at least one bin, found none")
    if not (np.isfinite(counts.bin_ms) and counts.bin_ms > 0 and np.isfinite(counts.offset_ms)):
        got = f"{counts.bin_ms} and {counts.offset_ms}"
        raise DataError(f"{where}, counts: expected bin_ms above 0 and a finite offset_ms, got {got}")
    wrong = ~np.isfinite(values) if counts.signed else ~(np.isfinite(values) & (values >= 0))
    if wrong.any():
        presentation, bin_, unit = np.argwhere(wrong)[0]
        expected = "a finite number" if counts.signed else "a finite count of 0 or more"
        raise DataError(
            f"{where}, presentation {presentation}, bin {bin_}, unit {labels[unit]}: "
            f"expected {expected}, got {values[presentation, bin_, unit]}"
        )


def _check_leaks(dataset: Dataset) -> None:
    """Split by stimuli: no picture, by its pixels, is shown in two of the splits."""
    hashes = picture_hashes(dataset.pictures)
    first: dict[str, tuple[int, int]] = {}
    for session in dataset.sessions:
        shown = np.unique(np.stack([session.stimulus, session.split.astype(np.int64)], 1), axis=0)
        for picture, split in shown.tolist():
            other, known = first.setdefault(hashes[picture], (picture, split))
            if known != split:
                raise DataError(
                    f"session {session.name}, picture {dataset.ids[picture]}: expected to be in one split only, "
                    f"got {SPLITS[split]} here and {SPLITS[known]} as {dataset.ids[other]}"
                )


def _check_array(name: str, array: np.ndarray, dtype: type, shape: tuple[int | None, ...]) -> None:
    fits = array.ndim == len(shape) and all(
        want in (None, got) for want, got in zip(shape, array.shape, strict=True)
    )  # fmt: skip
    if not fits or array.dtype != dtype:
        wanted = "[" + ", ".join("any" if length is None else str(length) for length in shape) + "]"
        raise DataError(f"{name}: expected {np.dtype(dtype)} {wanted}, got {array.dtype} {list(array.shape)}")


def _check_unique(name: str, values) -> None:
    seen: set[str] = set()
    for value in values:
        if value == "" or value in seen:
            raise DataError(f"{name}: expected different names, none empty, got {value!r}{' twice' if value else ''}")
        seen.add(value)


def _check_finite(name: str, values: np.ndarray) -> None:
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        raise DataError(f"{name} {wrong[0]}: expected a finite number of s, got {values[wrong[0]]}")


def _check_range(name: str, values: np.ndarray, end: int) -> None:
    wrong = np.flatnonzero((values < 0) | (values >= end))
    if len(wrong):
        raise DataError(f"{name} {wrong[0]}: expected 0 to {end - 1}, got {values[wrong[0]]}")
