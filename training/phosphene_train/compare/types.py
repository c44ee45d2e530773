"""What a data set and a method are to `phosphene-train compare`: one split in, pictures out."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from ..golden import Normalisation

Reconstruct = Callable[[np.ndarray], np.ndarray]
"""Windows [N, W, U] -> pictures float32 [N, C, H, W] in [-1, 1].

It is called with windows of split.test: as they are, of means of repeats, thinned, with their units shuffled, or with
units silenced (0). Of movies (split.test.clip is there) always all of them in their order, so that row i belongs to
clip[i], trial[i] and frame[i] of split.test and a method may put the frames of a clip together; otherwise any of them.
"""


@dataclass(frozen=True)
class Trials:
    """N trials, float32 unless noted; a method may look at all of it for training, and of the test side at everything
    but pictures and labels, which `blind` takes away.

    windows   [N, W, U] normalised by the split's norm, oldest bin first: clip((counts - mean) / std)
    counts    [N, W, U] spikes of each bin (means of repeats need not be whole), or responses where split.signed
    pictures  [N, C, H, W] in [-1, 1], C 1 or 3: what was shown
    stimulus  int64 [N], equal for trials of the same picture
    labels    int64 [N] the category (index below split.categories), or None
    objects   int64 [N] the object, one of many more, or None
    clip      int64 [N] which movie, or None where nothing moves; trial int64 [N] its repeat; frame int64 [N] from 0 on.
              Rows of one clip and trial follow one another in order of their frames
    repeats   [M, R, W, U] counts of R >= 2 other trials of the picture of each of repeat_rows int64 [M], or None
    """

    windows: np.ndarray
    counts: np.ndarray
    pictures: np.ndarray
    stimulus: np.ndarray
    labels: np.ndarray | None = None
    objects: np.ndarray | None = None
    clip: np.ndarray | None = None
    trial: np.ndarray | None = None
    frame: np.ndarray | None = None
    repeats: np.ndarray | None = None
    repeat_rows: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.windows)


@dataclass(frozen=True)
class Split:
    """One data set, divided once; no picture is on both sides unless `same_pictures` says so.

    name        of the data set, the row group of the table: simulated, v4, ...; part: which fold or session of it
    categories  how many `labels` there are, None without labels
    bin_ms      width of a bin of the windows
    signed      responses are no counts and may be negative (fMRI)
    averaged    trials are means over repeats: there is no single trial to thin
    frame_ms    time from frame to frame of a movie, or None
    mask        bool [H, W], where pictures are judged (None: everywhere)
    views       (name, first row, row after the last) of parts of `test` that the table keeps apart; () for one
    bundles     folder of the bundles that were trained for this very population (models/), or None. A method that has
                one there takes it as it is: it was trained on much more than `train` has, and the table says so
    source      citation, and what was left out
    """

    name: str
    part: str
    train: Trials
    test: Trials
    categories: int | None
    bin_ms: float
    norm: Normalisation
    signed: bool = False
    averaged: bool = False
    same_pictures: bool = False
    frame_ms: float | None = None
    mask: np.ndarray | None = None
    views: tuple[tuple[str, int, int], ...] = ()
    bundles: Path | None = None
    source: str = ""

    @property
    def units(self) -> int:
        return self.train.windows.shape[2]

    @property
    def shape(self) -> tuple[int, int, int]:
        """C, H, W of the pictures."""
        return self.train.pictures.shape[1:]


def normalised(counts: np.ndarray, norm: Normalisation) -> np.ndarray:
    """Counts [..., U] -> windows, float32."""
    return norm.apply(counts)


def blind(split: Split) -> Split:
    """The split that methods are fitted with: nothing on its test side tells what was shown."""
    hidden = replace(split.test, pictures=split.test.pictures[:0], labels=None, objects=None)
    return replace(split, test=hidden)


class Method(Protocol):
    """One way from windows to pictures.

    name    row of the table, unique; kind: the bundle kind that it is of, or `baseline`
    refits  whether it is cheap to fit again without units (closed form, or seconds). Then the ablation calls `fit` with
            `units`; otherwise the fitted decoder sees windows in which the other units are silent (0: their mean)
    """

    name: str
    kind: str
    refits: bool

    def refuses(self, split: Split) -> str | None:
        """Why this method makes no sense for these data, in one sentence for the table; None when it does."""

    def fit(self, split: Split, device: str, seconds: float, seed: int, units: np.ndarray | None) -> Reconstruct:
        """Learn from split.train (the test side is blind) in at most about `seconds`; the same seed gives the same
        pictures. `units` int64 [n]: look at these units only; windows still have all."""
