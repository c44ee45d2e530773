"""From a pattern to what conditions the diffusion model: tokens of the encoder, and an embedding by ridge regression.

The embedding mu estimates the principal components of the picture (small, 16 x 16), each in its standard deviation
over the training pictures, from the voxels. It is fitted in closed form, and training sees, for every trial, what the
fit to the OTHER trials says of it: an estimate of a trial that the fit has seen is much better than any of a new one,
and a diffusion model that was trained on such would believe in it.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..linear.model import Affine
from ..linear.ridge import PARTS, PENALTIES
from .mae import VoxelEncoder

GROUPS = (("coarse", 8), ("detail", 24))
"""Latent groups of the embedding: the first principal components of the pictures, and those that follow."""


class Tokens(nn.Module):
    """Encoder tokens [B, P, width] -> [B, n, context]: two linear maps along the sequence, then one along the width.

    The paper's Conv1d(seq -> seq / 2 -> 77), Linear(1024 -> context); n is 16 here.
    """

    def __init__(self, patches: int, width: int, tokens: int, context: int) -> None:
        super().__init__()
        half = max(tokens, patches // 2)
        self.first, self.second = nn.Linear(patches, half), nn.Linear(half, tokens)
        self.out = nn.Linear(width, context)

    def forward(self, tokens: Tensor) -> Tensor:
        mixed = torch.nn.functional.gelu(self.first(tokens.transpose(1, 2)))
        return self.out(self.second(mixed).transpose(1, 2))


class Embedding(nn.Module):
    """mu [B, D] from standardised patterns [B, V]; from mu a category and the expected activity."""

    def __init__(self, voxels: int, dimension: int, classes: int) -> None:
        super().__init__()
        self.mu = nn.Linear(voxels, dimension)
        self.category = nn.Linear(dimension, max(1, classes))
        self.expected = nn.Linear(dimension, voxels)

    def forward(self, pattern: Tensor) -> Tensor:
        return self.mu(pattern)


class VoxelCondition(nn.Module):
    """Patterns [B, V], not standardised -> tokens [B, n, context] and mu [B, D]."""

    def __init__(
        self, encoder: VoxelEncoder, tokens: int, context: int, groups: tuple[tuple[str, int], ...], classes: int
    ) -> None:
        super().__init__()
        o = encoder.options
        self.groups = groups
        self.encoder = encoder
        self.tokens = Tokens(o.patches, o.width, tokens, context)
        self.embedding = Embedding(o.voxels, sum(size for _, size in groups), classes)
        self.register_buffer("mean", torch.zeros(o.voxels))
        self.register_buffer("std", torch.ones(o.voxels))

    def standard(self, pattern: Tensor) -> Tensor:
        """Each voxel's pattern in its standard deviations over the training trials, bounded by 5."""
        return ((pattern - self.mean) / self.std).clamp(-5, 5)

    def forward(self, pattern: Tensor) -> tuple[Tensor, Tensor]:
        seen = self.standard(pattern)
        return self.tokens(self.encoder(seen)), self.embedding(seen)


@dataclass(frozen=True)
class Told:
    """What the ridge says of the training trials from fits to others, mu [N, A, D], and how such an estimate depends on
    the truth: mu = truth weights + bias + noise of covariance chol chol^T. With it, pictures that nobody was shown in a
    scanner can be learned from, each with an estimate as a trial would have given."""

    mu: Tensor
    weights: Tensor
    bias: Tensor
    chol: Tensor

    def say(self, truth: Tensor) -> Tensor:
        """An estimate [B, D] of each row of truth [B, D]."""
        return truth @ self.weights + self.bias + torch.randn_like(truth) @ self.chol.T


@torch.no_grad()
def fit_embedding(condition: VoxelCondition, patterns: Tensor, target: Tensor, labels: Tensor | None) -> Told:
    """Fit mu, expected and category in closed form; patterns [N, A, V], target [N, D] on one device.

    Ages of one trial share a part, so none is predicted from another. Expected activity is
    of patterns as the window gives them.
    """
    ages, raw = patterns.shape[1], patterns.flatten(0, 1).float()
    x, y = condition.standard(raw), target.repeat_interleave(ages, 0)
    part = (torch.arange(len(patterns), device=x.device) % PARTS).repeat_interleave(ages)
    fit, mu = cross_fit(x, y, part)
    load(condition.embedding.mu, fit)
    weights, bias = least(mu, raw)
    load(condition.embedding.expected, Affine(weights.T, bias))
    if labels is not None:
        fit_category(condition.embedding.category, mu, labels.repeat_interleave(ages))
    weights, bias = least(y, mu)
    error = mu - y @ weights - bias
    spread = torch.linalg.cholesky((torch.cov(error.T) + 1e-4 * torch.eye(y.shape[1], device=y.device)).double())
    return Told(mu.unflatten(0, (-1, ages)), weights, bias, spread.float())


