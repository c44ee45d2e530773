"""Which part of the screen a population sees: a transparency that is trained by alpha blending (Bauer et al. 2026).

Behind the mask lies another clip. The mask is raised where that makes the predicted responses more like those to the
clip alone. Their code takes 1000 steps of rate 10 and blurs the gradient with a standard deviation of 5 pixels; what
it begins with is not stated. Since every step has the same norm, our mask would end as the whole screen: weights of
next to nothing count in the end, when nothing else is left. So it begins with 0, goes on in small steps, and ends when
CLOSED of the gap in the loss between the other clip and the clip itself is closed.
"""

import torch
from torch import Tensor

from ..train_denoiser import autocast
from .descend import SMALL
from .encoder import poisson_loss
from .movie_encoder import MovieEncoder
from .movie_metrics import blur_along
from .movie_train import FIRST, LENGTH

RATE, BLUR_PIXELS, CLOSED = 1.0, 5.0, 0.9


def train_mask(model: MovieEncoder, movies: Tensor, steps: int, generator: torch.Generator, batch: int = 8) -> Tensor:
    """Opacity [H, W] in 0-1 of movies [N, T, H, W] (uint8), after at most so many steps."""
    device, (count, frames) = movies.device, movies.shape[:2]
    opacity, closed = torch.zeros(movies.shape[2:], device=device), 0.0
    for _ in range(steps):
        pair = torch.randint(count, (2, batch), generator=generator, device=device)
        start = int(torch.randint(frames - LENGTH + 1, (1,), generator=generator, device=device))
        front, behind = (movies[which, start : start + LENGTH].float() for which in pair)
        gradient, share = mask_gradient(model, opacity, front, behind)
        closed = 0.9 * closed + 0.1 * share
        if closed >= CLOSED:
            break
        for dim in (0, 1):
            gradient = blur_along(gradient, BLUR_PIXELS, dim)
        opacity = (opacity - RATE * gradient).clamp(0, 1)
    return opacity


def mask_gradient(model: MovieEncoder, opacity: Tensor, front: Tensor, behind: Tensor) -> tuple[Tensor, float]:
    """How the loss of the blend rises with the opacity [H, W], over its norm; the share of the gap that is closed."""
    opacity = opacity.detach().requires_grad_(True)
    with torch.no_grad():
        wanted = respond(model, front)
        best, worst = (poisson_loss(found, wanted).mean() for found in (wanted, respond(model, behind)))
    loss = poisson_loss(respond(model, opacity * front + (1 - opacity) * behind), wanted).mean()
    gradient = torch.autograd.grad(loss, opacity)[0]
    closed = float((worst - loss.detach()) / (worst - best).clamp(min=1e-9))
    return gradient / (gradient.norm() + SMALL), closed


def respond(model: MovieEncoder, movies: Tensor) -> Tensor:
    """Expected counts of the frames that are judged."""
    with autocast(movies):
        return model(movies)[:, FIRST:]
