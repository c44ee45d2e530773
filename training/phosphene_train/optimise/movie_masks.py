"""Which part of the screen a population sees: a transparency that is trained by alpha blending (Bauer et al. 2026).

Behind the mask lies another clip. The mask is raised where that makes the predicted responses more like those to the
clip alone; where no unit looks, nothing raises it. Their code: 1000 steps, rate 10, gradient blurred with a standard
deviation of 5 pixels. What it begins with is not stated; here it begins with 0, and the rate falls to 0.
"""

import torch
from torch import Tensor

from ..train_denoiser import autocast
from .descend import SMALL
from .encoder import poisson_loss
from .movie_encoder import MovieEncoder
from .movie_metrics import blur_along
from .movie_train import FIRST, LENGTH

RATE, BLUR_PIXELS, STEPS = 10.0, 5.0, 1000


def train_mask(model: MovieEncoder, movies: Tensor, steps: int, generator: torch.Generator, batch: int = 4) -> Tensor:
    """Opacity [H, W] in 0-1 of movies [N, T, H, W] (uint8)."""
    device, (count, frames) = movies.device, movies.shape[:2]
    opacity = torch.zeros(movies.shape[2:], device=device)
    for step in range(steps):
        pair = torch.randint(count, (2, batch), generator=generator, device=device)
        start = int(torch.randint(frames - LENGTH + 1, (1,), generator=generator, device=device))
        front, behind = (movies[which, start : start + LENGTH].float() for which in pair)
        gradient = mask_gradient(model, opacity, front, behind)
        for dim in (0, 1):
            gradient = blur_along(gradient, BLUR_PIXELS, dim)
        opacity = (opacity - RATE * (1 - step / steps) * gradient).clamp(0, 1)
    return opacity


def mask_gradient(model: MovieEncoder, opacity: Tensor, front: Tensor, behind: Tensor) -> Tensor:
    """How the loss of the blend rises with the opacity [H, W], over its norm."""
    opacity = opacity.detach().requires_grad_(True)
    with torch.no_grad(), autocast(front):
        wanted = model(front)
    with autocast(front):
        found = model(opacity * front + (1 - opacity) * behind)
    loss = poisson_loss(found[:, FIRST:], wanted[:, FIRST:]).mean()
    gradient = torch.autograd.grad(loss, opacity)[0]
    return gradient / (gradient.norm() + SMALL)
