"""A posterior whose variance is true: one temperature a latent group, measured on repeats of the same stimulus."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .vae import GroupVae


@dataclass(frozen=True)
class Repeats:
    """One window a presentation: mu, logvar [N, D] and the stimulus of each [N]."""

    mu: Tensor
    logvar: Tensor
    stimulus: Tensor


@dataclass(frozen=True)
class Residuals:
    """Squared standardised residuals [M, D] of the windows whose stimulus was presented more than once."""

    squared: Tensor

    def coverage(self, deviations: float) -> float:
        """Share of residuals within so many posterior standard deviations."""
        return float((self.squared < deviations**2).float().mean())


def residuals(repeats: Repeats) -> Residuals:
    """How far mu lies from what the stimulus's latents are: the mean of mu over its other n - 1 presentations.

    That mean has an error of its own, so a residual's predicted variance is exp(logvar) of the window plus the mean of
    exp(logvar) over the n presentations divided by n - 1. This is the spread of mu over trials about the latents that
    averaging trials gives; the shrinkage of mu towards the prior is in both and is not judged.
    """
    names, at, count = torch.unique(repeats.stimulus, return_inverse=True, return_counts=True)
    n = count[at][:, None].to(repeats.mu)
    variance = repeats.logvar.exp()
    total, total_variance = (per_stimulus(x, at, len(names))[at] for x in (repeats.mu, variance))
    others = (n - 1).clamp(min=1)
    error = repeats.mu - (total - repeats.mu) / others
    predicted = variance + total_variance / n / others
    return Residuals((error.square() / predicted)[count[at] > 1])


def per_stimulus(values: Tensor, at: Tensor, count: int) -> Tensor:
    """Sums of values [N, D] over each of `count` stimuli."""
    return torch.zeros(count, values.shape[1], dtype=values.dtype, device=values.device).index_add(0, at, values)


def temperatures(found: Residuals, groups: tuple[tuple[str, int], ...]) -> list[float]:
    """For each group the factor on its variance that brings the mean squared residual to 1; 1 without repeats."""
    if len(found.squared) == 0:
        return [1.0] * len(groups)
    parts = found.squared.split([size for _, size in groups], dim=1)
    return [float(part.mean().clamp(1e-3, 1e3)) for part in parts]


@torch.no_grad()
def fold(vae: GroupVae, factors: list[float]) -> None:
    """Multiply each group's posterior variance by its factor, in place: log c is added to the bias of logvar."""
    for (name, _), factor in zip(vae.options.groups, factors, strict=True):
        vae.logvar.bias[vae.options.span(name)] += math.log(factor)


def describe(found: Residuals, groups: tuple[tuple[str, int], ...]) -> dict:
    """Windows, mean squared residual of each group (1 is calibrated), and coverage of the 68 % and 95 % intervals."""
    if len(found.squared) == 0:
        return {"windows": 0}
    return {
        "windows": len(found.squared),
        "meanSquaredResidual": {
            name: round(value, 4) for (name, _), value in zip(groups, temperatures(found, groups), strict=True)
        },
        "coverage68": round(found.coverage(1.0), 4),
        "coverage95": round(found.coverage(1.96), 4),
    }


def poisson_deviance_explained(counts: np.ndarray, expected: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """1 - D(y, expected) / D(y, mean) of each window [N]: counts y and expected counts [N, U], mean [U] per window.

    D = 2 sum_u (y log(y / m) - y + m). 1 explains everything, 0 no more than the units' mean rates, less is worse.
    """
    floor = 1e-3
    model, null = (deviance(counts, np.maximum(m, floor)) for m in (expected, np.broadcast_to(mean, counts.shape)))
    return 1 - model / np.maximum(null, 1e-9)


def deviance(y: np.ndarray, m: np.ndarray) -> np.ndarray:
    """Poisson deviance summed over units, per window."""
    logs = np.where(y > 0, y * np.log(np.maximum(y, 1e-12) / m), 0.0)
    return 2 * (logs - y + m).sum(-1)
