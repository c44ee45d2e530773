"""What a movie experiment has recorded: movies and single-trial counts to fit on, and clips kept out to reconstruct."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..stimuli import Objects
from .movie_cortex import MovieCortex, make_movie_cortex
from .movie_world import World, grey_sprites


@dataclass(frozen=True)
class MovieSizes:
    """Units; movies to fit on and their frames; clips to reconstruct and their frames."""

    units: int = 1024
    movies: int = 600
    frames: int = 150
    clips: int = 10
    clip_frames: int = 128


@dataclass(frozen=True)
class MovieData:
    """movies uint8 [N, T, H, W], counts uint8 [N, T, U]; clips uint8 [C, T', H, W], their counts float [C, T', U] of
    one presentation, and `noise_free` [C, T', U], which no experimenter knows."""

    cortex: MovieCortex
    movies: Tensor
    counts: Tensor
    clips: Tensor
    clip_counts: Tensor
    noise_free: Tensor


def simulate(objects: Objects, sizes: MovieSizes, seed: int) -> MovieData:
    """A population, and a session of it. Movies are of other emoji than the clips: nothing is in both."""
    device = objects.textures.device
    generator = torch.Generator(device).manual_seed(seed)
    sprites = grey_sprites(objects.textures)
    movies = World(sprites[objects.seen]).movies(sizes.movies, sizes.frames, generator)
    clips = World(sprites[~objects.seen]).movies(sizes.clips, sizes.clip_frames, generator)
    cortex = make_movie_cortex(sizes.units, movies[:16], generator)
    counts = torch.cat([cortex.counts(part, generator).clamp(max=255).byte() for part in movies.split(16)])
    noise_free = cortex.expected(clips)
    return MovieData(cortex, movies, counts, clips, cortex.fire(noise_free, generator), noise_free)
