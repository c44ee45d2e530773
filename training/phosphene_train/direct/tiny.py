"""A direct bundle of random weights, with the units of the other fixtures: what the tests of the kind run on."""

from pathlib import Path

import numpy as np
import torch

from ..golden import Normalisation
from ..random_bundle import open_evidence, tiny_options
from ..session import unit_labels
from ..vae import GroupVae
from .bundle import DirectBundle, write_direct_bundle
from .model import DirectModel, DirectOptions
from .painter import PainterOptions


def tiny_model(seed: int = 0) -> DirectModel:
    """8 units, 8 latents, 16 x 16 pictures."""
    torch.manual_seed(seed)
    vae = GroupVae(tiny_options()[0])
    painter = PainterOptions(16, 3, (16, 16, 12, 8), 4)
    maps = torch.randn(vae.options.units, 3, painter.map_side, painter.map_side)
    model = DirectModel(vae, maps, DirectOptions(painter, context=3))
    for block in model.painter.blocks:  # trained ones do something
        torch.nn.init.normal_(block.second.weight, std=0.05)
    return model.eval().requires_grad_(False)


def write_tiny(folder: Path, name: str = "tiny-direct", seed: int = 0) -> None:
    """The folder, without a session: the rig of tiny-bundle plays its units."""
    model = tiny_model(seed)
    o = model.vae.options
    counts = np.random.default_rng(seed).poisson(0.5, (2, o.window, o.units)).astype(np.float32)
    provenance = {
        "generator": "phosphene-train", "seed": seed, "data": "none: random weights", "licence": "Apache-2.0",
        "command": "phosphene-train tiny --kind direct", "options": {},
    }  # fmt: skip
    norm = Normalisation(np.full(o.units, 0.25), np.full(o.units, 0.5))
    evidence = open_evidence(o.dimension)
    bundle = DirectBundle(name, model, unit_labels(o.units), norm, 20, evidence, counts, provenance)
    write_direct_bundle(bundle, folder)
    (folder / "MODEL_CARD.md").write_text(f"# {name}\n\nRandom weights, for tests and timing. It decodes nothing.\n")
