"""Windows that tell less: fewer units, fewer repeats, fewer spikes, no meaning at all."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from ..windows import shuffle_units
from .types import Split

SHARES = (1.0, 0.5, 0.25, 0.125)
SUBSETS = 3
MEANS = (16, 4)
KEPT_SPIKES = (0.5, 0.25)
CURVE_ROWS = 128


@dataclass(frozen=True)
class Level:
    """One point of a curve: windows for the rows of the test side; `units` are the ones kept, where some are left out.

    kind  `units` or `noise`; level: its name; value: the share of units, or how many trials' worth of spikes; subset:
    which random draw
    """

    kind: str
    level: str
    value: float
    subset: int
    rows: np.ndarray
    windows: np.ndarray
    units: np.ndarray | None = None


def curve_rows(split: Split) -> np.ndarray:
    """Rows of the first view that curves are of: all of a movie, otherwise those with repeats or the first."""
    first, last = split.views[0][1:] if split.views else (0, len(split.test))
    if split.test.clip is not None:
        return np.arange(first, last)
    rows = np.arange(first, last) if split.test.repeat_rows is None else split.test.repeat_rows
    rows = rows[(rows >= first) & (rows < last)]
    if len(rows) <= CURVE_ROWS:
        return rows
    return rows[np.linspace(0, len(rows) - 1, CURVE_ROWS).astype(int)]  # rows may be ordered by condition


def levels(split: Split, seed: int, subsets: int = SUBSETS) -> Iterator[Level]:
    """All points but the whole: the ablation (a share of the units, several random draws), then the noise ladder."""
    rows = curve_rows(split)
    windows = split.test.windows[rows]
    for share in SHARES[1:]:
        for subset in range(subsets):
            units = kept_units(split.units, share, seed + subset)
            yield Level("units", f"{share:.1%}", share, subset, rows, silenced(windows, units), units)
    yield from noise_levels(split, rows, seed, subsets)


def noise_levels(split: Split, rows: np.ndarray, seed: int, subsets: int) -> Iterator[Level]:
    """Means of several trials where there are repeats; thinned spikes where counts are of single trials."""
    test = split.test
    if test.repeats is not None:
        place = np.searchsorted(test.repeat_rows, rows)
        for count in MEANS:
            if count - 1 <= test.repeats.shape[1]:
                together = np.concatenate([test.counts[rows][:, None], test.repeats[place, : count - 1]], 1)
                yield Level("noise", f"mean of {count}", count, 0, rows, split.norm.apply(together.mean(1)))
    if not (split.signed or split.averaged):
        for share in KEPT_SPIKES:
            for subset in range(subsets):
                kept = np.random.default_rng(seed + subset).binomial(test.counts[rows].astype(np.int64), share)
                yield Level("noise", f"{share:.0%} of spikes", share, subset, rows, split.norm.apply(kept / share))


def kept_units(units: int, share: float, seed: int) -> np.ndarray:
    """A random subset, ascending; at least one."""
    return np.sort(np.random.default_rng(seed).permutation(units)[: max(1, round(share * units))])


def silenced(windows: np.ndarray, units: np.ndarray) -> np.ndarray:
    """All other units at their mean, as the daemon has the units of a lost source."""
    out = np.zeros_like(windows)
    out[:, :, units] = windows[:, :, units]
    return out


def shuffled(windows: np.ndarray, seed: int) -> np.ndarray:
    """Each window with its units in another order."""
    return shuffle_units(torch.from_numpy(windows), torch.Generator().manual_seed(seed)).numpy()
