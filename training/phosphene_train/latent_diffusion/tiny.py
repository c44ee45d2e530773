"""A latent-diffusion bundle of random weights: the fixture of the daemon's tests."""

from pathlib import Path

import numpy as np
import torch

from ..half import round_to_half
from .bold import Noise, Paradigm
from .bundle import Bundle, evidence_manifest, write_bundle
from .fit import Fitted
from .hrf import window_weights
from .session import write_bold_session
from .sizes import TINY
from .state import build

UNITS, TR_S = 8, 0.04
CLASSES = ("animals", "boats", "cars", "chairs")
PARADIGM = Paradigm(tr_s=TR_S, on_s=0.16, apart_s=0.32, volumes=6, age=5, ages=(5,))
"""Bins of 40 ms, so that tests need not wait; haemodynamics of seconds would be flat in such a window."""
FASTER = 25.0
"""How many times faster than a scanner's the fixture's haemodynamics are."""


def write_tiny(folder: Path, name: str = "tiny-latent-diffusion", seed: int = 0) -> None:
    """A complete bundle, with a session of BOLD time courses of four stimuli."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    parts = {key: round_to_half(module) for key, module in build(TINY, UNITS, CLASSES).items()}
    fitted = Fitted(parts["condition"], parts["autoencoder"], parts["student"], parts["student"], CLASSES, {})
    p = PARADIGM
    weights = window_weights(p.volumes, TR_S * FASTER, p.age * TR_S * FASTER, p.on_s * FASTER, p.apart_s * FASTER)
    session = write_bold_session(folder / "session", name, p, Noise(), random, fitted.autoencoder.options.side, FASTER)
    counts = random.normal(session.mean, session.std, (2, p.volumes, UNITS)).round()
    dimension = TINY.dimension
    evidence = evidence_manifest(-1, 100, np.zeros(dimension), np.ones(dimension), {"how": "none: random weights"})
    bundle = Bundle(
        name, fitted, session.labels, session.normalisation(), weights, TR_S, p.age * TR_S, evidence, counts, 1.5,
        {"generator": "phosphene-train", "seed": seed, "data": "none: random weights", "licence": "Apache-2.0",
         "command": "phosphene-train tiny --kind latent-diffusion", "options": {}}, {}, seed,
    )  # fmt: skip
    write_bundle(bundle, folder)
    (folder / "MODEL_CARD.md").write_text(f"# {name}\n\nRandom weights, for tests. It decodes nothing.\n")
