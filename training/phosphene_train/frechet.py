"""Frechet distance between two sets of pictures, in the features of a stated network (Heusel et al. 2017)."""

from collections.abc import Callable

import torch
from torch import Tensor


def frechet_distance(a: Tensor, b: Tensor) -> float:
    """|m_a - m_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2)) of Gaussians fitted to features a [N, F] and b [M, F].

    The square root's trace is the sum of the roots of the eigenvalues of C_b^(1/2) C_a C_b^(1/2), which is symmetric.
    With N below about 10 F the value is biased upwards: compare at the same N only.
    """
    a, b = a.double(), b.double()
    covariance_a, covariance_b = torch.cov(a.T), torch.cov(b.T)
    values, vectors = torch.linalg.eigh(covariance_b)
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T
    mixed = torch.linalg.eigvalsh(root @ covariance_a @ root).clamp(min=0).sqrt().sum()
    means = (a.mean(0) - b.mean(0)).square().sum()
    return float(means + covariance_a.trace() + covariance_b.trace() - 2 * mixed)


def features_of(network: Callable[[Tensor], Tensor], pictures: Tensor, chunk: int = 1024) -> Tensor:
    """Features [N, F] of pictures [N, 3, H, W]."""
    with torch.no_grad():
        return torch.cat([network(part) for part in pictures.split(chunk)])
