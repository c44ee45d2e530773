"""Fit instances of the movie encoder to a recorded session."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..loop import LoopOptions, train
from ..train_denoiser import autocast, fast
from .encoder import poisson_loss, response_correlation
from .movie_data import MovieData
from .movie_encoder import MovieEncoder, MovieEncoderOptions

LENGTH = 32
"""Frames that an encoder sees at once, in training as in the descent."""
FIRST = 10
"""Frames of a window that are not judged, in training and in the descent: what came before the window is not seen, and
our encoder looks back by ten frames (theirs looks both ways, and is judged everywhere)."""


@dataclass(frozen=True)
class MovieTraining:
    """Steps, windows a step, peak rate, weight of the absolute sum of a unit's spatial readout (Klindt et al. 2017),
    shape of the encoder."""

    steps: int = 3000
    batch: int = 32
    rate: float = 2e-3
    sparse: float = 5e-4
    stages: tuple[tuple[int, int, int, int], ...] = ((32, 7, 2, 7), (48, 3, 1, 5))


def fit_movie_encoder(data: MovieData, training: MovieTraining, seconds: float, seed: int) -> MovieEncoder:
    """One instance; others of the ensemble differ by their seed (start, and order of the windows).

    It ends after `seconds`, or with the last step (0 seconds: then alone).
    """
    torch.manual_seed(seed)
    device, (count, frames) = data.movies.device, data.movies.shape[:2]
    model = MovieEncoder(MovieEncoderOptions(data.counts.shape[2], *data.movies.shape[2:], training.stages)).to(device)
    generator = torch.Generator(device).manual_seed(seed)

    def draw(size: int) -> tuple[Tensor, Tensor]:
        movie = torch.randint(count, (size, 1), generator=generator, device=device)
        start = torch.randint(frames - LENGTH + 1, (size, 1), generator=generator, device=device)
        time = start + torch.arange(LENGTH, device=device)
        return data.movies[movie, time].float(), data.counts[movie, time].float()

    model.start_at(draw(min(count, 16))[0], data.counts[:64].float().mean((0, 1)))
    run = fast(model)

    def loss(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        movies, counts = draw(training.batch)
        with autocast(movies):
            expected = run(movies)
        value = poisson_loss(expected[:, FIRST:], counts[:, FIRST:]).mean()
        sparse = model.spatial.abs().sum(1).mean()
        return value + training.sparse * sparse, {"loss": value.detach(), "sparse": sparse.detach()}

    options = LoopOptions(f"movie-{seed}", training.steps, training.rate, decay=0.05, keep=0.995, seconds=seconds)
    return train(model, loss, options).requires_grad_(False)


def clip_correlations(model: MovieEncoder, data: MovieData) -> tuple[float, float]:
    """Mean over units of the prediction's correlation with one presentation's counts, and with the noise-free ones."""
    return tuple(round(prediction(model, data.clips, counts), 4) for counts in (data.clip_counts, data.noise_free))


@torch.no_grad()
def prediction(model: MovieEncoder, clips: Tensor, counts: Tensor) -> float:
    """Mean over units of the correlation of prediction and counts [C, T, U] of clips [C, T, H, W]."""
    expected = torch.cat([model(clip[None].float()) for clip in clips])[:, FIRST:].flatten(0, 1)
    return float(response_correlation(expected, counts[:, FIRST:].flatten(0, 1)).mean())
