"""Object and position against the window's length, and in the stream against the window's end: a fresh VAE each."""

from dataclasses import replace

import torch

from .it_evaluate import best_end, held_out_windows, readout_accuracy, shuffled, time_curve
from .it_fit import FitOptions, fit_vae, stream_normalisation
from .it_windows import CONDITIONS, Trials

LENGTHS = ((10, 5), (20, 5), (10, 15), (20, 10), (20, 15), (20, 20))
"""Bin width in ms and bins of windows of 50, 100, 150, 200, 300 and 400 ms."""

Sides = tuple[Trials, Trials]
"""Training and held-out trials."""


def fit_and_test(sides: Sides, fit: FitOptions, each: int, stream: bool = False) -> dict:
    """Readouts of a fresh VAE on `each` held-out windows a condition of the best period, and with units shuffled.

    With `stream` also of windows that end every 20 ms of a trial in a stream of trials.
    """
    train, test = sides
    norm = stream_normalisation(train, fit)
    vae = fit_vae(train, norm, fit)
    counts = held_out_windows(test, best_end(fit), each, fit, seed=1).counts
    condition = torch.arange(CONDITIONS, device=counts.device).repeat_interleave(each)
    found = readout_accuracy(vae, norm, counts, condition)
    found["unitShuffled"] = readout_accuracy(vae, norm, shuffled(counts, seed=2), condition)
    if stream:
        found["stream"] = time_curve(vae, norm, test, each, fit)
    return found


def length_curve(sides: Sides, fit: FitOptions, each: int, seeds: int = 1) -> list[dict]:
    """A row for each of LENGTHS and each seed of training (weights and draws; the held-out trials stay the same).

    Windows begin BEST_START_MS after onset, or earlier where the trial would end first.
    """
    rows = []
    for width, number in LENGTHS:
        for seed in range(fit.seed, fit.seed + seeds):
            options = replace(fit, bins=(width, number), seed=seed)
            row = {"windowMs": width * number, "binMs": width, "endMs": best_end(options), "seed": seed}
            rows.append({**row, **fit_and_test(sides, options, each, stream=True)})
    return rows
