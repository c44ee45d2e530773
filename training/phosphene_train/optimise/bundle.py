"""An `optimise` bundle's folder: graphs, golden outputs, manifest. The page docs/bundle.md is the contract."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..evidence import Evidence
from ..export import trace, write
from ..golden import Normalisation
from ..graph_bundle import Files, GoldenCase, GoldenRun, manifest_parts, write_graph_bundle
from ..graph_weights import WeightFile
from .graph import GUIDE, ITERATE, JUDGE, graph_modules
from .inversion import Inversion
from .prior import Prior

LADDER = (1, 2, 4, 8, 16, 32)
"""Iterations that a frame may take."""
UNROLLED = (1, 8)
"""Iterations for which there is a graph. Unrolling gains nothing on a CPU; on a GPU it saves calls."""
MISSING = {
    "bits": "The picture is the one that the encoder explains best; no posterior comes with it.",
    "atypicality": "There are no latents that could be typical or not.",
}


@dataclass(frozen=True)
class Guidance:
    """A prior in a bundle: runs of the denoiser that a frame may take, inner steps and pull of each run, and the time
    that is begun with where a picture came before."""

    prior: Prior
    runs: tuple[int, ...] = (1, 2, 4)
    inner: int = 8
    scale: float = 30.0
    again: float = 0.6

    def manifest(self) -> dict:
        return {"runs": list(self.runs), "inner": self.inner, "scale": self.scale, "again": self.again}


@dataclass
class OptimiseBundle:
    """Everything that the folder says, before it is written."""

    name: str
    inversion: Inversion
    labels: list[str]
    normalisation: Normalisation
    bin_ms: float
    window: int
    explained: tuple[float, dict]
    """Threshold, and how it was set."""
    golden_counts: np.ndarray
    """Spike counts [N, W, U] of the golden cases."""
    guidance: Guidance | None = None
    ladder: tuple[int, ...] = LADDER
    unrolled: tuple[int, ...] = UNROLLED
    provenance: dict = field(default_factory=dict)
    metrics: dict = field(default_factory=dict)

    def evidence(self) -> dict:
        """`explained` of the units that are kept out of the loss; the rest is missing."""
        units = torch.nonzero(self.inversion.share == 0)[:, 0].tolist()
        threshold, calibration = self.explained
        nothing = np.zeros(0)
        return Evidence(None, threshold, None, nothing, nothing, calibration, MISSING, units).manifest()

    def manifest(self) -> dict:
        """All of manifest.json but `files`."""
        _, _, _, height, width = self.inversion.grey(1)[0].shape
        parts = manifest_parts(
            self.name, "optimise", labels=self.labels, bin_ms=self.bin_ms, window=self.window,
            normalisation=self.normalisation, groups=(), readouts=(), image=(height, width),
            evidence=self.evidence(), provenance=self.provenance, metrics=self.metrics,
        )  # fmt: skip
        return {**parts, "optimise": self.constants()}

    def constants(self) -> dict:
        """The manifest's `optimise`."""
        inversion, options = self.inversion, self.inversion.options
        own = {
            "encoders": len(inversion.encoders),
            "ensemble": options.ensemble,
            "pictures": inversion.runs,
            "channels": inversion.grey(1)[0].shape[2],
            "rate": options.rate,
            "warmUp": options.warm_up,
            "smooth": options.smooth,
            "blur": options.blur,
        }
        if self.guidance:
            return {**own, "prior": self.guidance.manifest()}
        return {**own, "ladder": list(self.ladder), "unrolled": list(self.unrolled)}


@torch.no_grad()
def write_optimise_bundle(bundle: OptimiseBundle, folder: Path) -> None:
    """Graphs with their weights in one file, golden outputs and manifest; the weights are rounded to fp16 in place."""
    folder.mkdir(parents=True, exist_ok=True)
    guide = bundle.guidance and {"prior": bundle.guidance.prior, **bundle.guidance.manifest()}
    modules = graph_modules(bundle.inversion, bundle.normalisation, bundle.window, bundle.unrolled, guide)
    shared = WeightFile(folder / "weights.bin")
    for name, module in modules.items():
        inputs = first_inputs(bundle, name, bundle.golden_counts[0])
        write(trace(module, tuple(inputs.values()), list(inputs), outputs(name)), folder / f"{name}.onnx", shared)
    shared.save()
    cases = [golden_case(bundle, modules, counts) for counts in bundle.golden_counts]
    files = Files({name: f"{name}.onnx" for name in modules}, weights="weights.bin")
    write_graph_bundle(folder, bundle.manifest(), files, cases)


def outputs(name: str) -> list[str]:
    """Names of a graph's outputs."""
    if name == JUDGE:
        return ["image", "expected", "loss"]
    return ["next_picture", "next_momentum"] if name.startswith(ITERATE[:-2]) else ["next_picture"]


def first_inputs(bundle: OptimiseBundle, name: str, counts: np.ndarray) -> dict[str, Tensor]:
    """Inputs of a graph for a window [W, U] that comes first."""
    window = torch.from_numpy(bundle.normalisation.apply(counts))[None]
    picture, momentum = (x[0] for x in bundle.inversion.grey(1))
    if name == JUDGE:
        return {"window": window, "picture": picture}
    if name.startswith(ITERATE[:-2]):
        return {"window": window, "picture": picture, "momentum": momentum, "age": torch.zeros(1)}
    noise = torch.randn(picture.shape, generator=torch.Generator().manual_seed(0))
    return {"window": window, "picture": picture, "noise": noise, "first": torch.ones(1)}


def golden_case(bundle: OptimiseBundle, modules: dict[str, nn.Module], counts: np.ndarray) -> GoldenCase:
    """Every graph for one window, after what the smallest of them found from grey; and `judge` of that."""
    smallest = min((name for name in modules if name != JUDGE), key=lambda name: int(name.rpartition("-")[2]))
    first = first_inputs(bundle, smallest, counts)
    found = run(modules[smallest], first)
    picture = found["next_picture"]
    later = {"picture": picture, "momentum": found.get("next_momentum")}
    runs = {}
    for name, module in modules.items():
        inputs = {key: later.get(key, value) for key, value in first_inputs(bundle, name, counts).items()}
        if "age" in inputs:
            inputs["age"] = torch.full((1,), float(min(bundle.unrolled)))
        if "first" in inputs:
            inputs["first"] = torch.zeros(1)
        runs[name] = GoldenRun(inputs, run(module, inputs, outputs(name)))
    return GoldenCase(counts, runs)


def run(module: nn.Module, inputs: dict[str, Tensor], names: list[str] | None = None) -> dict[str, Tensor]:
    """A graph's outputs by name, by PyTorch."""
    found = module(*inputs.values())
    found = found if isinstance(found, tuple) else (found,)
    return dict(zip(names or ["next_picture", "next_momentum"], found, strict=False))


__all__ = ["GUIDE", "Guidance", "OptimiseBundle", "write_optimise_bundle"]
