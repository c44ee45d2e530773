"""How good decoded pictures of a data set are, item by item, so that intervals can be drawn over items."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..fit.picture_metrics import identification, unique_rows
from ..metrics import correlations, structural_similarities
from ..optimise.movie_metrics import SKIP, frame_correlation, video_correlation
from .types import Split, Trials

WAYS, TRIALS = 50, 1000
LONG_CLIP = 96
"""Of clips of at least so many frames the first 32 are not judged, as Bauer et al. (eLife 105081) have it."""


@dataclass(frozen=True)
class Items:
    """One figure of many items: values [K], and the cluster [K] within which they are not independent (a picture that
    was shown several times, a clip)."""

    values: np.ndarray
    cluster: np.ndarray


def score(decoded: np.ndarray, test: Trials, split: Split, rows: np.ndarray, seed: int) -> dict[str, Items]:
    """Every figure that needs no judge, of decoded [N, C, H, W] against the rows of the test side."""
    mask = split.mask if split.mask is not None else np.ones(split.shape[1:], bool)
    shown = test.pictures[rows]
    a, b = (torch.from_numpy(np.ascontiguousarray(x[:, :, mask])) for x in (decoded, shown))
    mean = torch.from_numpy(split.train.pictures.mean(0, dtype=np.float64).astype(np.float32)[:, mask])
    stimulus = torch.from_numpy(test.stimulus[rows])
    cluster = (test.stimulus if test.clip is None else test.clip)[rows]
    found = {
        "twoWay": identification(a, b, stimulus),
        "twoWayCentred": identification(a - mean, b - mean, stimulus),
        "correlation": own(a, b),
    }
    if split.mask is None:
        found["ssim"] = structural_similarities(*(torch.from_numpy(x) for x in (decoded, shown)))
    items = {name: Items(values.numpy(), cluster) for name, values in found.items()}
    items["nWay"] = n_way(correlations(a, b[unique_rows(stimulus)[1]]), stimulus, cluster, seed)
    if test.clip is not None:
        items |= movie_scores(a, b, test, rows)
    return items


def own(a: Tensor, b: Tensor) -> Tensor:
    """Pixel correlation of each pair [N]."""
    return correlations_of_pairs(a.flatten(1), b.flatten(1))


def correlations_of_pairs(a: Tensor, b: Tensor) -> Tensor:
    """Pearson correlation of each row of a with the same row of b [N]; 0 where one of them is constant."""
    a, b = (torch.nn.functional.normalize(x - x.mean(1, keepdim=True), dim=1) for x in (a, b))
    return (a * b).sum(1)


def ways(distinct: int) -> int:
    """n of the n-way identification where there are so many pictures or classes."""
    return min(WAYS, distinct)


def n_way(table: Tensor, stimulus: Tensor, cluster: np.ndarray, seed: int) -> Items:
    """TRIALS times: does a random item's decoded picture correlate more with its own picture than with n - 1 random
    others? table [N, distinct pictures]."""
    names, _, at = unique_rows(stimulus)
    n = ways(len(names))
    random = np.random.default_rng(seed)
    item = random.integers(0, len(stimulus), TRIALS)
    hits = np.empty(TRIALS)
    for trial, row in enumerate(item):
        mine = int(at[row])
        others = random.choice(len(names) - 1, n - 1, replace=False)
        others = others + (others >= mine)
        hits[trial] = float(table[row, mine] > table[row, others].max()) if n > 1 else 1.0
    return Items(hits, cluster[item])


def movie_scores(a: Tensor, b: Tensor, test: Trials, rows: np.ndarray) -> dict[str, Items]:
    """Video correlation: over all judged pixels and frames of one showing of a clip together. Frame correlation: the
    mean over its frames. a, b [N, C, pixels]."""
    key = np.stack([test.clip[rows], test.trial[rows]], 1)
    shows, at = np.unique(key, axis=0, return_inverse=True)
    video, frame = [], []
    everywhere = torch.ones(a[0].numel(), dtype=torch.bool)
    for show in range(len(shows)):
        here = torch.from_numpy(np.flatnonzero(at.ravel() == show))
        skip = SKIP if len(here) >= LONG_CLIP else 0
        decoded, shown = a[here].flatten(1), b[here].flatten(1)
        video.append(video_correlation(shown, decoded, everywhere, skip))
        frame.append(frame_correlation(shown, decoded, everywhere, skip))
    clip = shows[:, 0]
    return {"videoCorrelation": Items(np.array(video), clip), "frameCorrelation": Items(np.array(frame), clip)}
