"""Assemble a bundle folder: graphs, golden.json, manifest.json. The page docs/bundle.md is the contract."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .denoiser import GUIDANCE_RANGE, Denoiser
from .diffusion import Timesteps
from .evidence import Evidence
from .export import export_graphs
from .golden import HALF_TOLERANCE, TOLERANCE, Normalisation, golden_case
from .half import round_to_half
from .vae import GroupVae, VaeOptions

if TYPE_CHECKING:
    from .linear.bundle import LinearBundle

FORMAT = 1


@dataclass
class Bundle:
    """Everything that a bundle folder says, before it is written."""

    name: str
    vae: GroupVae
    denoiser: Denoiser
    labels: list[str]
    normalisation: Normalisation
    bin_ms: float
    timesteps: Timesteps
    evidence: Evidence
    golden_counts: np.ndarray
    """Spike counts [N, W, U] of the golden cases."""
    golden_noise: np.ndarray
    """Noise [N, 3, H, W] of the golden cases."""
    noise_scale: float = 1.0
    guidance: float = 1.0
    """The guidance weight that the daemon uses unless told otherwise."""
    provenance: dict = field(default_factory=dict)
    metrics: dict = field(default_factory=dict)


def write_bundle(bundle: Bundle, folder: Path) -> None:
    """Round the weights to fp16 in place, then write graphs, golden outputs and manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    round_to_half(bundle.vae)
    round_to_half(bundle.denoiser)
    export_graphs(bundle.vae, bundle.denoiser, bundle.timesteps, folder)
    write_json(folder / "golden.json", golden(bundle))
    write_json(folder / "manifest.json", manifest(bundle, folder), indent=1)


def golden(bundle: Bundle) -> dict:
    """The content of golden.json."""
    pairs = zip(bundle.golden_counts, bundle.golden_noise, strict=True)
    models = (bundle.vae, bundle.denoiser, bundle.timesteps)
    cases = [golden_case(*models, counts, noise, bundle.normalisation, bundle.guidance) for counts, noise in pairs]
    return {"tolerance": TOLERANCE, "halfTolerance": HALF_TOLERANCE, "cases": cases}


def manifest(bundle: Bundle, folder: Path) -> dict:
    """The content of manifest.json; digests are of the files as they lie in `folder`."""
    vae, side = bundle.vae.options, bundle.denoiser.options.image
    samples = {k: file_entry(folder, f"sample-{k}.onnx") for k in bundle.timesteps}
    named = {"encode": "encode.onnx", "step": "step.onnx", "weights": "weights.bin", "golden": "golden.json"}
    return {
        **identity(bundle, "diffusion", vae, side),
        "schedule": {"kind": "cosine", "prediction": "v", "timesteps": bundle.timesteps},
        "noise": {"scale": bundle.noise_scale},
        "guidance": dict(zip(("default", "min", "max"), (bundle.guidance, *GUIDANCE_RANGE), strict=True)),
        "files": {
            **{key: file_entry(folder, name) for key, name in named.items()},
            "sample": samples,
            "half": {
                "step": file_entry(folder, "step-half.onnx"),
                "sample": {k: file_entry(folder, f"sample-{k}-half.onnx") for k in bundle.timesteps},
            },
        },
        **account(bundle),
    }


def identity(bundle: "Bundle | LinearBundle", kind: str, vae: VaeOptions, side: int) -> dict:
    """What the manifest of every kind begins with: from what, to what."""
    return {
        "format": FORMAT,
        "name": bundle.name,
        "kind": kind,
        "units": {"count": vae.units, "labels": bundle.labels},
        "bins": {"widthMs": bundle.bin_ms, "window": vae.window},
        "normalisation": bundle.normalisation.manifest(),
        "latents": {"dimension": vae.dimension, "groups": [{"name": n, "size": s} for n, s in vae.groups]},
        "readouts": [readout.manifest() for readout in vae.readouts],
        "image": {"height": side, "width": side, "channels": 3},
    }


def account(bundle: "Bundle | LinearBundle") -> dict:
    """What it ends with: thresholds, origin, figures."""
    return {
        "evidence": bundle.evidence.manifest(),
        "provenance": {"createdAt": datetime.now(UTC).isoformat(timespec="seconds"), **bundle.provenance},
        "metrics": bundle.metrics,
    }


def file_entry(folder: Path, name: str) -> dict:
    """Relative path, SHA-256 and length of one file."""
    data = (folder / name).read_bytes()
    return {"path": name, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def write_json(path: Path, value: dict, indent: int | None = None) -> None:
    """JSON with a newline at its end; NaN is refused, since it is no JSON."""
    path.write_text(json.dumps(value, indent=indent, allow_nan=False) + "\n")
