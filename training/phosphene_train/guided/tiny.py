"""A guided bundle of random weights, with the units of the other fixtures: what the tests of the kind run on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from ..denoiser import Denoiser, DenoiserOptions
from ..golden import Normalisation
from ..random_bundle import open_evidence, tiny_options
from ..session import unit_labels
from ..vae import GroupVae
from .bundle import Exact, GuidedBundle, write_guided_bundle
from .guide import Guide, GuideOptions
from .network import Editor
from .pairs import EditOptions, Networks
from .push import Spectrum


def tiny_exact(groups: tuple[int, ...], seed: int = 0) -> Exact:
    """Networks of the exact way for 16 x 16 pictures."""
    torch.manual_seed(seed)
    sizes = {"features": 16, "hidden": 16, "latent_hidden": 16, "code": 8, "negatives": 8, "widths": (8,)}
    guide = Guide(GuideOptions(groups, 4, 6, side=16, **sizes))
    guide.negatives.normal_()
    # As large as trained ones: codes of fresh weights are so short that no latent is preferred.
    for layer in (*guide.picture_codes, *(code[-1] for code in guide.latent_codes)):
        if isinstance(layer, torch.nn.Linear):
            layer.weight.data.mul_(4)
    free = Denoiser(tiny_shape())
    nets = Networks(free.eval().requires_grad_(False), guide.eval().requires_grad_(False), Spectrum(16))
    return Exact(nets, EditOptions())


def tiny_shape() -> DenoiserOptions:
    """One block of 16 wide: the graphs weigh more than their weights."""
    return replace(tiny_options()[1], width=16, blocks=1, heads=2)


def write_tiny(folder: Path, name: str = "tiny-guided", seed: int = 0) -> None:
    """The folder, without a session: the rig of tiny-bundle plays its units."""
    torch.manual_seed(seed)
    options, shape = tiny_options()[0], tiny_shape()
    vae, student = GroupVae(options), Editor(shape, largest_gamma=3.0, largest_eta=4.0)
    counts = np.random.default_rng(seed).poisson(0.5, (1, options.window, options.units)).astype(np.float32)
    provenance = {
        "generator": "phosphene-train", "seed": seed, "data": "none: random weights", "licence": "Apache-2.0",
        "command": "phosphene-train tiny --kind guided", "options": {},
    }  # fmt: skip
    bundle = GuidedBundle(
        name, vae.eval().requires_grad_(False), student.eval().requires_grad_(False), tiny_exact(shape.groups, seed),
        unit_labels(options.units), Normalisation(np.full(options.units, 0.25), np.full(options.units, 0.5)), 20, 2.0,
        open_evidence(options.dimension), counts, provenance, seed=seed,
    )  # fmt: skip
    write_guided_bundle(bundle, folder)
    (folder / "MODEL_CARD.md").write_text(f"# {name}\n\nRandom weights, for tests and timing. It decodes nothing.\n")
