"""Deterministic DDIM backwards (inversion) and forwards under guidance, as MIG-Vis edits a picture."""

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

Noise = Callable[[Tensor, float], Tensor]
"""(x [B, C, H, W], t) -> the estimate of the noise in it; the same for the whole batch."""
Push = Callable[[Tensor, float], Tensor]
"""(estimate of the clean picture, t) -> what guidance adds to it."""
DEEPEST = 0.9
"""t' of the inversion, as a share of the schedule (paper: 135 of 150 steps).

On our cosine schedule the signal's variance is .024 there, on the paper's sigmoid schedule .039.
"""


def scales(t: float) -> tuple[float, float]:
    """Signal and noise scale of the cosine schedule."""
    return math.cos(math.pi * t / 2), math.sin(math.pi * t / 2)


def edit_times(steps: int, deepest: float = DEEPEST) -> list[float]:
    """steps + 1 times from `deepest` down to 0, evenly spaced."""
    return [deepest * (1 - i / steps) for i in range(steps + 1)]


@torch.no_grad()
def invert(noise: Noise, picture: Tensor, times: list[float], refine: int = 0) -> Tensor:
    """The state at times[0] from which deterministic DDIM over `times` draws the picture.

    One step up is y_t = (a_t / a_s) y_s + a_t (sigma_t / a_t - sigma_s / a_s) eps: the factor a_t of the second term is
    missing in the public code. eps belongs to (y_t, t), which is not known yet; the paper takes that of (y_s, t).
    `refine` times the step is taken again with the eps of the y_t found, and so made the inverse of the step down.
    """
    y = picture
    for s, t in pairwise(reversed(times)):
        (a_s, sigma_s), (a_t, sigma_t) = scales(s), scales(t)
        start, found = y, y
        for _ in range(1 + refine):
            found = (a_t / a_s) * start + a_t * (sigma_t / a_t - sigma_s / a_s) * noise(found, t)
        y = found
    return y


@torch.no_grad()
def guided(noise: Noise, state: Tensor, times: list[float], push: Push | None = None) -> Tensor:
    """Deterministic DDIM from `state` at times[0] down to 0 under guidance; the picture, in [-1, 1].

    Paper, algorithm 1: eps~ = eps - (a_t / sigma_t) push, so that the clean picture of eps~ is the estimate plus the
    push; it is clipped. The denoiser sees no gradient. Without a push it is the plain sampler.
    """
    y = state
    for t, s in pairwise(times):
        (a_t, sigma_t), (a_s, sigma_s) = scales(t), scales(s)
        eps = noise(y, t)
        if push is not None:
            eps = eps - (a_t / sigma_t) * push((y - sigma_t * eps) / a_t, t)
        x0 = ((y - sigma_t * eps) / a_t).clamp(-1, 1)
        y = a_s * x0 + sigma_s * eps
    return y
