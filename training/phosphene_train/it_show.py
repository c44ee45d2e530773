"""Show what was measured: tables, a grid of pictures, the model card."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table

from .it_evaluate import best_end, decode, held_out_windows, shuffled
from .it_fit import FitOptions
from .it_pictures import to_pixels
from .it_windows import Trials

if TYPE_CHECKING:
    from .it_objects import Model


def print_tables(console: Console, report: dict) -> None:
    """Readouts, pictures and curves."""
    title = f"held-out pseudo-trials, {report['windowMs']} ms window that ends {report['windowEndMs']} ms after onset"
    names = ("object", "position", "picture", "twoWay")
    table = Table("", "N", *names, title=title)
    for key in ("readouts", "pictures"):
        for row, found in report[key].items():
            if row != "windows":
                cells = [f"{found[name]:.3f}" if name in found else "" for name in names]
                table.add_row(f"{key} {row}", str(report[key]["windows"]), *cells)
    table.add_row("chance", "", "0.143", "0.333", "0.048", "0.500")
    console.print(table)
    for key, rows in (("time", report["timeCurve"]["curve"]), ("length", report.get("lengthCurve", []))):
        for row in rows:
            console.print(
                key, " ".join(f"{name} {value}" for name, value in row.items() if not isinstance(value, dict | list))
            )
    console.print("evidence", report["evidence"])


def grid(model: "Model", test: Trials, pictures: np.ndarray, shown: torch.Tensor, fit: FitOptions) -> Image.Image:
    """True pictures in the top row; below them decoded held-out windows, then unit-shuffled and baseline ones."""
    models = (model.vae, model.denoiser)
    rows = [pictures]
    for seed in range(4):
        counts = held_out_windows(test, best_end(fit), 1, fit, seed=100 + seed).counts
        rows.append(to_pixels(decode(models, model.norm, counts, 4, seed=4)))
    rows.append(to_pixels(decode(models, model.norm, shuffled(counts, seed=6), 4, seed=4)))
    blank = held_out_windows(test, -50, 1, fit, seed=104).counts
    rows.append(to_pixels(decode(models, model.norm, blank, 4, seed=4)))
    return Image.fromarray(np.concatenate([np.concatenate(list(row), axis=1) for row in rows]))


def model_card(report: dict) -> str:
    """MODEL_CARD.md."""
    lines = "\n".join(f"| {name} | {value} |" for name, value in report["headline"].items())
    return f"""# it-objects

Seven objects at three positions, decoded from {report["windowMs"]} ms of 132 macaque IT neurons.

- Data: Zhang, Meyers et al. 2011, from github.com/emeyers/NeuroDecodeR. Neurons were recorded one after another: a
  window is a pseudo-population that draws one trial per neuron, so noise correlations are absent.
- Split: `every-nth`, n = 4, offset = 3; the figures below are of held-out trials only (5 per neuron and condition).
- Pictures: emoji (Fluent Emoji, MIT) stand for the objects; the stimuli themselves are not in the data set.
- Use: trying the daemon on real spikes. It knows 21 pictures and a blank; it cannot show anything else.
- The weights were made from a GPL-3 package's data: do not redistribute them.

| figure ({report["windowMs"]} ms window ending {report["windowEndMs"]} ms after onset) | value |
|---|---|
{lines}

`metrics.json` has the controls and the curves over time and window length.
"""
