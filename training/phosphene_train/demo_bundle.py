"""Write the demo's bundle: calibrated evidence, session of held-out scenes, model card, picture grid."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from .bundle import Bundle, write_bundle
from .catalogue import categories
from .demo_card import model_card
from .demo_figures import draw_figures
from .evaluate import Decoder, session_noise
from .pool import Pool
from .session import Stimulus, unit_labels, write_session
from .sheets import save_pairs
from .windows import BIN_MS, sample_windows

if TYPE_CHECKING:
    from .demo_run import Run

NAME = "demo"
PER_CATEGORY = {"rendering": 12, "unseen": 4}


def write_demo(run: Run, decoder: Decoder, metrics: dict) -> None:
    """The folder bundle/, the grid and the figures of the run; the evidence in `metrics` becomes its calibration."""
    folder, evidence = run.out / "bundle", metrics["evidence"]
    metrics["evidence"] = evidence.calibration
    pictures, stimuli = session_stimuli(run)
    driven = run.main.cortex.rates(pictures)
    grid(run, decoder, pictures, driven)
    draw_figures(metrics, run.out)
    counts, noise = golden_inputs(run, driven)
    o = run.options
    bundle = Bundle(
        NAME, decoder.vae, decoder.denoiser, unit_labels(driven.shape[1]), decoder.normalisation, BIN_MS,
        decoder.timesteps, evidence, counts, noise, guidance=decoder.guidance,
        provenance=provenance(o.seed, asdict(o)), metrics=metrics,
    )  # fmt: skip
    write_bundle(bundle, folder)
    s = run.main
    write_session(folder / "session", "Phosphene demo", stimuli, driven.cpu().numpy(), s.population, s.cortex)
    (folder / "MODEL_CARD.md").write_text(model_card(o, s.population, metrics))


def provenance(seed: int, options: dict) -> dict:
    """Where the bundle comes from."""
    return {
        "generator": "phosphene-train 0.1.0",
        "seed": seed,
        "data": "simulated population; pictures from @lobehub/fluent-emoji-3d 1.1.0 (MIT, Microsoft Fluent Emoji)",
        "licence": "Apache-2.0",
        "command": "phosphene-train demo",
        "options": options,
    }


def session_stimuli(run: Run) -> tuple[Tensor, list[Stimulus]]:
    """Held-out scenes, as many of each category, in an order that mixes them; pictures as the files hold them."""
    pictures, stimuli = [], []
    for kind, pool in (("rendering", run.pools.rendering), ("unseen", run.pools.unseen)):
        for category in range(len(categories())):
            rows = torch.nonzero(pool.category == category)[: PER_CATEGORY[kind], 0]
            pictures.append(pool.images(rows))
            stimuli += [stimulus(run, pool, int(row), kind, i) for i, row in enumerate(rows)]
    order = np.random.default_rng(run.options.seed).permutation(len(stimuli))
    return torch.cat(pictures)[torch.from_numpy(order)], [stimuli[i] for i in order]


def stimulus(run: Run, pool: Pool, row: int, kind: str, number: int) -> Stimulus:
    """One entry of session.json."""
    category = categories()[int(pool.category[row])]
    x, y, size, angle = (round(float(v), 4) for v in pool.pose[row])
    labels = {
        "heldOut": "object" if kind == "unseen" else "rendering",
        "object": run.objects.names[int(pool.object[row])],
        "x": x,
        "y": y,
        "size": size,
        "angle": angle,
    }
    picture = pool.pictures[row].permute(1, 2, 0).cpu().numpy()
    return Stimulus(f"{category}-{kind}-{number:02d}", category, labels, picture)


def grid(run: Run, decoder: Decoder, pictures: Tensor, driven: Tensor) -> None:
    """The first 32 stimuli of the session beside what one window of each decodes to, 4 steps."""
    generator = torch.Generator(driven.device).manual_seed(run.options.seed)
    index = torch.arange(min(32, len(pictures)), device=driven.device)
    counts = sample_windows(run.main.population, driven, index, "inside", generator).counts
    decoded = decoder.decode(counts, session_noise(pictures.shape[-1], driven.device))
    save_pairs(pictures[: len(index)], decoded, run.out / "demo-grid.png", columns=4, scale=1)


def golden_inputs(run: Run, driven: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """One window inside a response and one of a blank, each with its own noise."""
    generator = torch.Generator(driven.device).manual_seed(run.options.seed)
    index = torch.zeros(1, dtype=torch.long, device=driven.device)
    kinds = [sample_windows(run.main.population, driven, index, kind, generator).counts for kind in ("inside", "blank")]
    noise = np.random.default_rng(run.options.seed).standard_normal((2, 3, 64, 64)).astype(np.float32)
    return torch.cat(kinds).cpu().numpy(), noise
