"""A direct bundle's folder: decode.onnx, golden.json, manifest.json (docs/bundle.md)."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from ..evidence import Evidence
from ..golden import Normalisation
from ..graph_bundle import Files, GoldenCase, GoldenRun, manifest_parts, write_graph_bundle
from .export import export_decode, output_names
from .model import DirectModel
from .quantise import round_to_int8


@dataclass
class DirectBundle:
    """Everything that the folder says, before it is written."""

    name: str
    model: DirectModel
    labels: list[str]
    normalisation: Normalisation
    bin_ms: float
    evidence: Evidence
    golden_counts: np.ndarray
    """Spike counts [N, W, U] of the golden cases."""
    provenance: dict = field(default_factory=dict)
    metrics: dict = field(default_factory=dict)


def write_direct_bundle(bundle: DirectBundle, folder: Path) -> None:
    """Round the weights in place, then write graph, golden outputs and manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    model = round_to_int8(bundle.model.cpu().float().eval())
    export_decode(model, folder / "decode.onnx")
    vae, side = model.vae.options, model.options.painter.image
    parts = manifest_parts(
        bundle.name, "direct", labels=bundle.labels, bin_ms=bundle.bin_ms, window=vae.window,
        normalisation=bundle.normalisation, groups=vae.groups, readouts=[r.manifest() for r in vae.readouts],
        image=(side, side), evidence=bundle.evidence.manifest(), provenance=bundle.provenance, metrics=bundle.metrics,
    )  # fmt: skip
    cases = [golden_case(model, counts, bundle.normalisation, at) for at, counts in enumerate(bundle.golden_counts)]
    write_graph_bundle(folder, parts, Files({"decode": "decode.onnx"}), cases)


@torch.no_grad()
def golden_case(model: DirectModel, counts: np.ndarray, norm: Normalisation, at: int) -> GoldenCase:
    """Counts [W, U] and every output; the first case is not steered, each later one is in all of its latents."""
    window = torch.from_numpy(norm.apply(counts))[None]
    steering = torch.full((1, model.vae.options.dimension), 0.5 * at)
    outputs = dict(zip(output_names(model), model(window, steering), strict=True))
    return GoldenCase(counts, {"decode": GoldenRun({"window": window, "steering": steering}, outputs)})
