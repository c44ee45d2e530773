"""A linear model from windows and what they show, in closed form."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..vae import Readout, VaeOptions
from .method import Estimate, Estimator, by_ridge
from .model import Affine, LinearModel
from .ridge import PARTS, least_squares
from .targets import Labels, Targets

LEAST_VARIANCE = 1e-3


@dataclass(frozen=True)
class Examples:
    """Normalised windows [n, W, U]; the picture of each [n], -1 for a blank; `apart` [n]: windows of one number never
    lie on both sides of the cross-validation (the picture, or the presentation where splits are by trial)."""

    window: Tensor
    picture: Tensor
    apart: Tensor


def fit_linear(
    examples: Examples, targets: Targets, labels: list[Labels], side: int, seed: int, method: Estimator = by_ridge
) -> tuple[LinearModel, Estimate]:
    """Latents by `method`; everything after them from the latents of windows that it had left out.

    A blank's latents are 0: it shows nothing. The posterior's variance is the method's own, or the mean squared error
    of left-out windows that show a picture; 1 at most: a latent that cannot be read has the prior's, and no bits.
    """
    shown = examples.picture >= 0
    truth = targets.latents[examples.picture.clamp(min=0)] * shown[:, None]
    estimate = method(examples.window.flatten(1), truth, examples.picture, parts(examples.apart, seed))
    mu = estimate.left_out
    error = (truth - mu)[shown].square().mean(0) if estimate.variance is None else estimate.variance
    heads = {each.readout.name: head(each, mu[shown], examples.picture[shown]) for each in labels}
    _, bins, units = examples.window.shape
    options = VaeOptions(units, bins, targets.groups, tuple(each.readout for each in labels))
    logvar = error.clamp(LEAST_VARIANCE, 1).log()
    expected = least_squares(mu, examples.window.mean(1))
    return LinearModel(options, side, estimate.fit, logvar, targets.picture, expected, heads), estimate


def parts(apart: Tensor, seed: int) -> Tensor:
    """A random part for each number in `apart`, blanks' (-1) window by window."""
    generator = torch.Generator().manual_seed(seed)
    of = torch.randint(PARTS, (int(apart.max()) + 1,), generator=generator)
    own = torch.randint(PARTS, (len(apart),), generator=generator)
    return torch.where(apart >= 0, of[apart.clamp(min=0)], own)


def head(labels: Labels, mu: Tensor, picture: Tensor) -> Affine:
    """A readout from the latents [n, D] of windows whose labels are known."""
    values = labels.values[picture]
    if labels.readout.kind == "class":
        known = values >= 0
        return discriminant(mu[known], values[known], labels.readout)
    known = ~values.isnan().any(1)
    return least_squares(mu[known], values[known].float())


def discriminant(mu: Tensor, ids: Tensor, readout: Readout) -> Affine:
    """Linear discriminant analysis: classes as Gaussians of one covariance, as often as they come. Logits; a class that
    no window shows has the smallest prior that one window would give it."""
    count = torch.bincount(ids, minlength=len(readout.labels)).double()
    x = mu.double()
    means = torch.zeros(len(count), x.shape[1], dtype=x.dtype).index_add_(0, ids, x) / count.clamp(min=1)[:, None]
    within = x - means[ids]
    covariance = within.T @ within / len(x)
    covariance.diagonal().add_(1e-6 * covariance.diagonal().mean().clamp(min=1e-9))
    weights = torch.linalg.solve(covariance, means.T).T
    bias = (count.clamp(min=1) / len(x)).log() - 0.5 * (weights * means).sum(1)
    return Affine(weights.float().contiguous(), bias.float())
