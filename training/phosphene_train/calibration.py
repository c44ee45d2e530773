"""A posterior whose variance is true: one temperature a latent group, measured on repeats of the same stimulus.

Truth is the latent z of a stimulus, of variance 1 over stimuli as the prior has it. Trials give mu = a z + noise. From
repeats come N, the variance of mu over trials of one stimulus, and S, the variance of its mean over stimuli; a is the
square root of S (1 at most: a group may be wider than the prior). The squared error of mu is then

    E (z - mu)^2 = (1 - a)^2 + N

and a posterior is calibrated when the mean of exp(logvar) equals it. A Bayesian encoder of variance v has a = 1 - v and
N = v (1 - v), which gives v. A group that carries nothing has S = N = 0 and an error of 1, the prior's variance: it
stays without bits.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .vae import GroupVae

Groups = tuple[tuple[str, int], ...]
DOUBT = 20.0
"""Windows' worth of belief that the encoder's own variance is right: few repeats change little."""
CARRIES = 0.1
"""Latent dimensions with a signal variance above this are judged for coverage; the others have no latent to miss."""


@dataclass(frozen=True)
class Repeats:
    """One window a presentation: mu, logvar [N, D] and the stimulus of each [N]."""

    mu: Tensor
    logvar: Tensor
    stimulus: Tensor

    def repeated(self) -> "Repeats":
        """Without the stimuli that were presented once."""
        _, at, count = self.stimulus.unique(return_inverse=True, return_counts=True)
        keep = count[at] > 1
        return Repeats(self.mu[keep], self.logvar[keep], self.stimulus[keep])


@dataclass(frozen=True)
class Moments:
    """signal S, noise N and the posterior's mean variance, [D] each; how many windows they come from."""

    signal: Tensor
    noise: Tensor
    variance: Tensor
    windows: int

    @property
    def gain(self) -> Tensor:
        """a, [D]."""
        return self.signal.sqrt().clamp(max=1)

    @property
    def error(self) -> Tensor:
        """The expected squared error of mu [D]."""
        return (1 - self.gain).square() + self.noise


def moments(repeats: Repeats) -> Moments | None:
    """Unbiased S and N; None unless two stimuli were presented more than once."""
    r = repeats.repeated()
    names, at, count = r.stimulus.unique(return_inverse=True, return_counts=True)
    if len(names) < 2:
        return None
    n = count[:, None].to(r.mu)
    means = per_stimulus(r.mu, at, len(names)) / n
    noise = (r.mu - means[at]).square().sum(0) / (len(at) - len(names))
    signal = (means.var(0) - noise * (1 / n).mean()).clamp(min=0)
    return Moments(signal, noise, r.logvar.exp().mean(0), len(at))


def per_stimulus(values: Tensor, at: Tensor, count: int) -> Tensor:
    """Sums of values [N, D] over each of `count` stimuli."""
    return torch.zeros(count, values.shape[1], dtype=values.dtype, device=values.device).index_add(0, at, values)


def temperatures(found: Moments | None, groups: Groups) -> list[float]:
    """The factor that makes each group's variance the error of mu, drawn towards 1 by DOUBT; 1 without repeats."""
    if found is None:
        return [1.0] * len(groups)
    sizes = [size for _, size in groups]
    parts = zip(found.error.split(sizes), found.variance.split(sizes), strict=True)
    belief = found.windows / (found.windows + DOUBT)
    return [math.exp(belief * math.log(max(1e-3, float(e.sum() / v.sum())))) for e, v in parts]


@torch.no_grad()
def fold(vae: GroupVae, factors: list[float]) -> None:
    """Multiply each group's posterior variance by its factor, in place: log c is added to the bias of logvar."""
    for (name, _), factor in zip(vae.options.groups, factors, strict=True):
        vae.logvar.bias[vae.options.span(name)] += math.log(factor)


def coverage(repeats: Repeats, fitted: Moments, deviations: float) -> float | None:
    """Share of latents, in dimensions that carry a signal, within so many posterior standard deviations of the truth.

    The truth is the mean of mu over the other n - 1 presentations, divided by a; its own error, N / (a^2 (n - 1)), is
    added to the predicted variance. None where no dimension carries a signal.
    """
    r = repeats.repeated()
    own = moments(repeats)
    use = fitted.signal > CARRIES
    if own is None or not use.any():
        return None
    names, at, count = r.stimulus.unique(return_inverse=True, return_counts=True)
    others = (count[at][:, None] - 1).to(r.mu)
    gain = fitted.gain
    truth = (per_stimulus(r.mu, at, len(names))[at] - r.mu) / others / gain
    predicted = r.logvar.exp() + own.noise / gain.square() / others
    inside = (r.mu - truth).square() < deviations**2 * predicted
    return float(inside[:, use].float().mean())


def describe(repeats: Repeats, fitted: Moments | None, groups: Groups) -> dict:
    """Windows, each group's error and posterior variance (equal when calibrated), coverage of 68 % and 95 %."""
    own = moments(repeats)
    if own is None or fitted is None:
        return {"windows": 0}
    sizes = [size for _, size in groups]
    error, variance = ([round(float(part.mean()), 4) for part in x.split(sizes)] for x in (own.error, own.variance))
    names = [name for name, _ in groups]
    found = {f"coverage{title}": coverage(repeats, fitted, width) for title, width in (("68", 1.0), ("95", 1.96))}
    return {
        "windows": own.windows,
        "dimensionsThatCarry": int((fitted.signal > CARRIES).sum()),
        "meanSquaredError": dict(zip(names, error, strict=True)),
        "meanVariance": dict(zip(names, variance, strict=True)),
        **{name: round(value, 4) for name, value in found.items() if value is not None},
    }


def poisson_deviance_explained(counts: np.ndarray, expected: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """1 - D(y, expected) / D(y, mean) of each window [N]: counts y and expected counts [N, U], mean [U] per window.

    D = 2 sum_u (y log(y / m) - y + m). 1 explains everything, 0 no more than the units' mean rates, less is worse.
    """
    floor = 1e-3
    model, null = (deviance(counts, np.maximum(m, floor)) for m in (expected, np.broadcast_to(mean, counts.shape)))
    return 1 - model / np.maximum(null, 1e-9)


def deviance(y: np.ndarray, m: np.ndarray) -> np.ndarray:
    """Poisson deviance summed over units, per window."""
    logs = np.where(y > 0, y * np.log(np.maximum(y, 1e-12) / m), 0.0)
    return 2 * (logs - y + m).sum(-1)
