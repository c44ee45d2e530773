"""Arrays of a data set made into Trials."""

from dataclasses import replace

import numpy as np
import torch

from ..golden import Normalisation
from ..windows import fit_normalisation
from .types import Trials


def normalisation(counts: np.ndarray, signed: bool = False) -> Normalisation:
    """Of training counts [N, W, U]. Counts of spikes have a least deviation, responses of any scale a far smaller."""
    norm = fit_normalisation(torch.from_numpy(counts))
    if not signed:
        return norm
    std = counts.reshape(-1, counts.shape[2]).astype(np.float64).std(0)
    return replace(norm, std=np.round(std.clip(1e-3), 6))


def make_trials(counts: np.ndarray, norm: Normalisation, pictures: np.ndarray, stimulus: np.ndarray, **known) -> Trials:
    """Trials of counts [N, W, U] and the picture of each [N, C, H, W]; `known` as in Trials."""
    if known.get("repeats") is not None:
        known["repeat_rows"] = np.arange(len(counts))
    return Trials(norm.apply(counts), counts.astype(np.float32), pictures, stimulus.astype(np.int64), **known)


def to_network(pictures: np.ndarray) -> np.ndarray:
    """uint8 [P, H, W, C] -> float32 [P, C, H, W] in [-1, 1]."""
    return np.ascontiguousarray(pictures.transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1)


def to_grey(pictures: np.ndarray) -> np.ndarray:
    """uint8 [P, H, W, 3] of grey pictures -> float32 [P, 1, H, W] in [-1, 1]."""
    return to_network(pictures[..., :1])


def other_repeats(counts: np.ndarray, stimulus: np.ndarray, chosen: np.ndarray, most: int) -> np.ndarray | None:
    """[N, R, W, U] for N chosen rows: counts of R trials of the same picture that are not among the chosen; R as many
    as each row has, at most `most`. None where that is less than 2."""
    free = np.ones(len(counts), bool)
    free[chosen] = False
    others = [np.flatnonzero((stimulus == stimulus[row]) & free) for row in chosen]
    count = min(most, *(len(each) for each in others))
    return np.stack([counts[each[:count]] for each in others]) if count >= 2 else None
