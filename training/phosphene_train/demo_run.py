"""What a run of the demo starts from: sizes, scenes and the simulated animals."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from .catalogue import categories
from .demo_subjects import MAIN, Subject, make_subjects
from .half import round_to_half
from .pool import Pool, Pools
from .stage_files import load_state, save_state
from .stimuli import Objects, load_objects
from .train_vision import train_vision
from .vision import Vision

IMAGE = 64


@dataclass(frozen=True)
class DemoOptions:
    """Sizes of a run. `smoke` of the command line makes all of them small."""

    seed: int = 7
    train: int = 200_000
    test: int = 1024
    vision_steps: int = 1200
    vae_steps: int = 6000
    """Of all animals, which take turns."""
    vae_batch: int = 1024
    windows: int = 1_000_000
    batch: int = 512
    teacher_steps: int = 16_000
    student_steps: int = 4000
    trajectories: int = 98_304
    width: int = 384
    blocks: int = 6
    animals: int = 3
    """How many of the simulated animals share the latents: 1 is the shipped one alone."""
    teacher_seconds: int = 0
    student_seconds: int = 0
    """Time after which a stage ends before its last step; 0 is never."""
    ladder: int = 8192
    """Pictures of every rung of the quality ladder."""


SMOKE = DemoOptions(7, 192, 32, 3, 12, 48, 2048, 4, 3, 3, 8, width=64, blocks=2, ladder=8)


@dataclass
class Run:
    """What the stages hand to one another. Stages whose files lie in `resume` are read from there."""

    options: DemoOptions
    out: Path
    resume: Path | None
    objects: Objects
    pools: Pools
    subjects: list[Subject]

    @property
    def device(self) -> torch.device:
        return self.objects.textures.device

    @property
    def main(self) -> Subject:
        """The animal whose bundle is shipped."""
        return next(subject for subject in self.subjects if subject.name == MAIN)

    def generator(self, offset: int) -> torch.Generator:
        """Random numbers of one purpose."""
        return torch.Generator(self.device).manual_seed(1000 * self.options.seed + offset)


def prepare(emoji: Path, out: Path, device: str, options: DemoOptions, resume: Path | None) -> Run:
    """Scenes and animals, made anew or as kept."""
    objects = load_objects(emoji).to(device)
    pools = Pools(objects, options.train, options.test, IMAGE, options.seed)
    vision = fit_vision(objects, lambda: pools.life, options, "cortex", options.seed, out, resume)
    return Run(
        options, out, resume, objects, pools, make_subjects(vision, pools, options.seed, options.animals, out, resume)
    )


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
