"""A guided bundle: docs/bundle.md, kind `guided`."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ..diffusion import TIMESTEPS
from ..direct.quantise import round_to_int8
from ..evidence import Evidence
from ..golden import TOLERANCE, Normalisation
from ..graph_bundle import GoldenCase, GoldenRun, manifest_parts, write_graph_bundle
from ..vae import GroupVae
from .edit import DEEPEST
from .export import export, modules, outputs_of
from .network import Editor
from .pairs import EditOptions, Networks

EXACT_LADDER = (8, 16, 32)
"""Steps that the exact way may take each way, after the student's."""

EXACT_TOLERANCE = 5e-3
"""Of bundles with the exact way: scores are hundreds of nats, and a push is bounded by its own length."""


@dataclass(frozen=True)
class Exact:
    """The networks of the exact way, and how it was measured to work best (train.py)."""

    nets: Networks
    options: EditOptions


@dataclass
class GuidedBundle:
    """Everything that the folder says, before it is written. `eta` is the default guidance weight."""

    name: str
    vae: GroupVae
    student: Editor
    exact: Exact | None
    labels: list[str]
    normalisation: Normalisation
    bin_ms: float
    eta: float
    evidence: Evidence
    golden_counts: np.ndarray
    """Spike counts [N, W, U] of the golden cases."""
    provenance: dict = field(default_factory=dict)
    metrics: dict = field(default_factory=dict)
    seed: int = 0

    @property
    def side(self) -> int:
        return self.student.inner.options.image


def write_guided_bundle(bundle: GuidedBundle, folder: Path) -> None:
    """Round the weights in place, then write graphs, golden outputs and manifest."""
    exact = bundle.exact
    for model in [bundle.vae, bundle.student, *((exact.nets.prior, exact.nets.guide) if exact else ())]:
        round_to_int8(model.cpu().float().eval())
    graphs = modules(bundle.vae, bundle.student, exact.nets if exact else None)
    files = export(graphs, bundle.vae, bundle.side, folder)
    cases = [golden_case(bundle, graphs, counts, at) for at, counts in enumerate(bundle.golden_counts)]
    write_graph_bundle(folder, manifest(bundle), files, cases, EXACT_TOLERANCE if exact else TOLERANCE)


def manifest(bundle: GuidedBundle) -> dict:
    """All of the manifest but its files."""
    vae, student = bundle.vae.options, bundle.student
    parts = manifest_parts(
        bundle.name, "guided", labels=bundle.labels, bin_ms=bundle.bin_ms, window=vae.window,
        normalisation=bundle.normalisation, groups=vae.groups, readouts=[r.manifest() for r in vae.readouts],
        image=(bundle.side, bundle.side), evidence=bundle.evidence.manifest(), provenance=bundle.provenance,
        metrics=bundle.metrics,
    )  # fmt: skip
    own = {
        "schedule": {"kind": "cosine", "prediction": "v", "timesteps": TIMESTEPS},
        "gamma": {"largest": student.largest_gamma},
        "guidance": {"default": bundle.eta, "min": 0.0, "max": student.largest_eta},
    }
    if bundle.exact:
        o = bundle.exact.options
        ways = {"knows": "others" if o.others else "none", "guides": "all" if o.hold else "shifted"}
        own["exact"] = {"deepest": DEEPEST, "refine": o.refine, "ladder": list(EXACT_LADDER), **ways}
    return {**parts, **own}


@torch.no_grad()
def golden_case(bundle: GuidedBundle, graphs: dict[str, nn.Module], counts: np.ndarray, at: int) -> GoldenCase:
    """What every graph makes of one window [W, U], by PyTorch; the first case is steered, a second one is not."""
    random = torch.Generator().manual_seed(bundle.seed + at)
    noise = torch.randn(1, 3, bundle.side, bundle.side, generator=random)
    window = torch.from_numpy(bundle.normalisation.apply(counts))[None]
    encoded = dict(zip(outputs_of("encode", bundle.vae), graphs["encode"](window), strict=True))
    groups = len(bundle.vae.options.groups)
    gamma = (1 - at) * torch.linspace(-1, 1, groups)[None]
    given = {"noise": noise, "cond": encoded["mu"], "gamma": gamma, "eta": torch.tensor([bundle.eta])}
    runs = {"encode": GoldenRun({"window": window}, encoded)}
    for name in (name for name in graphs if name.startswith("sample-")):
        runs[name] = GoldenRun(given, {"image": graphs[name](*given.values())})
    if "denoise" in graphs:
        given = {"x": noise, "t": torch.tensor([0.5]), "cond": encoded["mu"], "given": torch.eye(groups)[:1]}
        runs["denoise"] = GoldenRun(given, {"x0": graphs["denoise"](*given.values())})
        target = encoded["mu"] + gamma.repeat_interleave(torch.tensor(bundle.student.groups), 1)
        given = {
            "x0": runs["sample-4"].outputs["image"], "t": torch.tensor([0.5]), "target": target,
            "weight": torch.ones(1, groups), "eta": torch.tensor([bundle.eta]),
        }  # fmt: skip
        pushed = graphs["guide"](*given.values())
        runs["guide"] = GoldenRun(given, dict(zip(outputs_of("guide", bundle.vae), pushed, strict=True)))
    return GoldenCase(counts, runs)
