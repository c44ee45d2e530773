"""What a decoder must beat: the mean picture, and the picture of the training trial that was most like this one."""

import numpy as np
import torch
from torch.nn import functional as F

from .types import Reconstruct, Split


class MeanImage:
    """The mean of the training pictures, whatever the activity."""

    name, kind, refits = "mean-image", "baseline", True

    def refuses(self, split: Split) -> str | None:
        return None

    def fit(self, split: Split, device: str, seconds: float, seed: int, units: np.ndarray | None) -> Reconstruct:
        mean = split.train.pictures.mean(0, dtype=np.float64).astype(np.float32)
        return lambda windows: np.repeat(mean[None], len(windows), 0)


class NearestTraining:
    """The picture of the training trial whose window correlates most with this one, over bins and units.

    Retrieval: it can show nothing that was not in training. Trials of the same training picture are averaged first.
    """

    name, kind, refits = "nearest-training-image", "baseline", True

    def refuses(self, split: Split) -> str | None:
        return None

    def fit(self, split: Split, device: str, seconds: float, seed: int, units: np.ndarray | None) -> Reconstruct:
        kept = slice(None) if units is None else units
        train = split.train
        _, first, at = np.unique(train.stimulus, return_index=True, return_inverse=True)
        sums = torch.zeros(len(first), train.windows[0][:, kept].size)
        sums.index_add_(0, torch.from_numpy(at), torch.from_numpy(train.windows[:, :, kept]).flatten(1))
        known = unit(sums / torch.from_numpy(np.bincount(at))[:, None])

        def reconstruct(windows: np.ndarray) -> np.ndarray:
            mine = unit(torch.from_numpy(np.ascontiguousarray(windows[:, :, kept])).flatten(1))
            return train.pictures[first[(mine @ known.T).argmax(1).numpy()]]

        return reconstruct


def unit(rows: torch.Tensor) -> torch.Tensor:
    """Rows with mean 0 and norm 1."""
    return F.normalize(rows - rows.mean(1, keepdim=True), dim=1)


METHODS = (MeanImage(), NearestTraining())
