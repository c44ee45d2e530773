"""Bundles with random weights: the fixture of the daemon's tests, and one of the demo's size for timing."""

from pathlib import Path

import numpy as np
import torch

from .bundle import Bundle, write_bundle
from .denoiser import Denoiser, DenoiserOptions, group_sizes
from .diffusion import even_timesteps
from .evidence import Evidence
from .golden import Normalisation
from .population import random_population
from .session import Stimulus, unit_labels, write_session
from .vae import GroupVae, Readout, VaeOptions

CATEGORIES = ("animals", "boats", "cars", "faces", "fruits", "furniture", "household", "planes")
GROUPS = ("pose", "category", "content-1", "content-2")


def readouts(categories: tuple[str, ...] = CATEGORIES) -> tuple[Readout, ...]:
    """Category from the group `category`; position and size, and rotation, from the group `pose`."""
    return (
        Readout("category", "class", categories, "category"),
        Readout("pose", "value", ("x", "y", "size"), "pose", "image widths"),
        Readout("rotation", "value", ("angle",), "pose", "degrees"),
    )


def tiny_options() -> tuple[VaeOptions, DenoiserOptions]:
    """8 units, 8 latents, 16x16 pictures."""
    groups = tuple((name, 2) for name in GROUPS)
    vae = VaeOptions(8, 5, groups, readouts(("animals", "boats", "cars", "chairs")), hidden=32)
    return vae, DenoiserOptions(group_sizes(groups), image=16, patch=4, width=32, blocks=2, heads=4, head_channels=4)


def demo_options() -> tuple[VaeOptions, DenoiserOptions]:
    """192 units, 24 latents, 64x64 pictures: the shape of models/demo."""
    groups = tuple((name, 6) for name in GROUPS)
    return VaeOptions(192, 5, groups, readouts(), picture_features=64), DenoiserOptions(group_sizes(groups))


def write_random_bundle(folder: Path, options: tuple[VaeOptions, DenoiserOptions], name: str, seed: int = 0) -> None:
    """A complete bundle of random weights, with a session of four stimuli."""
    torch.manual_seed(seed)
    generator = np.random.default_rng(seed)
    vae, denoiser = GroupVae(options[0]), Denoiser(options[1])
    units, bins, side = options[0].units, options[0].window, options[1].image
    population = random_population(units, generator)
    counts = generator.poisson(0.5, (2, bins, units)).astype(np.float32)
    norm = Normalisation(np.full(units, 0.25), np.full(units, 0.5))
    noise = generator.standard_normal((2, 3, side, side)).astype(np.float32)
    bundle = Bundle(
        name, vae, denoiser, unit_labels(units), norm, 20, {str(k): even_timesteps(k) for k in (1, 2, 4)},
        open_evidence(options[0].dimension), counts, noise,
        provenance={
            "generator": "phosphene-train", "seed": seed, "data": "none: random weights", "licence": "Apache-2.0",
            "command": "phosphene-train tiny", "options": {},
        },
    )  # fmt: skip
    write_bundle(bundle, folder)
    driven = generator.normal(5, 12, (4, units)).astype(np.float32)
    write_session(folder / "session", name, flat_stimuli(options[0], side), driven, population)
    (folder / "MODEL_CARD.md").write_text(f"# {name}\n\nRandom weights, for tests and timing. It decodes nothing.\n")


def open_evidence(dimension: int) -> Evidence:
    """Thresholds that reject only windows with next to no bits: a random model has nothing to calibrate."""
    return Evidence(0.01, -1, 100, np.zeros(dimension), np.ones(dimension), {"how": "none: random weights"})


def flat_stimuli(options: VaeOptions, side: int) -> list[Stimulus]:
    """Four pictures of one colour each."""
    colours = [(200, 60, 60), (60, 160, 70), (70, 90, 200), (210, 180, 60)]
    pictures = [np.full((side, side, 3), colour, dtype=np.uint8) for colour in colours]
    labels = options.readouts[0].labels[:4]
    return [
        Stimulus(f"{name}-{i}", name, {"heldOut": "rendering"}, picture)
        for i, (name, picture) in enumerate(zip(labels, pictures, strict=True))
    ]
