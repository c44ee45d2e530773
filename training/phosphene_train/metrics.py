"""How good decoded pictures are: correlation, two-way identification, structural similarity."""

import torch
from torch import Tensor
from torch.nn import functional as F


def correlations(decoded: Tensor, true: Tensor) -> Tensor:
    """Pearson correlation over pixels of every decoded picture with every true one, [N, M]."""
    a, b = (x.flatten(1) - x.flatten(1).mean(1, keepdim=True) for x in (decoded, true))
    return F.normalize(a, dim=1) @ F.normalize(b, dim=1).T


def two_way(decoded: Tensor, true: Tensor) -> float:
    """Chance that a decoded picture correlates more with its own true picture than with another one; 0.5 by luck."""
    table = correlations(decoded, true)
    own = table.diagonal()[:, None]
    others = ~torch.eye(len(table), dtype=torch.bool, device=table.device)
    wins = (own > table).float() + 0.5 * (own == table).float()
    return float(wins[others].mean())


def own_correlation(decoded: Tensor, true: Tensor) -> float:
    """Mean pixel correlation of decoded and true picture."""
    return float(correlations(decoded, true).diagonal().mean())


def structural_similarity(a: Tensor, b: Tensor, window: int = 7) -> float:
    """Mean SSIM of pictures in [-1, 1], uniform window (Wang et al. 2004)."""
    return float(structural_similarities(a, b, window).mean())


def structural_similarities(a: Tensor, b: Tensor, window: int = 7) -> Tensor:
    """SSIM of each pair of pictures [N]."""
    a, b = (a + 1) / 2, (b + 1) / 2
    pool = lambda x: F.avg_pool2d(x, window, stride=1)  # noqa: E731
    ma, mb = pool(a), pool(b)
    va, vb, cov = pool(a * a) - ma * ma, pool(b * b) - mb * mb, pool(a * b) - ma * mb
    c1, c2 = 0.01**2, 0.03**2
    score = (2 * ma * mb + c1) * (2 * cov + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2))
    return score.flatten(1).mean(1)


def top1(probabilities: Tensor, truth: Tensor) -> float:
    """Share of rows whose largest entry is the true class."""
    return float((probabilities.argmax(1) == truth).float().mean())


def r2(predicted: Tensor, truth: Tensor) -> list[float]:
    """Explained variance of each column; 0 for a column that does not vary."""
    residual = (predicted - truth).square().sum(0)
    total = (truth - truth.mean(0)).square().sum(0)
    return [round(float(v), 4) for v in torch.where(total > 0, 1 - residual / total.clamp(min=1e-12), 0.0)]


def neural_r2(observed: Tensor, expected: Tensor) -> float:
    """Mean over units of the explained variance of their window-averaged normalised counts [N, U]; units that do not
    vary count for nothing. MIG-Vis (arXiv 2510.02182) reports it on responses averaged over repeats."""
    total = (observed - observed.mean(0)).square().sum(0)
    varies = total > 1e-9
    residual = (observed - expected).square().sum(0)
    return float((1 - residual[varies] / total[varies]).mean()) if varies.any() else 0.0


def repeat_mean(values: Tensor, stimulus: Tensor) -> Tensor:
    """Means [S, ...] of values [N, ...] over the rows of each distinct stimulus."""
    names, at, count = stimulus.unique(return_inverse=True, return_counts=True)
    sums = torch.zeros(len(names), *values.shape[1:], dtype=values.dtype).index_add(0, at.cpu(), values.cpu())
    return sums / count.cpu().view(-1, *[1] * (values.ndim - 1))
