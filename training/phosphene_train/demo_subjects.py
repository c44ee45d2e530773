"""The simulated animals of a run: each with its units, their tuning, and the scale of their counts."""

from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from .animals import ANIMALS, animal_cortex, animal_population
from .cortex import Cortex, cortex_from_state, cortex_state
from .golden import Normalisation
from .pool import Pool, Pools
from .population import Population
from .stage_files import load_tensors, save_tensors
from .vision import Vision
from .windows import fit_normalisation, sample_mixture

MAIN = "S256"
"""The animal whose bundle is shipped."""


@dataclass
class Subject:
    """One animal. What drives it in a pool is remembered, with the pool itself: an id alone may be given anew."""

    name: str
    cortex: Cortex
    population: Population
    normalisation: Normalisation
    known: dict[int, tuple[Pool, Tensor]] = field(default_factory=dict)

    def driven(self, pool: Pool) -> Tensor:
        """Driven rates of every scene of a pool [N, U], Hz."""
        if id(pool) not in self.known:
            parts = [self.cortex.rates(pool.images(slice(at, at + 4096))) for at in range(0, len(pool), 4096)]
            self.known[id(pool)] = (pool, torch.cat(parts))
        return self.known[id(pool)][1]


def make_subjects(vision: Vision, pools: Pools, seed: int, count: int, out: Path, resume: Path | None) -> list[Subject]:
    """The last `count` animals, drawn or as kept in `resume`."""
    return [make_subject(name, vision, pools, seed, out, resume) for name in [*ANIMALS][-count:]]


def make_subject(name: str, vision: Vision, pools: Pools, seed: int, out: Path, resume: Path | None) -> Subject:
    """One animal; its tuning is kept, since principal axes may differ between machines."""
    units, device = ANIMALS[name], pools.objects.textures.device
    population = animal_population(units, seed).to(device)
    kept = load_tensors(f"population-{name}", resume, str(device))
    if kept:
        cortex = cortex_from_state(vision, {key: value for key, value in kept.items() if key[:5] != "norm."})
        norm = Normalisation(kept["norm.mean"].cpu().numpy(), kept["norm.std"].cpu().numpy())
    else:
        cortex = animal_cortex(vision, pools.life.images(slice(0, 20_000)), units, seed)
        norm = measure_counts(cortex, pools.train, population, seed)
    scale = {"norm.mean": torch.from_numpy(norm.mean), "norm.std": torch.from_numpy(norm.std)}
    save_tensors(cortex_state(cortex) | scale, f"population-{name}", out)
    return Subject(name, cortex, population, norm)


def measure_counts(cortex: Cortex, pool: Pool, population: Population, seed: int) -> Normalisation:
    """Mean and standard deviation of a bin's count, over windows anywhere in a stream of training scenes."""
    count = min(20_000, len(pool))
    driven = cortex.rates(pool.images(slice(0, count)))
    generator = torch.Generator(driven.device).manual_seed(seed)
    return fit_normalisation(sample_mixture(population, driven, {"stream": 1.0}, count, generator).counts)
