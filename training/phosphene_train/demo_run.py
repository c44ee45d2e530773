"""What a run of the demo starts from: sizes, scenes, the simulated population and the scale of its counts."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from .animals import animal_cortex, animal_population
from .catalogue import categories
from .cortex import Cortex, cortex_from_state, cortex_state
from .diffusion import Timesteps
from .golden import Normalisation
from .half import round_to_half
from .pool import Pool, Pools
from .population import Population
from .random_bundle import demo_options
from .stage_files import load_state, load_tensors, save_state, save_tensors
from .stimuli import Objects, load_objects
from .train_vision import train_vision
from .vision import Vision
from .windows import fit_normalisation, sample_mixture

TIMESTEPS: Timesteps = {"1": [1.0, 0.0], "2": [1.0, 0.5, 0.0], "4": [1.0, 0.75, 0.5, 0.25, 0.0]}
IMAGE = 64


@dataclass(frozen=True)
class DemoOptions:
    """Sizes of a run. `smoke` of the command line makes all of them small."""

    seed: int = 7
    train: int = 200_000
    test: int = 1024
    vision_steps: int = 1200
    vae_steps: int = 2500
    vae_batch: int = 2048
    windows: int = 2_000_000
    batch: int = 1024
    teacher_steps: int = 12_000
    student_steps: int = 6000
    trajectories: int = 131_072


SMOKE = DemoOptions(7, 256, 32, 3, 20, 64, 4096, 4, 3, 3, 8)


@dataclass
class Run:
    """What the stages hand to one another. Stages whose files lie in `resume` are read from there."""

    options: DemoOptions
    out: Path
    resume: Path | None
    objects: Objects
    pools: Pools
    cortex: Cortex
    population: Population
    normalisation: Normalisation
    generator: torch.Generator

    @property
    def device(self) -> torch.device:
        return self.objects.textures.device

    @cached_property
    def driven(self) -> Tensor:
        """Driven rates of the training scenes [N, U], Hz."""
        return driven_rates(self.cortex, self.pools.train)


def prepare(emoji: Path, out: Path, device: str, options: DemoOptions, resume: Path | None) -> Run:
    """Scenes, population and normalisation, made anew or as kept."""
    objects = load_objects(emoji).to(device)
    pools = Pools(objects, options.train, options.test, IMAGE, options.seed)
    vision = fit_vision(objects, lambda: pools.life, options, "cortex", options.seed, out, resume)
    units = demo_options()[0].units
    population = animal_population(units, options.seed).to(device)
    kept = load_tensors("population", resume, device)
    generator = torch.Generator(device).manual_seed(options.seed)
    if kept:
        cortex = cortex_from_state(vision, {name: value for name, value in kept.items() if name[:5] != "norm."})
        norm = Normalisation(kept["norm.mean"].cpu().numpy(), kept["norm.std"].cpu().numpy())
    else:
        cortex = animal_cortex(vision, pools.life.images(slice(0, 20_000)), units, options.seed)
        norm = measure_counts(cortex, pools.train, population, generator)
    scale = {"norm.mean": torch.from_numpy(norm.mean), "norm.std": torch.from_numpy(norm.std)}
    save_tensors(cortex_state(cortex) | scale, "population", out)
    return Run(options, out, resume, objects, pools, cortex, population, norm, generator)


def measure_counts(cortex: Cortex, pool: Pool, population: Population, generator: torch.Generator) -> Normalisation:
    """Mean and standard deviation of a bin's count, over windows anywhere in a stream of training scenes."""
    count = min(20_000, len(pool))
    driven = cortex.rates(pool.images(slice(0, count)))
    return fit_normalisation(sample_mixture(population, driven, {"stream": 1.0}, count, generator).counts)


def driven_rates(cortex: Cortex, pool: Pool) -> Tensor:
    """Driven rates of every scene [N, U], Hz."""
    return torch.cat([cortex.rates(pool.images(slice(at, at + 4096))) for at in range(0, len(pool), 4096)])


def fit_vision(
    objects: Objects, scenes: Callable[[], Pool], o: DemoOptions, name: str, seed: int, out: Path, resume: Path | None
) -> Vision:
    """The picture network `name`, trained on what `scenes` draws or read; rounded to what its file holds."""
    classes = (len(categories()), len(objects.names))
    model = Vision(*classes).to(objects.textures.device).eval().requires_grad_(False)
    if not load_state(model, name, resume):
        model = train_vision(scenes(), *classes, o.vision_steps, min(512, o.batch), seed)
    save_state(round_to_half(model), name, out)
    return model
