"""A linear bundle of random matrices: the fixture of the daemon's tests, and any size for timing."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ..golden import Normalisation
from ..random_bundle import GROUPS, open_evidence, readouts
from ..session import unit_labels
from ..vae import VaeOptions
from .bundle import LinearBundle, write_linear_bundle
from .model import Affine, LinearModel


@dataclass(frozen=True)
class RandomOptions:
    """Sizes; the latents are dealt evenly to four groups."""

    units: int = 8
    window: int = 5
    latents: int = 8
    side: int = 8


def write_random_linear(folder: Path, sizes: RandomOptions, name: str, seed: int = 0) -> None:
    """A complete bundle without a session: the rig of any bundle with as many units drives it."""
    draw = np.random.default_rng(seed)
    options = VaeOptions(
        sizes.units, sizes.window, groups(sizes.latents), readouts(("animals", "boats", "cars", "chairs"))
    )

    def affine(out: int, inputs: int, scale: float) -> Affine:
        weights = draw.standard_normal((out, inputs)) * scale / np.sqrt(inputs)
        return Affine(torch.from_numpy(weights).float(), torch.from_numpy(draw.standard_normal(out) * 0.1).float())

    model = LinearModel(
        options, sizes.side,
        affine(sizes.latents, sizes.window * sizes.units, 1.0),
        torch.from_numpy(draw.uniform(-2, -0.5, sizes.latents)).float(),
        affine(3 * sizes.side**2, sizes.latents, 0.5),
        affine(sizes.units, sizes.latents, 1.0),
        {r.name: affine(len(r.labels), sizes.latents, 1.0) for r in options.readouts},
    )  # fmt: skip
    counts = draw.poisson(0.5, (2, sizes.window, sizes.units)).astype(np.float32)
    norm = Normalisation(np.full(sizes.units, 0.25), np.full(sizes.units, 0.5))
    bundle = LinearBundle(
        name, model, unit_labels(sizes.units), norm, 20, open_evidence(sizes.latents), counts,
        provenance={
            "generator": "phosphene-train", "seed": seed, "data": "none: random matrices", "licence": "Apache-2.0",
            "command": "phosphene-train tiny --linear", "options": {},
        },
    )  # fmt: skip
    write_linear_bundle(bundle, folder)
    (folder / "MODEL_CARD.md").write_text(f"# {name}\n\nRandom matrices, for tests and timing. It decodes nothing.\n")


def groups(latents: int) -> tuple[tuple[str, int], ...]:
    """The four groups of the demo, as even as they can be."""
    cut = [round(latents * at / len(GROUPS)) for at in range(len(GROUPS) + 1)]
    return tuple((name, b - a) for name, a, b in zip(GROUPS, cut, cut[1:], strict=False) if b > a)
