"""Scenes with the rates that they drive, and windows of spikes of them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..pool import Pool
from ..windows import normalise, sample_windows
from .animal import Animal

CHUNK = 256
"""Windows simulated at once: a millisecond of each unit of each is in memory."""


@dataclass(frozen=True)
class Held:
    """A pool of scenes with their driven rates [N, U], Hz."""

    pool: Pool
    driven: Tensor


def draw(animal: Animal, held: Held, kind: str, generator: torch.Generator) -> Tensor:
    """One normalised window of every scene."""
    parts = [
        sample_windows(animal.population, held.driven, index, kind, generator).counts
        for index in torch.arange(len(held.pool)).split(CHUNK)
    ]
    return normalise(torch.cat(parts), animal.normalisation)
