"""Bundles with random weights: the fixture of the daemon's tests, and one of the demo's size for timing."""

from pathlib import Path

import numpy as np
import torch

from .bundle import Bundle, write_bundle
from .catalogue import categories
from .cortex import Cortex, make_cortex
from .denoiser import Denoiser, DenoiserOptions, group_sizes
from .diffusion import TIMESTEPS
from .evidence import Evidence
from .golden import Normalisation
from .half import round_to_half
from .population import random_population
from .render import backgrounds
from .session import Stimulus, unit_labels, write_session
from .stimuli import random_scenes
from .vae import GroupVae, Readout, VaeOptions
from .vision import Vision

GROUPS = ("pose", "category", "content-1", "content-2")


def readouts(labels: tuple[str, ...] | None = None) -> tuple[Readout, ...]:
    """Category from the group `category`; position and size, and rotation, from the group `pose`."""
    return (
        Readout("category", "class", labels or categories(), "category"),
        Readout("pose", "value", ("x", "y", "size"), "pose", "image widths"),
        Readout("rotation", "value", ("angle",), "pose", "degrees"),
    )


def tiny_options() -> tuple[VaeOptions, DenoiserOptions]:
    """8 units, 8 latents, 16x16 pictures."""
    groups = tuple((name, 2) for name in GROUPS)
    vae = VaeOptions(8, 5, groups, readouts(("animals", "boats", "cars", "chairs")), hidden=32)
    return vae, DenoiserOptions(group_sizes(groups), image=16, patch=4, width=32, blocks=2, heads=4, head_channels=4)


def demo_options() -> tuple[VaeOptions, DenoiserOptions]:
    """256 units, 48 latents, 64x64 pictures: the shape of models/demo."""
    groups = tuple(zip(GROUPS, (8, 8, 16, 16), strict=True))
    denoiser = DenoiserOptions(group_sizes(groups), width=384, blocks=6, heads=6)
    return VaeOptions(256, 5, groups, readouts(), picture_features=64), denoiser


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
        name, vae, denoiser, unit_labels(units), norm, 20, TIMESTEPS,
        open_evidence(options[0].dimension), counts, noise,
        provenance={
            "generator": "phosphene-train", "seed": seed, "data": "none: random weights", "licence": "Apache-2.0",
            "command": "phosphene-train tiny", "options": {},
        },
    )  # fmt: skip
    write_bundle(bundle, folder)
    stimuli = flat_stimuli(options[0], side)
    cortex = random_cortex(units, side, generator)
    driven = cortex.rates(torch.stack([to_picture(s.picture) for s in stimuli])).numpy()
    write_session(folder / "session", name, stimuli, driven, population, cortex)
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


def random_cortex(units: int, side: int, generator: np.random.Generator) -> Cortex:
    """Units over a small picture network of random weights, scaled on gradients of colour."""
    vision = Vision(8, 8, features=32, widths=(8, 8, 16, 16), side=side).eval().requires_grad_(False)
    scenes = random_scenes(torch.zeros(1, dtype=torch.long), 256, generator)
    pictures = backgrounds(scenes, side, torch.device("cpu")) * 2 - 1
    return make_cortex(round_to_half(vision), pictures, units, generator)


def to_picture(picture: np.ndarray) -> torch.Tensor:
    """uint8 [H, W, 3] -> [3, H, W] in [-1, 1]."""
    return torch.from_numpy(picture).permute(2, 0, 1).float() / 127.5 - 1
