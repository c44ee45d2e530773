"""Write session/: what a simulated rig plays, with a few rates for its own test."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from .bundle import write_json
from .population import Population, rates

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


def write_session(folder: Path, name: str, stimuli: list[Stimulus], driven: np.ndarray, p: Population) -> None:
    """session.json, pictures, rates.f32 and golden.json; `driven` [stimuli, units] in Hz."""
    folder.mkdir(parents=True, exist_ok=True)
    for s in stimuli:
        Image.fromarray(s.picture).save(folder / f"{s.id}.webp", quality=90, method=6)
    data = np.ascontiguousarray(driven, dtype="<f4").tobytes()
    (folder / "rates.f32").write_bytes(data)
    entries = [{"id": s.id, "file": f"{s.id}.webp", "category": s.category, "labels": s.labels} for s in stimuli]
    units = [{"label": label, "electrode": label[:-2], "sortedId": 1} for label in unit_labels(driven.shape[1])]
    session = {
        "format": 1,
        "name": name,
        "kind": "simulated",
        "units": units,
        "stimuli": entries,
        "presentation": {"onMs": p.on, "offMs": p.off},
        "rates": {"file": "rates.f32", "sha256": hashlib.sha256(data).hexdigest()},
        "population": p.manifest(),
    }
    write_json(folder / "session.json", session, indent=1)
    write_json(folder / "golden.json", golden_rates(driven, p))


def golden_rates(driven: np.ndarray, p: Population) -> dict:
    """Rates in Hz at gain 1 for some (stimulus, previous, unit, tau): the formula, checked across languages."""
    generator = np.random.default_rng(0)
    p = p.to("cpu")
    double = Population(**{**p.__dict__, "baseline": p.baseline.double(), "latency": p.latency.double()})
    values = torch.tensor(driven.astype(np.float32)).double()
    cases = []
    for tau in (0, 40, 60.5, 75, 90, 120, 200, 450, 899, 950, 975.5, 1000, 1100, 1299):
        stimulus, previous = (int(i) for i in generator.integers(0, len(driven), 2))
        unit = int(generator.integers(0, driven.shape[1]))
        rate = rates(double, values[[stimulus]], values[[previous]], torch.tensor([[tau]], dtype=torch.float64))
        case = {"stimulus": stimulus, "previous": previous, "unit": unit, "tauMs": tau}
        cases.append({**case, "rateHz": rate[0, 0, unit].item()})
    about = "rate in Hz at gain 1; stimulus and previous are indices, tauMs counts from the onset of the stimulus"
    return {"about": about, "cases": cases}
