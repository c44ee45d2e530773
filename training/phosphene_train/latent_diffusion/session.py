"""session/ of kind `bold`: what a simulated scanner plays over LSL (docs/bundle.md), with a golden time course."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..bundle import write_json
from ..session import Stimulus, digest, save_pictures
from .bold import Noise, Paradigm, Scanner, kernel, slow_periods

KERNEL_VOLUMES = 28


@dataclass(frozen=True)
class BoldSession:
    """Everything in it. `faster`: how many times faster than in a scanner time goes (1 but in tests); responses
    [stimuli, V] in standard deviations."""

    name: str
    labels: list[str]
    stimuli: list[Stimulus]
    responses: Tensor
    paradigm: Paradigm
    noise: Noise
    scanner: Scanner
    faster: float = 1.0


def voxel_labels(count: int) -> list[str]:
    """voxel0000.0 and on: as the importer of fMRI data names them."""
    return [f"voxel{at:04d}.0" for at in range(count)]


def write_bold_session(folder: Path, s: BoldSession) -> None:
    """session.json, pictures, responses.f32, loadings.f32 and golden.json."""
    folder.mkdir(parents=True, exist_ok=True)
    save_pictures(folder, s.stimuli)
    write_floats(folder / "responses.f32", s.responses)
    write_floats(folder / "loadings.f32", torch.cat([s.scanner.loadings, s.scanner.drift]))
    p, scale = s.paradigm, 1000 / s.faster
    session = {
        "format": 2,
        "name": s.name,
        "kind": "bold",
        "units": [{"label": label, "electrode": label[:-2], "sortedId": 0} for label in s.labels],
        "stimuli": [
            {"id": x.id, "file": f"{x.id}.webp", "category": x.category, "labels": x.labels} for x in s.stimuli
        ],
        "presentation": {"onMs": round(p.on_s * scale), "offMs": round((p.apart_s - p.on_s) * scale)},
        "trMs": round(p.tr_s * scale),
        "faster": s.faster,
        "responses": digest(folder, "responses.f32"),
        "scanner": {name: rounded(getattr(s.scanner, name)) for name in ("baseline", "amplitude", "delay")},
        "noise": {
            **{name: getattr(s.noise, name) for name in ("mean", "signal", "own", "shared", "drift", "correlation")},
            "components": s.noise.components,
            "periods": [round(float(x), 4) for x in slow_periods(s.noise)],
            "loadings": digest(folder, "loadings.f32"),
        },
    }  # fmt: skip
    write_json(folder / "session.json", session, indent=1)
    write_json(folder / "golden.json", golden_course(s))


def write_floats(path: Path, values: Tensor) -> None:
    path.write_bytes(np.ascontiguousarray(values.cpu().numpy(), dtype="<f4").tobytes())


def rounded(values: Tensor) -> list[float]:
    return [round(float(v), 5) for v in values]


def golden_course(s: BoldSession) -> dict:
    """What stimuli shown one after another evoke in one voxel, in per cent of the baseline, without noise and drift."""
    shown = [at % len(s.stimuli) for at in (0, 1, 2, 1)]
    step = round(s.paradigm.apart_s / s.paradigm.tr_s)
    shape, cases = kernel(s.paradigm, s.scanner, KERNEL_VOLUMES).double(), []
    amount = (s.noise.mean + s.noise.signal * s.responses[shown].double()) * s.scanner.amplitude.double()
    for voxel in (0, len(s.labels) // 2, len(s.labels) - 1):
        level = np.zeros(len(shown) * step + KERNEL_VOLUMES)
        for at in range(len(shown)):
            level[at * step : at * step + KERNEL_VOLUMES] += (amount[at, voxel] * shape[:, voxel]).numpy()
        cases.append({"voxel": voxel, "percent": [round(float(x), 5) for x in level[: len(shown) * step]]})
    return {"about": "evoked per cent of each volume from the first onset on", "stimuli": shown, "cases": cases}
