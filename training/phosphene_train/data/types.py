"""What training data are in memory; docs/training-data.md has the same as a file."""

from dataclasses import dataclass

import numpy as np

SPLITS = ("train", "validation", "test")
TRAIN, VALIDATION, TEST = 0, 1, 2


class DataError(ValueError):
    """One sentence that names what is wrong: the thing, what was expected, what is there."""


@dataclass(frozen=True)
class Spikes:
    """times float64 [S], s on the session's clock, ascending; units int64 [S], index into the session's labels."""

    times: np.ndarray
    units: np.ndarray


@dataclass(frozen=True)
class Counts:
    """What each unit did in B bins of bin_ms of each presentation, from onset + offset_ms.

    values  float32 [N, B, U]: spike counts (means over repeats need not be whole), or responses when signed
    signed  True for responses that are no counts and may be negative, such as fMRI
    """

    values: np.ndarray
    bin_ms: float
    offset_ms: float
    signed: bool = False


@dataclass(frozen=True)
class Session:
    """One recording: its units, what was shown when, and what the units did. Exactly one of spikes and counts is there.

    labels    U unit labels, unique; `<electrode>.<sorted id>` as the daemon's adapters give them
    stimulus  int64 [N], index into the dataset's pictures, one per presentation in order of time
    onset     float64 [N], s on the session's clock, not falling; offset float64 [N], not before onset
    split     int8 [N], index into SPLITS
    """

    name: str
    labels: tuple[str, ...]
    stimulus: np.ndarray
    onset: np.ndarray
    offset: np.ndarray
    split: np.ndarray
    spikes: Spikes | None = None
    counts: Counts | None = None


@dataclass(frozen=True)
class ClassLabels:
    """names; ids int64 [P], index into names, -1 unknown."""

    names: tuple[str, ...]
    ids: np.ndarray


@dataclass(frozen=True)
class ValueLabels:
    """names n of the columns; unit of all of them; values float32 [P, n], NaN unknown."""

    names: tuple[str, ...]
    unit: str
    values: np.ndarray


@dataclass(frozen=True)
class Dataset:
    """Pictures, what is known of them, and the sessions in which they were shown.

    pictures  uint8 [P, H, W, 3], RGB; ids P names, unique
    labels    by name: what each picture is (ClassLabels) or where (ValueLabels)
    split_by  `stimuli`: no picture is in two splits; `trials`: repeats of a picture may be
    source    citation and licence
    """

    name: str
    pictures: np.ndarray
    ids: tuple[str, ...]
    labels: dict[str, ClassLabels | ValueLabels]
    sessions: tuple[Session, ...]
    split_by: str
    source: str
