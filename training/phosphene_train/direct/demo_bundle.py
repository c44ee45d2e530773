"""Write the demo's direct bundle: thresholds, golden cases, model card; the session stays with the bundle it is of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ..evidence import Evidence, score
from ..evidence_kinds import calibrate_kinds
from ..fit.folder import whole_folder
from ..linear.scenes import draw
from ..verify import verify_bundle
from ..windows import BIN_MS, sample_windows, shuffle_moments, shuffle_units
from .bundle import DirectBundle, write_direct_bundle
from .demo_card import card

if TYPE_CHECKING:
    from .demo_data import Scenes
    from .model import DirectModel


def write_demo_direct(scenes: Scenes, model: DirectModel, metrics: dict, options: dict, out: Path) -> None:
    """The folder `out`, whole and verified or not there; the evidence's calibration is added to `metrics`."""
    evidence = fit_evidence(scenes, model, options["seed"])
    metrics["evidence"] = evidence.calibration
    animal = scenes.animal
    generator = torch.Generator(scenes.device).manual_seed(options["seed"])
    index = torch.zeros(1, dtype=torch.long, device=scenes.device)
    driven = scenes.held["heldOutRenderings"].driven
    kinds = ("inside", "blank")
    golden = [sample_windows(animal.population, driven, index, kind, generator).counts for kind in kinds]
    bundle = DirectBundle(
        out.name, model, animal.manifest["units"]["labels"], animal.normalisation, BIN_MS, evidence,
        torch.cat(golden).cpu().numpy(), provenance(animal.manifest["name"], options), metrics,
    )  # fmt: skip
    with whole_folder(out) as draft:
        write_direct_bundle(bundle, draft)
        (draft / "MODEL_CARD.md").write_text(card(out.name, animal, metrics))
        for check in verify_bundle(draft):
            if not check.ok:
                raise ValueError(f"bundle: expected {check.name} to hold, got an error of {check.error:.2e}")


def provenance(source: str, options: dict) -> dict:
    """Where the bundle comes from."""
    return {
        "generator": "phosphene-train 0.1.0",
        "seed": options["seed"],
        "data": f"simulated spikes of the session of bundle {source}, whose encoder it has; pictures from "
        "@lobehub/fluent-emoji-3d 1.1.0 (MIT, Microsoft Fluent Emoji)",
        "licence": "Apache-2.0",
        "command": "phosphene-train demo-direct",
        "options": options,
    }


@torch.no_grad()
def fit_evidence(scenes: Scenes, model: DirectModel, seed: int) -> Evidence:
    """Thresholds from both held-out pools against blank, unit- and time-shuffled windows, by the rounded VAE."""
    generator = torch.Generator(scenes.device).manual_seed(seed + 60)
    real, blank, stream = (
        torch.cat([draw(scenes.animal, each, kind, generator) for each in scenes.held.values()])
        for kind in ("inside", "blank", "stream")
    )
    kinds = {
        "blank": blank,
        "unitShuffled": shuffle_units(real, generator),
        "timeShuffled": shuffle_moments(stream, generator),
    }
    return calibrate_kinds(score(model.vae, real), {name: score(model.vae, w) for name, w in kinds.items()})
