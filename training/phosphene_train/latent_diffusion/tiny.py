"""A latent-diffusion bundle of random weights: the fixture of the daemon's tests."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from ..golden import Normalisation
from ..half import round_to_half
from ..session import Stimulus
from .bold import Noise, Paradigm, make_scanner, run_of
from .bundle import Bundle, evidence_manifest, write_bundle
from .fit import Fitted
from .hrf import window_weights
from .session import BoldSession, voxel_labels, write_bold_session
from .sizes import TINY
from .state import build

UNITS = 8
CLASSES = ("animals", "boats", "cars", "chairs")
COLOURS = ((200, 60, 60), (60, 160, 70), (70, 90, 200), (210, 180, 60))
FASTER = 25.0
"""Time goes faster than in a scanner, a volume lasts 40 ms, so that tests need not wait."""
PARADIGM = Paradigm(volumes=8, age=8, ages=(8,))


def write_tiny(folder: Path, name: str = "tiny-latent-diffusion", seed: int = 0) -> None:
    """A complete bundle, with a session of BOLD time courses of four stimuli."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    parts = {key: round_to_half(module) for key, module in build(TINY, UNITS, CLASSES).items()}
    fitted = Fitted(parts["condition"], parts["autoencoder"], parts["student"], parts["student"], CLASSES, {})
    p = PARADIGM
    weights = window_weights(p.volumes, p.tr_s, p.age * p.tr_s, p.on_s, p.apart_s).astype(np.float32)
    session = tiny_session(name, random)
    generator = torch.Generator().manual_seed(seed)
    shown = session.responses.repeat(16, 1)
    volumes = run_of(p, session.noise, session.scanner, shown, generator, p.volumes)
    norm = Normalisation(volumes.mean(0).numpy().round(6), volumes.std(0).numpy().round(6))
    counts = volumes[None, 40 : 40 + p.volumes].numpy()
    dimension = TINY.dimension
    evidence = evidence_manifest(-1, 100, np.zeros(dimension), np.ones(dimension), {"how": "none: random weights"})
    bundle = Bundle(
        name, fitted, session.labels, norm, weights, p.tr_s / FASTER, p.age * p.tr_s / FASTER, evidence, counts, 1.5,
        {"generator": "phosphene-train", "seed": seed, "data": "none: random weights", "licence": "Apache-2.0",
         "command": "phosphene-train tiny --kind latent-diffusion", "options": {}}, {}, seed,
    )  # fmt: skip
    write_bundle(bundle, folder)
    write_bold_session(folder / "session", session)
    (folder / "MODEL_CARD.md").write_text(f"# {name}\n\nRandom weights, for tests. It decodes nothing.\n")


def tiny_session(name: str, random: np.random.Generator) -> BoldSession:
    """Four pictures of one colour each; three shared components of noise."""
    noise = replace(Noise(), components=3)
    scanner = make_scanner(UNITS, noise, random, torch.device("cpu"))
    responses = torch.from_numpy(random.standard_normal((len(COLOURS), UNITS)).astype(np.float32))
    stimuli = [
        Stimulus(f"{label}-{at}", label, {}, np.full((TINY.side, TINY.side, 3), colour, dtype=np.uint8))
        for at, (label, colour) in enumerate(zip(CLASSES, COLOURS, strict=True))
    ]
    return BoldSession(name, voxel_labels(UNITS), stimuli, responses, PARADIGM, noise, scanner, FASTER)
