"""Macaque IT single neurons (not simultaneous) as a session of pseudo-trials: 7 objects x 3 positions.

A pseudo-trial of a condition takes one trial of that condition from every neuron. Within a round each trial is used
once at most; trials of test (the rule `every-nth` of docs/bundle.md), validation and train are disjoint.
"""

from pathlib import Path

import numpy as np

from ..it_pictures import find_assets, render
from ..it_recording import OBJECTS, ONSET_MS, POSITIONS, TRIAL_MS, Recording, condition_names, load_recording
from .types import TEST, TRAIN, VALIDATION, ClassLabels, DataError, Dataset, Session, Spikes

VALIDATION_EVERY = 10  # trials 0, 10, ... of a condition, unless held out for test
GAP_S = 2.0  # between the blocks of train, validation and test, so that no window spans two
SOURCE = (
    "Zhang, Meyers, Bichot, Serre, Poggio, Desimone, PNAS 2011, via github.com/emeyers/NeuroDecodeR (GPL-3); "
    "pictures are emoji drawn for this, not those shown to the animal"
)


def import_it_rasters(folder: Path, emoji: Path | None, rounds: int, seed: int, name: str) -> tuple[Dataset, list[str]]:
    """The dataset, and notes. `rounds`: how many pseudo-trials each trial of train takes part in. Raises DataError."""
    try:
        recording = load_recording(folder)
        pictures = render(find_assets(emoji))
    except (ValueError, OSError) as error:
        raise DataError(str(error)) from None
    if rounds < 1:
        raise DataError(f"--rounds: expected 1 or more, got {rounds}")
    classes = np.arange(len(pictures), dtype=np.int64)
    dataset = Dataset(
        name=name,
        pictures=pictures,
        ids=tuple(condition_names()),
        labels={
            "object": ClassLabels(OBJECTS, classes // len(POSITIONS)),
            "position": ClassLabels(POSITIONS, classes % len(POSITIONS)),
        },
        sessions=(_session(recording, rounds, np.random.default_rng(seed)),),
        split_by="trials",
        source=SOURCE,
    )
    return dataset, ["the neurons were recorded one after another: presentations are pseudo-trials"]


def split_of_trials(recording: Recording) -> np.ndarray:
    """int8 [T]: held out by `every-nth` for test, every tenth of the others for validation."""
    validation = recording.index % VALIDATION_EVERY == 0
    return np.select([recording.held_out, validation], [TEST, VALIDATION], TRAIN).astype(np.int8)


def _session(recording: Recording, rounds: int, rng: np.random.Generator) -> Session:
    """One block of pseudo-trials a split, each in random order, back to back."""
    split_of = split_of_trials(recording)
    conditions, starts, splits, spikes, begin = [], [], [], [], 0.0
    for split in (TRAIN, VALIDATION, TEST):
        picks = [_round(recording, split_of == split, rng) for _ in range(rounds if split == TRAIN else 1)]
        condition, rows = (np.concatenate(parts) for parts in zip(*picks, strict=True))
        order = rng.permutation(len(condition))
        start = begin + np.arange(len(order)) * TRIAL_MS / 1000
        spikes += [_spikes(recording.rasters[rows[at]], s) for at, s in zip(order, start, strict=True)]
        conditions.append(condition[order])
        starts.append(start)
        splits.append(np.full(len(order), split, np.int8))
        begin = start[-1] + TRIAL_MS / 1000 + GAP_S
    times, units = (np.concatenate(parts) for parts in zip(*spikes, strict=True))
    onset = np.concatenate(starts) + ONSET_MS / 1000
    stimulus = np.concatenate(conditions).astype(np.int64)
    offset = onset + (TRIAL_MS - ONSET_MS) / 1000
    shown = (stimulus, onset, offset, np.concatenate(splits))
    return Session("pseudo-population", recording.labels, *shown, Spikes(times, units))


def _round(recording: Recording, chosen: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Each trial at most once: conditions [n], and for each the row of one trial of every unit [n, U]."""
    conditions, rows = [], []
    for condition in range(len(OBJECTS) * len(POSITIONS)):
        here = [
            np.flatnonzero(chosen & (recording.condition == condition) & (recording.unit == unit))
            for unit in range(len(recording.labels))
        ]
        fewest = min(len(each) for each in here)
        if fewest == 0:
            lacking = next(unit for unit, each in enumerate(here) if len(each) == 0)
            where = f"{recording.labels[lacking]}, {condition_names()[condition]}"
            raise DataError(f"{where}: expected trials for train, validation and test, found too few")
        rows.append(np.stack([rng.permutation(each)[:fewest] for each in here], 1))
        conditions.append(np.full(fewest, condition))
    return np.concatenate(conditions), np.concatenate(rows)


def _spikes(raster: np.ndarray, start: float) -> tuple[np.ndarray, np.ndarray]:
    """[U, 1000] of one pseudo-trial -> times (the middle of the millisecond) in order, and units."""
    milliseconds, units = np.nonzero(raster.T)
    return start + (milliseconds + 0.5) / 1000, units.astype(np.int64)
