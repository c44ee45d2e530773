"""Encoding models of measured neurons: kernel ridge from what the compact models see to square-rooted counts."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

PENALTIES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
SHIFT = 0.1


def root(counts: Tensor) -> Tensor:
    """Square root, which makes the variance of counts about the same at every rate."""
    return torch.sqrt(counts.clamp(min=0) + SHIFT)


def counts_of(rooted: Tensor) -> Tensor:
    """The inverse of `root`, at least 0."""
    return (rooted.clamp(min=0).square() - SHIFT).clamp(min=0)


@dataclass(frozen=True)
class Encoding:
    """Predicted rooted counts of the whole pool [pool, U]; `left_out` [n, U]: the same of the n training rows, each by
    a fit without it; `covariance` [U, U] of the measured rows around `left_out`; `r` [U] correlation of the two."""

    predicted: Tensor
    left_out: Tensor
    covariance: Tensor
    r: Tensor

    def simulate(self, pictures: Tensor, generator: torch.Generator) -> Tensor:
        """Counts of pool pictures [B] as one presentation would give them [B, U]."""
        factor = torch.linalg.cholesky(self.covariance)
        noise = torch.randn(len(pictures), len(factor), generator=generator, device=pictures.device)
        return counts_of(self.predicted[pictures] + noise @ factor.T)


def fit_encoding(
    kernels: Sequence[Tensor], train: Tensor, measured: Tensor, trials: Tensor | None = None, shrink: float = 0.1
) -> Encoding:
    """`kernels` [pool, P] are added up; `train` [n] are pool places of the rows of `measured` [n, U], rooted counts.

    `trials` [n, U, T], rooted, NaN where missing: then the covariance is that of single trials. The penalty of each
    neuron is the one with the least leave-one-out error. The covariance is drawn to its diagonal by `shrink`.
    """
    kernel = torch.stack(list(kernels)).mean(0)[:, train]
    inner = kernel[train]
    mean, (inner, outer) = measured.mean(0), centre(inner, kernel)
    solved = [leave_one_out(inner, measured - mean, penalty) for penalty in PENALTIES]
    errors = torch.stack([residual.square().mean(0) for residual, _ in solved])
    best = errors.argmin(0)
    pick = lambda k: torch.stack([s[k] for s in solved]).gather(0, best.expand(1, len(train), -1))[0]  # noqa: E731
    residual, weights = pick(0), pick(1)
    left_out = measured - residual
    scatter = residual if trials is None else (trials - left_out[:, :, None]).permute(0, 2, 1).flatten(0, 1)
    return Encoding(outer @ weights + mean, left_out, covariance(scatter, shrink), correlation(left_out, measured))


def centre(inner: Tensor, outer: Tensor) -> tuple[Tensor, Tensor]:
    """Kernels [n, n] and [R, n] for features with the mean of the n training rows taken off."""
    column = inner.mean(0)
    return tuple(k - column - k.mean(1, keepdim=True) + column.mean() for k in (inner, outer))


def leave_one_out(kernel: Tensor, targets: Tensor, penalty: float) -> tuple[Tensor, Tensor]:
    """Residual of each row under a fit without it, and the dual weights of the fit with all [n, U].

    `kernel` and `targets` are centred; the mean counts as fitted: each row's own target also comes in by 1 / n.
    """
    n = len(kernel)
    inverse = torch.linalg.inv(kernel + penalty * torch.eye(n, device=kernel.device))
    weights = inverse @ targets
    return weights / (inverse.diagonal()[:, None] - 1 / (n * penalty)).clamp(min=1e-6), weights


def covariance(rows: Tensor, shrink: float) -> Tensor:
    """Of rows [n, U] around 0; rows with NaN are left out."""
    rows = rows[rows.isfinite().all(1)]
    full = rows.T @ rows / len(rows)
    return (1 - shrink) * full + shrink * torch.diag(full.diagonal()) + 1e-4 * torch.eye(len(full), device=rows.device)


def correlation(a: Tensor, b: Tensor) -> Tensor:
    """Pearson correlation of each column [U]."""
    a, b = a - a.mean(0), b - b.mean(0)
    return (a * b).sum(0) / (a.norm(dim=0) * b.norm(dim=0)).clamp(min=1e-9)
