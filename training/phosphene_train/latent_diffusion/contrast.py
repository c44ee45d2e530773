"""Phase 1: every pattern is masked twice; reconstructions of one pattern are told from those of the others."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from ..loop import LoopOptions, train
from ..train_denoiser import autocast
from .mae import VoxelMae

TAU = 0.1
ZEROED = 0.2
"""Share of the voxels set to zero at random, as augmentation."""
NextPattern = Callable[[], Tensor]
"""Gives standardised patterns [B, V], always of the same B."""


@dataclass(frozen=True)
class ContrastTraining:
    """Steps, seconds (0: all steps), peak rate; weights of the cross and of the self term (the paper's README: 0.5 and
    1) and of the squared error of hidden voxels (off in the paper; without it nothing sets the scale)."""

    steps: int
    seconds: float = 0.0
    rate: float = 5e-4
    cross: float = 0.5
    self_: float = 1.0
    squared: float = 1.0


def info_nce(a: Tensor, b: Tensor, tau: float = TAU) -> Tensor:
    """InfoNCE with cosine similarity between rows of a and b [B, V], both ways; the other rows of b are negatives.

    log B where the rows tell nothing.
    """
    table = F.normalize(a.float(), dim=1) @ F.normalize(b.float(), dim=1).T / tau
    own = torch.arange(len(a), device=a.device)
    return 0.5 * (F.cross_entropy(table, own) + F.cross_entropy(table.T, own))


def augment(pattern: Tensor, zeroed: float = ZEROED) -> Tensor:
    """The pattern with a share of its voxels at zero, which is their mean."""
    return pattern * (torch.rand_like(pattern) >= zeroed)


def contrast_loss(model: VoxelMae, pattern: Tensor, o: ContrastTraining) -> tuple[Tensor, dict[str, Tensor]]:
    """0.5 (cross InfoNCE(p1, p2) + self mean of InfoNCE(p1, v) and InfoNCE(p2, v)) + squared."""
    seen = augment(pattern)
    (first, hidden1), (second, hidden2) = model(seen), model(seen)
    cross = info_nce(first, second)
    own = 0.5 * (info_nce(first, pattern) + info_nce(second, pattern))
    squared = 0.5 * (hidden_error(first, pattern, hidden1) + hidden_error(second, pattern, hidden2))
    loss = 0.5 * (o.cross * cross + o.self_ * own) + o.squared * squared
    return loss, {"cross": cross.detach(), "own": own.detach(), "squared": squared.detach()}


def hidden_error(guess: Tensor, pattern: Tensor, hidden: Tensor) -> Tensor:
    """Mean squared error over hidden voxels; 1 is what the mean pattern reaches."""
    return ((guess.float() - pattern).square() * hidden).sum() / hidden.sum()


def pretrain(model: VoxelMae, draw: NextPattern, o: ContrastTraining, folder: Path | None = None) -> VoxelMae:
    """Train on unlabelled patterns; returns the moving average."""

    def loss(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        pattern = draw()
        with autocast(pattern):
            return contrast_loss(model, pattern, o)

    options = LoopOptions("contrast", o.steps, o.rate, decay=0.05, keep=0.998, seconds=o.seconds)
    return train(model, loss, options, folder)
