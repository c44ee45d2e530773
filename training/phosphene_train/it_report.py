"""The figures of it-objects, measured on held-out trials, as one dictionary."""

from typing import TYPE_CHECKING

import numpy as np
import torch

from .it_curves import fit_and_test, length_curve
from .it_evaluate import (
    best_end,
    decode,
    held_out_windows,
    picture_accuracy,
    readout_accuracy,
    shuffled,
    time_curve,
)
from .it_fit import FitOptions
from .it_recording import Recording
from .it_windows import CONDITIONS, Trials, select, shuffle_conditions

if TYPE_CHECKING:
    from .it_objects import Model


def measure(
    model: "Model",
    recording: Recording,
    sides: tuple[Trials, Trials],
    pictures,
    fit: FitOptions,
    each: int,
    curves: bool,
) -> dict:
    """Everything in metrics.json, from `each` windows of a condition; `sides` are training and held-out trials."""
    test = sides[1]
    drawn = held_out_windows(test, best_end(fit), each, fit, seed=1)
    condition = torch.arange(CONDITIONS, device=drawn.end.device).repeat_interleave(each)
    rows = {
        "real": readout_accuracy(model.vae, model.norm, drawn.counts, condition),
        "unitShuffled": readout_accuracy(model.vae, model.norm, shuffled(drawn.counts, seed=2), condition),
    }
    report = {
        "windowEndMs": best_end(fit),
        "windowMs": fit.bins[0] * fit.bins[1],
        "readouts": {"windows": len(condition), **rows},
        "pictures": measure_pictures(model, test, pictures, fit, max(1, each // 2)),
        "timeCurve": {"windowsEach": 21 * each, "curve": time_curve(model.vae, model.norm, test, each, fit)},
    }
    if curves:
        report["readouts"]["labelShuffled"] = label_shuffled(recording, sides, fit, each)
        report["lengthCurve"] = length_curve(sides, fit, each)
    report["headline"] = headline(report)
    return report


def measure_pictures(model: "Model", test: Trials, pictures, fit: FitOptions, each: int) -> dict:
    """Decoded pictures of the best period, at 1, 2 and 4 steps, and of unit-shuffled windows at 4."""
    counts = held_out_windows(test, best_end(fit), each, fit, seed=3).counts
    condition = torch.arange(CONDITIONS, device=counts.device).repeat_interleave(each)
    models, rows = (model.vae, model.denoiser), {}
    for steps in (1, 2, 4):
        images = decode(models, model.norm, counts, steps, seed=4)
        rows[f"steps{steps}"] = picture_accuracy(images, pictures, condition)
    images = decode(models, model.norm, shuffled(counts, seed=5), 4, seed=4)
    return {"windows": len(condition), **rows, "unitShuffled4": picture_accuracy(images, pictures, condition)}


def label_shuffled(recording: Recording, sides: tuple[Trials, Trials], fit: FitOptions, each: int) -> dict[str, float]:
    """A VAE trained on training trials whose conditions were permuted within each unit, tested on true labels."""
    train, test = sides
    permuted = shuffle_conditions(recording, np.random.default_rng(fit.seed))
    train = select(permuted, ~recording.held_out, str(train.count.device))
    found = fit_and_test((train, test), fit, each)
    return {"object": found["object"], "position": found["position"]}


def headline(report: dict) -> dict[str, float]:
    """The flat figures of manifest.json."""
    readouts, pictures = report["readouts"], report["pictures"]
    return {
        "heldOutWindows": readouts["windows"],
        "objectTop1": readouts["real"]["object"],
        "positionTop1": readouts["real"]["position"],
        "objectTop1UnitShuffled": readouts["unitShuffled"]["object"],
        "pictureObjectTop1": pictures["steps4"]["object"],
        "pictureTwoWay": pictures["steps4"]["twoWay"],
        "pictureTwoWayUnitShuffled": pictures["unitShuffled4"]["twoWay"],
    }
