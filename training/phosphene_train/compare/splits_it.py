"""Macaque IT rasters (Zhang, Meyers et al. 2011) as pseudo-trials: 7 objects at 3 positions, emoji for pictures."""

from pathlib import Path

import numpy as np
import torch

from ..it_evaluate import BEST_START_MS
from ..it_pictures import render
from ..it_recording import OBJECTS, ONSET_MS, POSITIONS, Recording, load_recording
from ..it_windows import CONDITIONS, draw, select
from .trials import make_trials, normalisation, to_network
from .types import Split
from .wanted import Absent, Wanted

BINS = (20, 5)  # ms, number
TRAIN, TEST, REPEATS = 80, 20, 4
SOURCE = (
    "Zhang, Meyers et al. 2011; pseudo-trials of neurons that were not recorded together; emoji stand for the objects, "
    "whose pictures are not in the data; all 21 pictures are known in training, the held-out trials are not"
)


def it_rasters(wanted: Wanted) -> list[Split]:
    """One part: windows of 100 ms from 140 ms after onset; every fourth trial of a neuron and condition held out."""
    recording = load_recording(wanted.folder("macaque_it_rasters"))
    if not Path(wanted.emoji).is_dir():
        raise Absent(f"it: expected the folder of emoji, got {wanted.emoji}")
    pictures = to_network(render(wanted.emoji))
    each = (4, 2) if wanted.small else (TRAIN, TEST)
    train, _ = windows(recording, ~recording.held_out, each[0], 0, wanted.seed)
    test, others = windows(recording, recording.held_out, each[1], REPEATS, wanted.seed + 1)
    norm = normalisation(train)
    sides = []
    for counts, count, repeats in ((train, each[0], None), (test, each[1], others)):
        condition = np.repeat(np.arange(CONDITIONS), count)
        labels = condition // len(POSITIONS)
        sides.append(make_trials(counts, norm, pictures[condition], condition, labels=labels, repeats=repeats))
    return [Split("it", "", *sides, len(OBJECTS), float(BINS[0]), norm, same_pictures=True, source=SOURCE)]


def windows(
    recording: Recording, rows: np.ndarray, each: int, repeats: int, seed: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """Counts [21 * each, W, U] ordered by condition, and [21 * each, repeats, W, U] of other pseudo-trials."""
    trials = select(recording, rows)
    condition = torch.arange(CONDITIONS).repeat_interleave(each * (1 + repeats))
    end = torch.full_like(condition, ONSET_MS + BEST_START_MS + BINS[0] * BINS[1])
    drawn = draw(trials, condition, end, BINS, torch.Generator().manual_seed(seed)).counts.numpy()
    drawn = drawn.reshape(CONDITIONS * each, 1 + repeats, *drawn.shape[1:])
    return drawn[:, 0], drawn[:, 1:] if repeats else None
