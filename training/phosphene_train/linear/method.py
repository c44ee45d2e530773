"""The ways from windows to latents in closed form: ridge regression, and receptive fields that are inverted."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .invert import invert, prior_of
from .model import Affine
from .receptive_fields import Encoding, fit_encoding, shown, stimuli
from .ridge import PARTS, cross_validated

METHODS = ("ridge", "receptive-field")


@dataclass(frozen=True)
class Estimate:
    """The map from windows to latents, what every window is told without its own part [n, D], and the posterior's
    variance [D] (None: the mean squared error of what is left out)."""

    fit: Affine
    left_out: Tensor
    variance: Tensor | None
    chosen: dict = field(default_factory=dict)
    """What cross-validation chose, for metrics.json."""
    encoding: Encoding | None = None


Estimator = Callable[[Tensor, Tensor, Tensor, Tensor], Estimate]
"""Windows x [n, F], latents [n, D], the picture of each [n] (-1: a blank), the part [n] of each."""


def by_ridge(x: Tensor, truth: Tensor, picture: Tensor, part: Tensor) -> Estimate:
    """Latents by regression on the window."""
    ridge = cross_validated(x, truth, part)
    penalties = sorted({float(f"{p:.2g}") for p in ridge.penalties})
    return Estimate(ridge.fit, ridge.left_out, None, {"penalties": penalties})


def by_receptive_fields(pictures: Tensor) -> Estimator:
    """Latents by the inverse of what the pixels of `pictures` [P, C, S, S] in [-1, 1] make of the window."""
    seen = stimuli(pictures)

    def estimate(x: Tensor, truth: Tensor, picture: Tensor, part: Tensor) -> Estimate:
        s = shown(seen, picture)
        encoding, without = fit_encoding(s, x, part, seen)
        fit, variance = invert(encoding.fields, encoding.noise, prior_of(s, truth))
        left_out = torch.empty_like(truth)
        for k in range(PARTS):
            mine = part == k
            inverse, _ = invert(without[k], encoding.noise, prior_of(s[~mine], truth[~mine]))
            left_out[mine] = inverse(x[mine])
        error = (truth - left_out)[picture >= 0].square().mean(0)
        chosen = {
            "ridges": sorted({float(f"{p:.2g}") for p in encoding.ridges}),
            "smoothness": encoding.smoothness,
            "noiseShrinkage": round(encoding.shrinkage, 4),
            "fieldR2": {name: round(float(encoding.r2.quantile(q)), 4) for name, q in QUANTILES.items()},
            "errorOverPosterior": round(float((error / variance.clamp(min=1e-3)).median()), 3),
        }
        return Estimate(fit, left_out, variance, chosen, encoding)

    return estimate


QUANTILES = {"median": 0.5, "p90": 0.9, "max": 1.0}
"""Of the responses' R2 on pictures left out."""
