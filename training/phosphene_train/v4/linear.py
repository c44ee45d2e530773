"""Decoders in closed form: the ridge baseline, ridge and kernel ridge on components, the nearest training response.

Penalties are chosen by cross-validation that leaves out whole pictures: rows that show the same picture (repeats,
single trials) never lie on both sides.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from .encoding import centre

PENALTIES = (10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0)
KERNELS = [(width, penalty) for width in (2.0, 4.0, 8.0) for penalty in (0.1, 0.3, 1.0, 3.0)]
PARTS = 5

Fit = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(training rows, their targets, other rows) -> predictions."""


def zscore(train: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Both by the training mean and standard deviation."""
    mean, std = train.mean(0), train.std(0).clamp(min=1e-3)
    return (train - mean) / std, (other - mean) / std


def ridge(train: Tensor, targets: Tensor, test: Tensor, penalty: float) -> Tensor:
    """Ridge regression on z-scored counts, with intercept."""
    a, b = zscore(train, test)
    mean = targets.mean(0)
    gram = a.T @ a + penalty * torch.eye(a.shape[1], device=a.device)
    return b @ torch.linalg.solve(gram, a.T @ (targets - mean)) + mean


def kernel_ridge(train: Tensor, targets: Tensor, test: Tensor, width: float, penalty: float) -> Tensor:
    """Kernel ridge with exp(-mean squared difference of z-scored counts / width)."""
    a, b = zscore(train, test)
    inner, outer = (torch.exp(-torch.cdist(x, a).square() / (a.shape[1] * width)) for x in (a, b))
    inner, outer = centre(inner, outer)
    mean = targets.mean(0)
    return outer @ torch.linalg.solve(inner + penalty * torch.eye(len(a), device=a.device), targets - mean) + mean


def residuals(fit: Fit, rows: Tensor, targets: Tensor, place: Tensor) -> Tensor:
    """Targets minus predictions by fits without the row's picture, [n, c]; `place` [n] names the picture."""
    out = torch.empty_like(targets)
    for part in range(PARTS):
        away = place % PARTS == part
        out[away] = targets[away] - fit(rows[~away], targets[~away], rows[away])
    return out


def best_ridge(rows: Tensor, targets: Tensor, place: Tensor) -> tuple[float, Tensor]:
    """The penalty of the least cross-validated error, and its residuals."""
    tried = {p: residuals(lambda *x, p=p: ridge(*x, p), rows, targets, place) for p in PENALTIES}
    return min(tried.items(), key=lambda item: float(item[1].square().mean()))


def tuned_ridge(rows: Tensor, targets: Tensor, place: Tensor, test: Tensor) -> Tensor:
    """Ridge to components."""
    return ridge(rows, targets, test, best_ridge(rows, targets, place)[0])


def tuned_kernel_ridge(rows: Tensor, targets: Tensor, place: Tensor, test: Tensor) -> Tensor:
    """Kernel ridge to components."""

    def error(choice: tuple[float, float]) -> float:
        return float(residuals(lambda *x: kernel_ridge(*x, *choice), rows, targets, place).square().mean())

    return kernel_ridge(rows, targets, test, *min(KERNELS, key=error))


def baseline(train: Tensor, flat: Tensor, test: Tensor, penalty: float = 100.0) -> Tensor:
    """Ridge to 8 x 8 RGB, the data set's published baseline; decoded pictures enlarged to 64 x 64, [R, 12288]."""
    blocks = flat.view(len(flat), 3, 8, 8, 8, 8).mean((3, 5)).flatten(1)
    small = ridge(train, blocks, test, penalty).view(-1, 3, 8, 1, 8, 1)
    return small.expand(-1, -1, -1, 8, -1, 8).reshape(len(test), -1)


def nearest(train: Tensor, test: Tensor) -> Tensor:
    """For each test row the training row whose z-scored response correlates most with it, [R]."""
    a, b = zscore(train, test)
    a, b = (x - x.mean(1, keepdim=True) for x in (a, b))
    return (b @ F.normalize(a, dim=1).T).argmax(1)
