"""Write session/: what a simulated rig plays, its encoding model, and a few rates for the rig's own test."""

import hashlib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from .bundle import write_json
from .cortex import Cortex
from .encoding_model import write_encoding_model
from .population import Population, adapted, rates

ELECTRODE_FORMAT = "E{:03d}"


@dataclass(frozen=True)
class Stimulus:
    """One stimulus of a session; `picture` is uint8 [H, W, 3]."""

    id: str
    category: str
    labels: dict
    picture: np.ndarray


def unit_labels(count: int) -> list[str]:
    """E001.1 and on: one sorted unit an electrode."""
    return [f"{ELECTRODE_FORMAT.format(i + 1)}.1" for i in range(count)]


def write_session(
    folder: Path, name: str, stimuli: list[Stimulus], driven: np.ndarray, p: Population, cortex: Cortex | None = None
) -> None:
    """session.json, pictures, rates.f32 and golden.json; `driven` [stimuli, units] in Hz.

    With the cortex that gave these rates, encoding.onnx too.
    """
    folder.mkdir(parents=True, exist_ok=True)
    save_pictures(folder, stimuli)
    (folder / "rates.f32").write_bytes(np.ascontiguousarray(driven, dtype="<f4").tobytes())
    entries = [{"id": s.id, "file": f"{s.id}.webp", "category": s.category, "labels": s.labels} for s in stimuli]
    units = [{"label": label, "electrode": label[:-2], "sortedId": 1} for label in unit_labels(driven.shape[1])]
    session = {
        "format": 2,
        "name": name,
        "kind": "simulated",
        "units": units,
        "stimuli": entries,
        "presentation": {"onMs": p.on, "offMs": p.off},
        "rates": digest(folder, "rates.f32"),
        "population": p.manifest(),
    }
    if cortex:
        write_encoding_model(cortex, folder / "encoding.onnx")
        session["encoding"] = digest(folder, "encoding.onnx")
    write_json(folder / "session.json", session, indent=1)
    write_json(folder / "golden.json", golden_rates(driven, p))


def save_pictures(folder: Path, stimuli: list[Stimulus]) -> None:
    """<id>.webp of every stimulus."""
    for s in stimuli:
        Image.fromarray(s.picture).save(folder / f"{s.id}.webp", quality=90, method=6)


def digest(folder: Path, name: str) -> dict:
    """A file of the session and its SHA-256."""
    return {"file": name, "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest()}


def golden_rates(driven: np.ndarray, p: Population) -> dict:
    """Rates in Hz at gain 1 for some (stimulus, the two before, unit, tau): the formula, checked across languages."""
    generator = np.random.default_rng(0)
    p = p.to("cpu").double()
    values = torch.tensor(driven.astype(np.float32)).double()
    cases = []
    for tau in (0, 20, 40, 60.5, 75, 90, 120, 200, 450, 899, 950, 975.5, 1000, 1100, 1299):
        shown = [int(i) for i in generator.integers(0, len(driven), 3)]
        unit = int(generator.integers(0, driven.shape[1]))
        current, previous = (adapted(p, values[[s]], values[[b]]) for s, b in pairwise(shown))
        rate = rates(p, current, previous, torch.tensor([[tau]], dtype=torch.float64))
        case = dict(zip(("stimulus", "previous", "beforePrevious"), shown, strict=True))
        cases.append({**case, "unit": unit, "tauMs": tau, "rateHz": rate[0, 0, unit].item()})
    about = "rate in Hz at gain 1; stimuli are indices, the latest first; tauMs counts from the onset of the stimulus"
    return {"about": about, "cases": cases}
