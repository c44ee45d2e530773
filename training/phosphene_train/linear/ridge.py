"""Ridge regression in closed form, from sums over parts of the windows: each part is also predicted by the others."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .model import Affine

PARTS = 4
PENALTIES = tuple(10.0 ** (power / 2) for power in range(-8, 4))
"""Per window and per unit of variance of an input; each output takes the one of the least error on windows left out."""
CHUNK = 4096


@dataclass(frozen=True)
class Sums:
    """Of windows x [n, F] with targets y [n, D]: count, sums and products, in float64."""

    count: float
    x: Tensor
    y: Tensor
    xx: Tensor
    xy: Tensor
    yy: Tensor
    """Squares of each target [D]."""

    def __sub__(self, other: "Sums") -> "Sums":
        return Sums(*(a - b for a, b in zip(self.__dict__.values(), other.__dict__.values(), strict=True)))

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*(a + b for a, b in zip(self.__dict__.values(), other.__dict__.values(), strict=True)))


def sums(x: Tensor, y: Tensor) -> Sums:
    """Products in float32, a chunk of windows at a time, added up in float64."""
    xx = torch.zeros(x.shape[1], x.shape[1], dtype=torch.float64)
    xy = torch.zeros(x.shape[1], y.shape[1], dtype=torch.float64)
    for a, b in zip(x.split(CHUNK), y.split(CHUNK), strict=True):
        xx += a.T @ a
        xy += a.T @ b
    squares = y.double().square().sum(0)
    return Sums(float(len(x)), x.double().sum(0), y.double().sum(0), xx, xy, squares)


def solve(s: Sums, penalty: float) -> tuple[Tensor, Tensor]:
    """Weights [F, D] and bias [D] in float64; the bias is not penalised."""
    mx, my = s.x / s.count, s.y / s.count
    xx = s.xx - s.count * mx[:, None] * mx
    xy = s.xy - s.count * mx[:, None] * my
    xx.diagonal().add_(penalty * s.count)
    weights = torch.cholesky_solve(xy, torch.linalg.cholesky(xx))
    return weights, my - mx @ weights


def squared_error(s: Sums, weights: Tensor, bias: Tensor) -> Tensor:
    """Sum over the windows of `s` of the squared error of every output [D]."""
    cross = (weights * s.xy).sum(0)
    square = (weights * (s.xx @ weights)).sum(0) + 2 * bias * (s.x @ weights) + s.count * bias.square()
    return s.yy - 2 * (cross + bias * s.y) + square


@dataclass(frozen=True)
class Ridge:
    """The fit to all windows, each output's penalty, and what every window is told by the fit to the other parts."""

    fit: Affine
    penalties: Tensor
    left_out: Tensor
    """[n, D], in the order of the windows."""


def cross_validated(x: Tensor, y: Tensor, part: Tensor) -> Ridge:
    """Windows x [n, F], targets y [n, D], the part [n] in 0 .. PARTS-1 of each; windows of one picture share a part."""
    each = [sums(x[part == k], y[part == k]) for k in range(PARTS)]
    total = each[0]
    for s in each[1:]:
        total = total + s
    errors = torch.zeros(len(PENALTIES), y.shape[1], dtype=torch.float64)
    for s in each:
        for at, penalty in enumerate(PENALTIES):
            errors[at] += squared_error(s, *solve(total - s, penalty))
    best = errors.argmin(0)
    left_out = torch.empty_like(y)
    for k, s in enumerate(each):
        left_out[part == k] = best_of(total - s, best)(x[part == k])
    return Ridge(best_of(total, best), torch.tensor(PENALTIES)[best], left_out)


def one_penalty(x: Tensor, y: Tensor, part: Tensor, score: Callable[[Tensor, Tensor], float]) -> Ridge:
    """The same with one penalty for all outputs, of the largest `score`(predicted, true) of windows left out: squared
    error shrinks what is told badly, also where another measure would rather have it."""
    each = [sums(x[part == k], y[part == k]) for k in range(PARTS)]
    total = each[0]
    for s in each[1:]:
        total = total + s

    def left_out(at: int) -> Tensor:
        out = torch.empty_like(y)
        for k, s in enumerate(each):
            out[part == k] = best_of(total - s, torch.full(y.shape[1:], at))(x[part == k])
        return out

    guesses = [left_out(at) for at in range(len(PENALTIES))]
    at = max(range(len(PENALTIES)), key=lambda at: score(guesses[at], y))
    penalties = torch.full(y.shape[1:], PENALTIES[at])
    return Ridge(best_of(total, torch.full(y.shape[1:], at)), penalties, guesses[at])


def best_of(s: Sums, best: Tensor) -> Affine:
    """Every output with its own penalty, as float32."""
    weights, bias = torch.empty_like(s.xy), torch.empty_like(s.y)
    for at in best.unique():
        w, b = solve(s, PENALTIES[int(at)])
        mine = best == at
        weights[:, mine], bias[mine] = w[:, mine], b[mine]
    return Affine(weights.T.float().contiguous(), bias.float())


def least_squares(x: Tensor, y: Tensor) -> Affine:
    """Plain regression of few inputs, with just enough penalty for inputs that do not vary."""
    weights, bias = solve(sums(x, y), 1e-6)
    return Affine(weights.T.float().contiguous(), bias.float())
