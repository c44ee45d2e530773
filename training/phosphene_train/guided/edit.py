"""Deterministic DDIM backwards (inversion) and forwards under guidance, as MIG-Vis edits a picture."""

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

Noise = Callable[[Tensor, float], Tensor]
"""(x [B, C, H, W], t) -> the estimate of the noise in it; the same for the whole batch."""
Gradient = Callable[[Tensor], Tensor]
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
def guided(
    noise: Noise, state: Tensor, times: list[float], gradient: Gradient | None = None, eta: Tensor | float = 0.0
) -> Tensor:
    """Deterministic DDIM from `state` at times[0] down to 0 under guidance; the picture, in [-1, 1].

    Paper, algorithm 1: eps~ = eps - eta dJ/dy with eps detached, so dJ/dy = dJ/dx0 / a_t; x0 from eps~ is clipped.
    `eta` is one weight, or one for each picture [B]. Without a gradient it is the plain sampler.
    """
    weight = torch.as_tensor(eta, dtype=state.dtype, device=state.device).view(-1, 1, 1, 1)
    y = state
    for t, s in pairwise(times):
        (a_t, sigma_t), (a_s, sigma_s) = scales(t), scales(s)
        eps = noise(y, t)
        if gradient is not None:
            eps = eps - weight * gradient((y - sigma_t * eps) / a_t) / a_t
        x0 = ((y - sigma_t * eps) / a_t).clamp(-1, 1)
        y = a_s * x0 + sigma_s * eps
    return y
