"""Pseudo-population windows: one independently picked trial per unit, seen as a stream of trials without gaps."""

from dataclasses import dataclass, replace

import numpy as np
import torch

from .it_recording import OBJECTS, ONSET_MS, POSITIONS, TRIAL_MS, Recording

LATENCY_MS = 80  # of the population response: a window shows the stimulus of LATENCY_MS ago
CONDITIONS = len(OBJECTS) * len(POSITIONS)
BLANK = -1


@dataclass(frozen=True)
class Trials:
    """The trials of one side of the split, ready to be drawn from.

    cumulative  int32 [T, 1001], spikes before each millisecond of the trial
    first       int64 [21, U], row of a unit's first trial of a condition; the others follow it
    count       int64 [21, U], how many there are
    """

    cumulative: torch.Tensor
    first: torch.Tensor
    count: torch.Tensor


@dataclass(frozen=True)
class Windows:
    """counts float32 [N, W, U]; target int64 [N], a condition or BLANK; end int64 [N], ms after trial start."""

    counts: torch.Tensor
    target: torch.Tensor
    end: torch.Tensor


def select(recording: Recording, rows, device: str = "cpu") -> Trials:
    """The trials where rows (bool [T]) is true; refuses a unit that lacks a condition."""
    chosen = torch.from_numpy(rows.nonzero()[0])
    unit = torch.from_numpy(recording.unit)[chosen].long()
    cell = torch.from_numpy(recording.condition)[chosen].long() * len(recording.labels) + unit
    cell, order = torch.sort(cell, stable=True)
    count = torch.bincount(cell, minlength=CONDITIONS * len(recording.labels))
    if (count == 0).any():
        condition, lacking = divmod(int((count == 0).nonzero()[0]), len(recording.labels))
        raise ValueError(f"{recording.labels[lacking]}: expected trials of condition {condition}, found none")
    rasters = torch.from_numpy(recording.rasters)[chosen[order]]
    cumulative = torch.zeros(len(chosen), TRIAL_MS + 1, dtype=torch.int32)
    torch.cumsum(rasters, 1, dtype=torch.int32, out=cumulative[:, 1:])
    first = torch.cumsum(count, 0) - count
    return Trials(*(t.to(device) for t in (cumulative, first.view(CONDITIONS, -1), count.view(CONDITIONS, -1))))


def _pick(trials: Trials, condition: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """One row per unit, independently, of each condition: [N] -> [N, U]."""
    count = trials.count[condition]
    uniform = torch.rand(count.shape, generator=generator, device=count.device)
    return trials.first[condition] + (uniform * count).long().clamp(max=count - 1)


def target_of(condition: torch.Tensor, previous: torch.Tensor, end: torch.Tensor, length_ms: int) -> torch.Tensor:
    """What a window should show: the stimulus whose response fills more than half of it, otherwise BLANK.

    The stream cuts a trial 500 ms after onset, so a response lasts from ONSET_MS + LATENCY_MS to the trial's end.
    """
    start = ONSET_MS + LATENCY_MS
    now = end - torch.clamp(end - length_ms, min=start)
    before = -torch.clamp(end - length_ms, min=start - TRIAL_MS)
    blank = torch.full_like(condition, BLANK)
    shown = torch.where(2 * now > length_ms, condition, blank)
    return torch.where((2 * before > length_ms) & (shown == BLANK), previous, shown)


def draw(
    trials: Trials,
    condition: torch.Tensor,
    end: torch.Tensor,
    bins: tuple[int, int],
    generator: torch.Generator,
    jitter_ms: int = 0,
) -> Windows:
    """Windows that end `end` ms (1..1000) into a trial of `condition`, after a trial of a random condition.

    bins is (width in ms, number W). The bins of one window belong to one pseudo-trial of the population. jitter_ms
    moves each unit's spikes by up to as much either way, to train on more trials than there are.
    """
    width, number = bins
    previous = torch.randint(CONDITIONS, condition.shape, generator=generator, device=condition.device)
    edges = end[:, None] + torch.arange(-number, 1, device=end.device) * width
    moved = torch.randint(
        -jitter_ms, jitter_ms + 1, trials.count[condition].shape, generator=generator, device=end.device
    )
    edges = (edges[:, :, None] + moved[:, None]).clamp(max=TRIAL_MS)
    now = trials.cumulative[_pick(trials, condition, generator)[:, None], edges.clamp(min=0)]
    rows = _pick(trials, previous, generator)[:, None]
    before = trials.cumulative[rows, (TRIAL_MS + edges).clamp(min=0, max=TRIAL_MS)]
    total = before - trials.cumulative[rows, TRIAL_MS] + now
    counts = (total[:, 1:] - total[:, :-1]).float()
    return Windows(counts, target_of(condition, previous, end, width * number), end)


def shuffle_conditions(recording: Recording, rng: np.random.Generator) -> Recording:
    """A control: the conditions of each unit's training trials are permuted; held-out trials keep theirs."""
    condition = recording.condition.copy()
    for unit in range(len(recording.labels)):
        rows = np.flatnonzero((recording.unit == unit) & ~recording.held_out)
        condition[rows] = rng.permutation(condition[rows])
    return replace(recording, condition=condition)
