"""The simulated animals: as many units as the two monkeys of the IT literature, and one with more."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from .cortex import Cortex, make_cortex
from .population import Population, random_population
from .vision import Vision

ANIMALS = {"S58": 58, "S110": 110, "S256": 256}
"""Units of each. 58 and 110 are the sites of monkeys M1 and M2 (Majaj et al. 2015) that MIG-Vis decodes from."""


@dataclass(frozen=True)
class Animal:
    """One simulated animal: what drives its units, and how they fire."""

    name: str
    cortex: Cortex
    population: Population


def make_animals(vision: Vision, pictures: Tensor, seed: int) -> list[Animal]:
    """All animals, on the device of the pictures [N, 3, 64, 64]; `pictures` are scenes of all objects (`Pools.life`).

    They share one picture network, and nothing else: tuning, latencies, adaptation and noise are drawn for each.
    """
    return [make_animal(name, units, vision, pictures, seed) for name, units in ANIMALS.items()]


def make_animal(name: str, units: int, vision: Vision, pictures: Tensor, seed: int) -> Animal:
    """One animal; the same seed and size give the same one."""
    population = animal_population(units, seed).to(pictures.device)
    return Animal(name, animal_cortex(vision, pictures, units, seed), population)


def animal_cortex(vision: Vision, pictures: Tensor, units: int, seed: int) -> Cortex:
    """What drives the units, scaled on at most 20,000 of the pictures."""
    return make_cortex(vision, pictures[:20_000], units, np.random.default_rng([seed, units, 0]))


def animal_population(units: int, seed: int) -> Population:
    """How the units fire, on the CPU; needs no pictures, so a resumed run draws it again."""
    return random_population(units, np.random.default_rng([seed, units, 1]))
