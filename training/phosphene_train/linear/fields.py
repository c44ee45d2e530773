"""The receptive fields of a simulated animal: fitted to single trials, beside those of its rates without noise."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..pool import Pools
from ..stimuli import load_objects
from .animal import read_animal
from .demo import DemoLinearOptions, examples
from .fit import parts
from .receptive_fields import Encoding, Stimuli, fit_encoding, shown, stimuli
from .scenes import Held

SHOWN = 16
"""Units in the figure, those whose fields explain most."""
CELL, GAP = 48, 4


@dataclass(frozen=True)
class Fields:
    """Of every unit: the field of its mean over the window [U, P], the same of its rates, and how well they agree."""

    fitted: Tensor
    true: Tensor
    correlation: Tensor
    linear: Tensor
    """Share of the rates' variance over pictures left out that any field can explain [U]."""
    seen: Stimuli


def run_fields(source: Path, emoji: Path, out: Path, options: DemoLinearOptions) -> dict:
    """Fit both, draw OUT.png, write OUT.json; returns what that holds."""
    animal = read_animal(source)
    side = animal.manifest["image"]["height"]
    pools = Pools(load_objects(emoji), options.scenes, 1, side, options.seed)
    train = Held(pools.train, animal.driven(pools.train))
    seen = stimuli(train.pool.images(slice(None)))
    drawn = examples(animal, train, options)
    encoding, _ = fit_encoding(
        shown(seen, drawn.picture), drawn.window.flatten(1), parts(drawn.picture, options.seed), seen
    )
    every = torch.arange(len(train.pool))
    rates = (train.driven - train.driven.mean(0)) / train.driven.std(0).clamp(min=1e-6)
    exact, _ = fit_encoding(shown(seen, every), rates, parts(every, options.seed), seen)
    bins = drawn.window.shape[1]
    fields = compare(encoding, exact, bins, seen)
    draw(fields, out)
    metrics = summary(fields, encoding, exact, options)
    out.with_suffix(".json").write_text(json.dumps(metrics, indent=1) + "\n")
    return metrics


def compare(encoding: Encoding, exact: Encoding, bins: int, seen: Stimuli) -> Fields:
    """Fields of bins are averaged; the last weight is a picture's mere presence."""
    fitted = encoding.fields.weights[:, :-1].unflatten(0, (bins, -1)).mean(0)
    true = exact.fields.weights[:, :-1]
    a, b = (x - x.mean(1, keepdim=True) for x in (fitted, true))
    correlation = (a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1)).clamp(min=1e-9)
    return Fields(fitted, true, correlation, exact.r2, seen)


def summary(fields: Fields, encoding: Encoding, exact: Encoding, options: DemoLinearOptions) -> dict:
    """Figures of docs/decoders.md."""
    cut = lambda x: [round(float(x.quantile(q)), 3) for q in (0.1, 0.5, 0.9)]  # noqa: E731
    return {
        "units": len(fields.fitted),
        "scenes": options.scenes,
        "windows": options.windows,
        "correlationWithTruth": cut(fields.correlation),
        "linearShareOfRates": cut(fields.linear),
        "r2OfBins": cut(encoding.r2),
        "smoothness": [encoding.smoothness, exact.smoothness],
        "quantiles": [0.1, 0.5, 0.9],
    }


def draw(fields: Fields, out: Path) -> None:
    """Above what was fitted, below what the rates have; grey is 0, each field to its own largest weight."""
    chosen = fields.linear.argsort(descending=True)[:SHOWN]
    rows = [torch.stack([picture(row[unit], fields.seen) for unit in chosen]) for row in (fields.fitted, fields.true)]
    width = GAP + len(chosen) * (CELL + GAP)
    sheet = Image.new("RGB", (width, GAP + len(rows) * (CELL + GAP)), (255, 255, 255))
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            image = Image.fromarray(cell.numpy()).resize((CELL, CELL), Image.Resampling.NEAREST)
            sheet.paste(image, (GAP + x * (CELL + GAP), GAP + y * (CELL + GAP)))
    out.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(out, optimize=True)


def picture(field: Tensor, seen: Stimuli) -> Tensor:
    """uint8 [S, S, 3]."""
    planes = field.unflatten(0, (seen.channels, seen.side, seen.side)).expand(3, -1, -1)
    scaled = planes / planes.abs().max().clamp(min=1e-9)
    return torch.from_numpy(np.asarray(((scaled + 1) * 127.5).round().byte().permute(1, 2, 0)))
