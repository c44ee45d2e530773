"""Receptive fields: what every bin of every unit answers to the pixels of a picture, r = K s + b + noise.

K is a regularised spike-triggered average: cov(r, s) (cov(s) + penalty)^-1, the penalty a ridge and the differences of
neighbouring pixels (Stanley et al. 1999; Thirion et al. 2006; Brackbill et al. 2020). `invert` reads pictures with it.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from .model import Affine
from .ridge import PARTS, Sums, squared_error, sums

SIDE = 16
"""Fields have at most so many pixels across."""
RIDGES = tuple(10.0**power for power in range(-3, 3))
"""Per window and mean variance of a pixel; every response takes the one of the least error on pictures left out."""
SMOOTHNESS = (1.0, 10.0, 100.0)
"""Weight of the squared differences of neighbours beside the ridge, one for all units."""
CHUNK = 4096


@dataclass(frozen=True)
class Stimuli:
    """Pixels [P, channels * side * side] of every picture, less the mean of all; side and channels of a field."""

    pixels: Tensor
    side: int
    channels: int


@dataclass(frozen=True)
class Encoding:
    """K, b [R] for R responses of a window; the noise's covariance [R, R] in float64; what was chosen."""

    fields: Affine
    noise: Tensor
    ridges: Tensor
    smoothness: float
    shrinkage: float
    r2: Tensor
    """Of each response [R], on pictures left out."""


def stimuli(pictures: Tensor, side: int = SIDE) -> Stimuli:
    """Pictures float32 [P, C, S, S] in [-1, 1], averaged down to `side` where they are larger."""
    side = min(side, pictures.shape[-1])
    small = torch.cat([F.interpolate(part, size=(side, side), mode="area") for part in pictures.split(1024)])
    flat = small.flatten(1)
    return Stimuli(flat - flat.mean(0), side, pictures.shape[1])


def shown(seen: Stimuli, picture: Tensor) -> Tensor:
    """Stimulus of every window [n, P + 1] for its picture [n]: the pixels, and a 1; nothing but zeros for a blank (-1),
    so that the last column is what any picture adds to a blank."""
    there = (picture >= 0)[:, None]
    pixels = seen.pixels[picture.clamp(min=0)] * there
    return torch.cat([pixels, there.float()], 1)


def fit_encoding(s: Tensor, r: Tensor, part: Tensor, seen: Stimuli) -> tuple[Encoding, list[Affine]]:
    """From stimuli s [n, P + 1] of windows and their responses r [n, R]; windows of one picture share a part [n].

    Returns the encoding of all windows, and the fields without each part: the noise is what they leave unexplained.
    """
    each = [sums(s[part == k], r[part == k]) for k in range(PARTS)]
    total = each[0]
    for more in each[1:]:
        total = total + more
    rough = roughness(seen)
    scale = float((total.xx.diagonal() / total.count - (total.x / total.count).square())[:-1].mean().clamp(min=1e-9))
    errors = torch.zeros(len(SMOOTHNESS), len(RIDGES), r.shape[1], dtype=torch.float64)
    for mine in each:
        for i, smooth in enumerate(SMOOTHNESS):
            for k, ridge in enumerate(RIDGES):
                errors[i, k] += squared_error(mine, *solve(total - mine, scale * ridge, smooth, rough))
    variance = total.yy - total.y.square() / total.count
    best = int((errors.min(1).values / variance.clamp(min=1e-9)).sum(1).argmin())
    chosen = errors[best].argmin(0)
    fit = lambda some: best_of(some, chosen, scale, SMOOTHNESS[best], rough)  # noqa: E731
    without = [fit(total - mine) for mine in each]
    noise, shrinkage = noise_of(s, r, part, without)
    r2 = 1 - errors[best].min(0).values / variance.clamp(min=1e-9)
    ridges = torch.tensor(RIDGES)[chosen]
    return Encoding(fit(total), noise, ridges, SMOOTHNESS[best], shrinkage, r2.float()), without


def roughness(seen: Stimuli) -> Tensor:
    """[P + 1, P + 1]: s' L s is the sum of squared differences of neighbouring pixels, within each channel."""
    d = torch.diff(torch.eye(seen.side, dtype=torch.float64), dim=0)
    line, eye = d.T @ d, torch.eye(seen.side, dtype=torch.float64)
    grid = torch.kron(line, eye) + torch.kron(eye, line)
    return F.pad(torch.block_diag(*[grid] * seen.channels), (0, 1, 0, 1))


def solve(s: Sums, ridge: float, smooth: float, rough: Tensor) -> tuple[Tensor, Tensor]:
    """Weights [P + 1, R] and bias [R], float64; neither bias nor last column is held down, unless that says nothing:
    where there is no blank."""
    mx, my = s.x / s.count, s.y / s.count
    xx = s.xx - s.count * mx[:, None] * mx
    xy = s.xy - s.count * mx[:, None] * my
    held = torch.ones(len(mx), dtype=torch.float64)
    held[-1] = 1e-6 if xx[-1, -1] > 1e-6 * s.count else 1.0
    xx = xx + s.count * ridge * (held.diag() + smooth * rough)
    weights = torch.cholesky_solve(xy, torch.linalg.cholesky(xx))
    return weights, my - mx @ weights


def best_of(s: Sums, chosen: Tensor, scale: float, smooth: float, rough: Tensor) -> Affine:
    """Every response with its own ridge, as float32."""
    weights, bias = torch.empty_like(s.xy), torch.empty_like(s.y)
    for at in chosen.unique():
        w, b = solve(s, scale * RIDGES[int(at)], smooth, rough)
        mine = chosen == at
        weights[:, mine], bias[mine] = w[:, mine], b[mine]
    return Affine(weights.T.float().contiguous(), bias.float())


def noise_of(s: Tensor, r: Tensor, part: Tensor, without: list[Affine]) -> tuple[Tensor, float]:
    """Covariance of what the fields without a window's own picture leave of it, and by how much it was drawn to its own
    diagonal: the least expected error (Schaefer and Strimmer 2005, target D)."""
    size = r.shape[1]
    product = torch.zeros(size, size, dtype=torch.float64)
    square = torch.zeros_like(product)
    for k, fields in enumerate(without):
        mine = part == k
        for a, b in zip(s[mine].split(CHUNK), r[mine].split(CHUNK), strict=True):
            left = b - fields(a)
            product += left.T @ left
            square += left.square().T @ left.square()
    count = len(r)
    covariance = product / count
    spread = (square / count - covariance.square()) / max(count - 1, 1)
    off = 1 - torch.eye(size, dtype=torch.float64)
    strength = float((covariance.square() * off).sum())
    amount = min(1.0, max(0.0, float((spread * off).sum()) / strength)) if strength > 0 else 1.0
    shrunk = covariance * (1 - amount * off)
    shrunk.diagonal().add_(1e-6 * shrunk.diagonal().mean())
    return shrunk, amount
