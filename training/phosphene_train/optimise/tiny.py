"""The fixture of the daemon's tests: an `optimise` bundle of random weights."""

from pathlib import Path

import numpy as np
import torch

from ..denoiser import Denoiser, DenoiserOptions
from ..golden import Normalisation
from ..half import round_to_half
from ..session import unit_labels
from .bundle import Guidance, OptimiseBundle, write_optimise_bundle
from .encoder import EncoderOptions, StillEncoder
from .inversion import OUTPUTS, Inversion, InversionOptions
from .plain_encoder import PlainEncoder
from .prior import Prior

UNITS, BINS = 8, 5


def write_tiny(folder: Path, prior: bool = False) -> None:
    """Two encoders of 8 units and 12x12 pixels, whose pictures are averaged; or, with `prior`, one and a denoiser."""
    torch.manual_seed(0)
    side = 8 if prior else 12
    encoders = [tiny_encoder(side) for _ in range(1 if prior else 2)]
    share = torch.ones(UNITS)
    share[[2, 5]] = 0
    inversion = Inversion(encoders, share, InversionOptions(ensemble="gradients" if prior else OUTPUTS))
    counts = np.random.default_rng(0).poisson(0.5, (1, BINS, UNITS)).astype(np.float32)
    norm = Normalisation(np.full(UNITS, 0.25), np.full(UNITS, 0.5))
    guidance = None
    if prior:
        shape = DenoiserOptions((1,), image=side, patch=4, width=8, blocks=2, heads=2, head_channels=4)
        guidance = Guidance(Prior(Denoiser(shape)), runs=(1, 2), inner=2)
    explained = (-1.0, {"how": "none: random weights"})
    name = "tiny-optimise-prior" if prior else "tiny-optimise"
    bundle = OptimiseBundle(
        name, inversion, unit_labels(UNITS), norm, 20, BINS, explained, counts,
        guidance, ladder=(1, 2, 4), unrolled=(1, 2),
        provenance={
            "generator": "phosphene-train", "seed": 0, "data": "none: random weights", "licence": "Apache-2.0",
            "command": "phosphene-train tiny --kind optimise", "options": {},
        },
    )  # fmt: skip
    write_optimise_bundle(bundle, folder)
    (folder / "MODEL_CARD.md").write_text(
        "# tiny-optimise\n\nRandom weights, for tests and timing. It decodes nothing.\n"
    )


def tiny_encoder(side: int) -> PlainEncoder:
    """An encoder whose answers vary with the picture."""
    encoder = StillEncoder(EncoderOptions(UNITS, 3, side, side, ((6, 3, 2), (8, 3, 2)), 2)).eval()
    encoder.requires_grad_(False)
    encoder.start_at(torch.rand(64, 3, side, side) * 2 - 1, torch.full((UNITS,), 1.5))
    return PlainEncoder(round_to_half(encoder))
