"""From a pattern to what conditions the diffusion model: tokens of the encoder, and an embedding by ridge regression.

The embedding mu estimates the principal components of the picture's latent, each in its standard deviation over the
training pictures, from the voxels. It is fitted in closed form, and training sees, for every trial, what the fit to
the OTHER trials says of it: an estimate of a trial that the fit has seen is much better than any of a new one, and a
diffusion model that was trained on such would believe in it.
"""

import torch
from torch import Tensor, nn

from ..linear.model import Affine
from ..linear.ridge import PARTS, PENALTIES, cross_validated, least_squares
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


@torch.no_grad()
def fit_embedding(
    condition: VoxelCondition, patterns: Tensor, target: Tensor, windows: Tensor, labels: Tensor | None
) -> Tensor:
    """Fit mu, expected and category in closed form; patterns, windows [N, A, V], target [N, D] on one device.

    Returns mu [N, A, D] of every training trial from fits to other trials. Ages of one trial share a part, so none is
    predicted from another.
    """
    ages = patterns.shape[1]
    x = condition.standard(patterns.flatten(0, 1).float())
    part = (torch.arange(len(patterns), device=x.device) % PARTS).repeat_interleave(ages)
    fit, mu = cross_fit(x, target.repeat_interleave(ages, 0), part)
    load(condition.embedding.mu, fit)
    load(condition.embedding.expected, least_squares(mu.cpu(), windows.flatten(0, 1).float().cpu()))
    if labels is not None:
        fit_category(condition.embedding.category, mu, labels.repeat_interleave(ages))
    return mu.unflatten(0, (-1, ages))


def cross_fit(x: Tensor, y: Tensor, part: Tensor) -> tuple[Affine, Tensor]:
    """Ridge with a penalty of its own for each output, and what the fits to other parts say of every row.

    Wide problems are solved in their dual form, from the products of the rows.
    """
    if len(x) >= x.shape[1]:
        ridge = cross_validated(x.cpu(), y.cpu(), part.cpu())
        return ridge.fit, ridge.left_out.to(x.device)
    told = torch.stack([left_out(x, y, part, penalty) for penalty in PENALTIES])
    best = (told - y).square().sum(1).argmin(0)
    weights = torch.zeros(y.shape[1], x.shape[1], device=x.device)
    for at in best.unique():
        mine = best == at
        weights[mine] = dual(x - x.mean(0), y - y.mean(0), PENALTIES[int(at)])[:, mine].T
    bias = y.mean(0) - weights @ x.mean(0)
    return Affine(weights, bias), told.gather(0, best.expand(1, len(x), -1))[0]


def dual(x: Tensor, y: Tensor, penalty: float) -> Tensor:
    """Weights [F, D] of ridge from centred rows, penalty per row."""
    kernel = (x @ x.T).double()
    kernel.diagonal().add_(penalty * len(x))
    return x.T @ torch.linalg.solve(kernel, y.double()).float()


def left_out(x: Tensor, y: Tensor, part: Tensor, penalty: float) -> Tensor:
    """What the fits to the other parts say of each row [n, D]."""
    out = torch.empty_like(y)
    for k in part.unique():
        mine, others = part == k, part != k
        mx, my = x[others].mean(0), y[others].mean(0)
        out[mine] = (x[mine] - mx) @ dual(x[others] - mx, y[others] - my, penalty) + my
    return out


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


def components(latents: Tensor, dimension: int) -> tuple[Tensor, Tensor]:
    """(mean [L], axes [L, D]) of whitened principal components, largest variance first, of latents [N, L]."""
    mean = latents.mean(0)
    _, spread, axes = torch.linalg.svd((latents - mean).double(), full_matrices=False)
    scale = spread[:dimension] / (len(latents) - 1) ** 0.5
    return mean, (axes[:dimension].T / scale.clamp(min=1e-6)).to(latents.dtype)