def least(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Least squares with a constant: weights [F, D] and bias [D]."""
    mx, my = x.mean(0), y.mean(0)
    weights = solve_primal(*products(x - mx, y - my), 1e-4 * len(x))
    return weights, my - mx @ weights


def cross_fit(x: Tensor, y: Tensor, part: Tensor) -> tuple[Affine, Tensor]:
    """Ridge with a penalty of its own for each output, and what the fits to other parts say of every row.

    The same penalties and parts as the linear decoder's (linear/ridge.py), on any device, and in the dual form where
    there are fewer rows than inputs.
    """
    told = torch.zeros(len(PENALTIES), *y.shape, device=y.device)
    for k in part.unique():
        mine, others = part == k, part != k
        mx, my = x[others].mean(0), y[others].mean(0)
        fits = ridge(x[others] - mx, y[others] - my)
        for at, weights in enumerate(fits):
            told[at, mine] = (x[mine] - mx) @ weights + my
    best = (told - y).square().sum(1).argmin(0)
    fits = torch.stack(ridge(x - x.mean(0), y - y.mean(0)))
    weights = fits.gather(0, best.expand(1, x.shape[1], -1))[0].T.contiguous()
    return Affine(weights, y.mean(0) - weights @ x.mean(0)), told.gather(0, best.expand(1, len(x), -1))[0]


def ridge(x: Tensor, y: Tensor) -> list[Tensor]:
    """Weights [F, D] for every penalty, from centred rows."""
    if len(x) < x.shape[1]:
        kernel = x.double() @ x.double().T
        eye = torch.eye(len(x), device=x.device, dtype=torch.float64)
        return [x.T @ torch.linalg.solve(kernel + p * len(x) * eye, y.double()).float() for p in PENALTIES]
    both = products(x, y)
    return [solve_primal(*both, penalty * len(x)) for penalty in PENALTIES]


def products(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """x^T x and x^T y in float64, a chunk of rows at a time."""
    xx = torch.zeros(x.shape[1], x.shape[1], dtype=torch.float64, device=x.device)
    xy = torch.zeros(x.shape[1], y.shape[1], dtype=torch.float64, device=x.device)
    for a, b in zip(x.split(4096), y.split(4096), strict=True):
        xx += a.T @ a
        xy += a.T @ b
    return xx, xy


def solve_primal(xx: Tensor, xy: Tensor, penalty: float) -> Tensor:
    """Weights [F, D], float32."""
    damped = xx + penalty * torch.eye(len(xx), device=xx.device, dtype=xx.dtype)
    return torch.cholesky_solve(xy, torch.linalg.cholesky(damped)).float()


def load(layer: nn.Linear, fit: Affine) -> None:
    """Weights and bias of an affine map into a layer."""
    layer.weight.copy_(fit.weights)
    layer.bias.copy_(fit.bias)


@torch.enable_grad()
def fit_category(layer: nn.Linear, mu: Tensor, labels: Tensor, steps: int = 40) -> None:
    """Multinomial regression on mu, a little penalised, by L-BFGS."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    layer.requires_grad_(True)
    optimiser = torch.optim.LBFGS(layer.parameters(), max_iter=steps, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(layer(mu), labels) + 1e-3 * layer.weight.square().sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    layer.requires_grad_(False)


def thumbnails(pictures: Tensor, side: int) -> Tensor:
    """Pictures [N, 3, S, S] in [-1, 1] -> [N, 3 side^2]."""
    return torch.nn.functional.adaptive_avg_pool2d(pictures, side).flatten(1)


def components(values: Tensor, dimension: int) -> tuple[Tensor, Tensor]:
    """(mean [L], axes [L, D]) of whitened principal components, largest variance first, of values [N, L]."""
    mean = values.mean(0)
    _, spread, axes = torch.linalg.svd((values - mean).double(), full_matrices=False)
    scale = spread[:dimension] / (len(values) - 1) ** 0.5
    return mean, (axes[:dimension].T / scale.clamp(min=1e-6)).to(values.dtype)
