"""Reconstruct movies from counts, by the descent of `descend` through one encoder or through several."""

import copy
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from ..train_denoiser import autocast
from .descend import Descent, cover, normalised, step, window_starts
from .encoder import poisson_loss
from .movie_encoder import MovieEncoder
from .movie_train import FIRST, LENGTH

STRIDE = 8


def of_units(model: MovieEncoder, units: Tensor) -> MovieEncoder:
    """The encoder of some units alone."""
    part = copy.deepcopy(model)
    for name in ("spatial", "feature", "bias"):
        setattr(part, name, nn.Parameter(getattr(model, name)[units], requires_grad=False))
    return part


def reconstruct(
    models: Sequence[MovieEncoder],
    counts: Tensor,
    mask: Tensor | None,
    iterations: int,
    descent: Descent | None = None,
    watch: Callable[[int, Tensor], None] | None = None,
) -> Tensor:
    """Movies [N, T, H, W] whose predicted counts are `counts` [N, T, U]; from grey, all pixels where mask [H, W] is 1.

    Several models: their normalised gradients are averaged. `watch` is told the movies after each iteration.
    """
    o, (count, frames) = descent or Descent(), counts.shape[:2]
    length = min(LENGTH, frames)
    starts = window_starts(frames, length, STRIDE)
    size = (models[0].options.height, models[0].options.width)
    movies = torch.full((count, frames, *size), o.middle, device=counts.device)
    momentum = torch.zeros_like(movies)
    wanted = torch.cat([counts[:, s : s + length] for s in starts])
    for i in range(iterations):
        windows = torch.cat([movies[:, s : s + length] for s in starts])
        found = [window_gradients(model, windows, wanted) for model in models]
        parts = torch.stack(found).nanmean(0).unflatten(0, (len(starts), count))
        movies, momentum = step(movies, momentum, cover(parts, starts, frames), i + 1, mask, o)
        if watch:
            watch(i + 1, movies)
    return movies


def window_gradients(model: MovieEncoder, windows: Tensor, wanted: Tensor, chunk: int = 64) -> Tensor:
    """The normalised gradient of each window's Poisson loss [N, L, H, W]."""
    out = []
    for movie, counts in zip(windows.split(chunk), wanted.split(chunk), strict=True):
        movie = movie.detach().requires_grad_(True)
        with autocast(movie):
            expected = model(movie)
        first = min(FIRST, movie.shape[1] - 1)
        loss = poisson_loss(expected[:, first:], counts[:, first:]).sum()
        out.append(normalised(torch.autograd.grad(loss, movie)[0]))
    return torch.cat(out)


@torch.no_grad()
def predict(model: MovieEncoder, clips: Tensor) -> Tensor:
    """What a model expects of clips [N, T, H, W], by the mean over the windows that cover a frame [N, T, U]."""
    frames = clips.shape[1]
    length = min(LENGTH, frames)
    starts = window_starts(frames, length, STRIDE)
    parts = torch.stack([model(clips[:, s : s + length].float()) for s in starts])
    parts[1:, :, : min(FIRST, length - 1)] = torch.nan
    return cover(parts, starts, frames)
