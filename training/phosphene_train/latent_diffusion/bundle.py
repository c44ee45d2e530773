"""A latent-diffusion bundle: docs/bundle.md, kind `latent-diffusion`."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..denoiser import GUIDANCE_RANGE
from ..diffusion import TIMESTEPS
from ..golden import Normalisation
from ..graph_bundle import manifest_parts, write_graph_bundle
from .export import export, golden_case
from .fit import Fitted

NO_POSTERIOR = "the embedding is an estimate without a posterior: ridge regression gives no variance for a window"


@dataclass(frozen=True)
class Bundle:
    """Everything that a bundle folder says. `weights` [W] make a window's volumes one pattern; `counts` [N, W, V] are
    the golden cases' intensities; `age_s` is how long before the window's end the decoded picture appeared."""

    name: str
    fitted: Fitted
    labels: list[str]
    normalisation: Normalisation
    weights: np.ndarray
    tr_s: float
    age_s: float
    evidence: dict
    counts: np.ndarray
    guidance: float
    provenance: dict
    metrics: dict
    seed: int = 0


def write_bundle(bundle: Bundle, folder: Path) -> None:
    """Graphs, golden outputs, manifest. The weights are rounded to fp16 already (fit)."""
    o = bundle.fitted.student.options
    files = export(bundle.fitted, bundle.weights, folder)
    random = np.random.default_rng(bundle.seed)
    cases = []
    for counts in bundle.counts:
        noise = random.standard_normal((o.channels, o.side, o.side))
        window = bundle.normalisation.apply(counts)
        cases.append(golden_case(bundle.fitted, bundle.weights, counts, window, noise, bundle.guidance))
    write_graph_bundle(folder, manifest(bundle), files, cases)


def manifest(bundle: Bundle) -> dict:
    """All of the manifest but its files."""
    fitted, o = bundle.fitted, bundle.fitted.student.options
    side = fitted.autoencoder.options.side
    classes = list(fitted.classes)
    parts = manifest_parts(
        bundle.name, "latent-diffusion", labels=bundle.labels, bin_ms=bundle.tr_s * 1000, window=len(bundle.weights),
        normalisation=bundle.normalisation, groups=fitted.condition.groups,
        readouts=[{"name": "category", "kind": "class", "labels": classes}] if classes else [],
        image=(side, side), evidence=bundle.evidence, provenance=bundle.provenance, metrics=bundle.metrics,
    )  # fmt: skip
    return {
        **parts,
        "haemodynamics": {"weights": [round(float(w), 6) for w in bundle.weights], "ageS": bundle.age_s},
        "tokens": {"count": o.tokens, "width": o.context},
        "latent": {"channels": o.channels, "height": o.side, "width": o.side},
        "schedule": {"kind": "cosine", "prediction": "v", "timesteps": TIMESTEPS},
        "guidance": dict(zip(("default", "min", "max"), (bundle.guidance, *GUIDANCE_RANGE), strict=True)),
    }


def evidence_manifest(
    explained: float, atypicality: float, mean: np.ndarray, std: np.ndarray, calibration: dict
) -> dict:
    """Thresholds of what can be computed, and why bits cannot."""
    return {
        "bitsThreshold": None,
        "explainedThreshold": round(explained, 4),
        "atypicalityThreshold": round(atypicality, 4),
        "missing": {"bits": NO_POSTERIOR},
        "latentMean": [round(float(v), 6) for v in mean],
        "latentStd": [round(float(v), 6) for v in std],
        "calibration": calibration,
    }
