"""What a decoded picture is held to: pixels, structure, and where there is one, our own picture network."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

Distance = Callable[[Tensor, Tensor], Tensor]
"""(decoded, true) -> a scalar, such as a perceptual distance."""


@dataclass(frozen=True)
class Weights:
    """Of mean absolute and squared error, of 1 - SSIM, and of the perceptual distance."""

    absolute: float = 1.0
    squared: float = 0.5
    structure: float = 0.4
    perceptual: float = 0.5


def objective(decoded: Tensor, true: Tensor, weights: Weights, distance: Distance | None) -> dict[str, Tensor]:
    """Weighted terms, by name; pictures [B, C, S, S] in [-1, 1]."""
    terms = {
        "absolute": weights.absolute * (decoded - true).abs().mean(),
        "squared": weights.squared * (decoded - true).square().mean(),
        "structure": weights.structure * (1 - ssim(decoded, true)),
    }
    if distance is not None:
        terms["perceptual"] = weights.perceptual * distance(decoded, true)
    return terms


def ssim(a: Tensor, b: Tensor, window: int = 7) -> Tensor:
    """Mean structural similarity of pictures in [-1, 1], uniform window (Wang et al. 2004); differentiable.

    Of the picture and of its half: what is blurred has no structure at the fine scale but can have it at the coarse.
    """
    parts = [plain_ssim(a, b, window)]
    if min(a.shape[-2:]) >= 4 * window:
        parts.append(plain_ssim(F.avg_pool2d(a, 2), F.avg_pool2d(b, 2), window))
    return torch.stack(parts).mean()


def plain_ssim(a: Tensor, b: Tensor, window: int) -> Tensor:
    """At one scale."""
    a, b = (a.float() + 1) / 2, (b.float() + 1) / 2
    window = min(window, *a.shape[-2:])
    c = a.shape[1]
    sums = F.avg_pool2d(torch.cat([a, b, a * a, b * b, a * b], 1), window, stride=1)
    ma, mb, aa, bb, ab = sums.split(c, 1)
    va, vb, cov = aa - ma * ma, bb - mb * mb, ab - ma * mb
    c1, c2 = 0.01**2, 0.03**2
    return ((2 * ma * mb + c1) * (2 * cov + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2))).mean()
