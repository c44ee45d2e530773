"""Windows of the simulated animal with the pictures that they show, from a bundle's session or a run of the demo."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from ..data import DataError
from ..demo_data import DENOISER_MIXTURE
from ..demo_run import DemoOptions, prepare
from ..demo_subjects import MAIN
from ..linear.animal import Animal, read_animal
from ..linear.scenes import Held
from ..pool import Pools
from ..stimuli import load_objects
from ..windows import BIN_MS, BINS, normalise, sample_mixture, sample_windows


@dataclass(frozen=True)
class Scenes:
    """The animal (its population on the device), training scenes, held-out renderings, scenes of unseen objects."""

    animal: Animal
    train: Held
    held: dict[str, Held]

    @property
    def device(self) -> torch.device:
        return self.train.driven.device

    def pairs(self, batch: int, seed: int):
        """An endless source of (window, no steering, picture): single trials anywhere in a stream, more of them inside
        responses."""
        still = torch.zeros(batch, self.animal.manifest["latents"]["dimension"], device=self.device)
        generator = torch.Generator(self.device).manual_seed(seed)

        def pair() -> tuple[Tensor, Tensor, Tensor]:
            a = self.animal
            drawn = sample_mixture(a.population, self.train.driven, DENOISER_MIXTURE, batch, generator)
            pictures = self.train.pool.images(drawn.stimulus) * drawn.shown[:, None, None, None]
            return normalise(drawn.counts, a.normalisation), still, pictures

        return pair

    def responses(self, count: int, seed: int) -> tuple[Tensor, Tensor]:
        """(pictures [N, 3, S, S], window-averaged normalised response [N, U]) of one trial each, for the maps."""
        generator = torch.Generator(self.device).manual_seed(seed)
        index = torch.arange(min(count, len(self.train.pool)), device=self.device)
        parts = [
            sample_windows(self.animal.population, self.train.driven, part, "inside", generator).counts
            for part in index.split(1024)
        ]
        window = normalise(torch.cat(parts), self.animal.normalisation)
        return self.train.pool.images(index), window.mean(1)


def scenes_of_bundle(source: Path, emoji: Path, train: int, test: int, seed: int) -> Scenes:
    """On the CPU; rates by the session's own encoding model, a picture at a time."""
    animal = checked(source)
    side = animal.manifest["image"]["height"]
    pools = Pools(load_objects(emoji), train, test, side, seed)
    shown, *held = (Held(pool, animal.driven(pool)) for pool in (pools.train, pools.rendering, pools.unseen))
    return Scenes(animal, shown, dict(zip(("heldOutRenderings", "neverSeenObjects"), held, strict=True)))


def scenes_of_run(
    source: Path, emoji: Path, run: Path, work: Path, device: str, train: int, test: int, seed: int
) -> Scenes:
    """On any device; rates by the cortex of the run of `phosphene-train demo` that made the bundle."""
    animal = checked(source)
    demo = prepare(emoji, work, device, DemoOptions(seed, train, test, animals=1), run)
    subject = demo.main
    if subject.name != MAIN or len(animal.normalisation.mean) != subject.population.units:
        raise DataError(f"{run}: expected the run that made {source}, got another")
    parts = (demo.pools.train, demo.pools.rendering, demo.pools.unseen)
    shown, *held = (Held(pool, subject.driven(pool)) for pool in parts)
    animal = replace(animal, population=animal.population.to(device))
    return Scenes(animal, shown, dict(zip(("heldOutRenderings", "neverSeenObjects"), held, strict=True)))


def checked(source: Path) -> Animal:
    """The animal of a bundle whose bins are the simulation's."""
    animal = read_animal(source)
    bins = animal.manifest["bins"]
    if (bins["widthMs"], bins["window"]) != (BIN_MS, BINS):
        raise DataError(f"{source}: expected {BINS} bins of {BIN_MS} ms, got {bins['window']} of {bins['widthMs']:g}")
    return animal
