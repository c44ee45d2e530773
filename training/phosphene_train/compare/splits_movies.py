"""Simulated movies: the population of `phosphene-train optimise movies` watches scenes of our own, clips held out."""

import numpy as np
import torch
from torch import Tensor

from ..optimise.movie_data import MovieData, MovieSizes, simulate
from ..optimise.movie_world import RATE_HZ
from ..stimuli import load_objects
from .trials import make_trials, normalisation
from .types import Split, Trials
from .wanted import Absent, Wanted

ROWS, COLUMNS = slice(2, 34), slice(11, 43)
"""The part of the screen that the receptive fields lie on: 32 x 32 of 36 x 64 pixels."""
BEFORE, AFTER = 0, 3
"""Frames of counts in a window before and after the frame that is to be shown: units see up to ten frames back."""
SIZES = MovieSizes(units=384, movies=64, frames=128, clips=10, clip_frames=128)
SMALL = MovieSizes(units=32, movies=4, frames=32, clips=2, clip_frames=32)
REPEATS = 3
DENSE = 0.25
"""The mask: where the units' filters together weigh at least this share of where they weigh most."""
SOURCE = (
    "simulated V1, 384 units, 30 frames/s; clips of 128 frames with things that no training movie has, the first 32 "
    "frames not judged by the movie measures; counts of four frames; judged where the receptive fields are dense"
)


def simulated_movies(wanted: Wanted) -> list[Split]:
    """One part: single showings. Every frame is a row; what lies outside of its 32 x 32 pixels drives units too."""
    if not wanted.emoji.exists():
        raise Absent(f"simulated-movies: expected the emoji in {wanted.emoji}, found none: run npm ci, or name --emoji")
    data = simulate(load_objects(wanted.emoji), SMALL if wanted.small else SIZES, wanted.seed)
    train = windows(data.counts.float())
    norm = normalisation(train)
    generator = torch.Generator().manual_seed(wanted.seed)
    others = [windows(data.cortex.fire(data.noise_free, generator)) for _ in range(REPEATS)]
    sides = (
        side(data.movies, train, norm, 0, None),
        side(data.clips, windows(data.clip_counts), norm, data.movies[..., 0, 0].numel(), np.stack(others, 1)),
    )
    return [
        Split(
            "simulated-movies", "", *sides, None, 1000 / RATE_HZ, norm, frame_ms=1000 / RATE_HZ, mask=mask_of(data),
            source=SOURCE,
        )
    ]  # fmt: skip


def windows(counts: Tensor) -> np.ndarray:
    """Counts [N, T, U] -> [N * T, W, U]: those of the frames around each; beyond the ends the first or last again."""
    at = torch.arange(counts.shape[1])[:, None] + torch.arange(-BEFORE, AFTER + 1)
    return counts[:, at.clamp(0, counts.shape[1] - 1)].flatten(0, 1).numpy()


def side(movies: Tensor, counts: np.ndarray, norm, first: int, repeats: np.ndarray | None) -> Trials:
    """movies uint8 [N, T, H, W]; stimuli are numbered from `first`."""
    clips, frames = movies.shape[:2]
    pictures = movies[:, :, ROWS, COLUMNS].flatten(0, 1)[:, None].float().numpy() / 127.5 - 1
    row = np.arange(clips * frames)
    known = {"clip": row // frames, "trial": np.zeros_like(row), "frame": row % frames, "repeats": repeats}
    return make_trials(counts, norm, pictures, first + row, **known)


def mask_of(data: MovieData) -> np.ndarray:
    """bool [32, 32], from the filters that the simulation was given."""
    weight = (data.cortex.even.abs() + data.cortex.odd.abs()).sum(0).reshape(data.movies.shape[2:])
    weight = weight[ROWS, COLUMNS]
    return (weight >= DENSE * weight.max()).numpy()
