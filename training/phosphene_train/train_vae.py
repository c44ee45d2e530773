"""Train a group-wise VAE on any source of windows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from .loop import LoopOptions, train
from .multi_session import MultiSession
from .ranks import rank
from .vae import GroupVae
from .vae_loss import VaeBatch, VaeWeights, vae_loss


@dataclass(frozen=True)
class VaeTraining:
    """Steps, peak learning rate, weight decay, size of the data set (for the correlation estimate), weights, name."""

    steps: int
    rate: float = 1e-3
    decay: float = 0.01
    count: int = 100_000
    weights: VaeWeights = field(default_factory=VaeWeights)
    name: str = "vae"

    @property
    def loop(self) -> LoopOptions:
        return LoopOptions(self.name, self.steps, self.rate, self.decay, clip=20.0)


def train_vae(
    model: GroupVae, next_batch: Callable[[], VaeBatch], options: VaeTraining, checkpoint: Path | None = None
) -> GroupVae:
    """Returns the moving average of the weights, in evaluation mode; `checkpoint` is the folder of loop.train."""

    def loss(_step: int) -> tuple[Tensor, dict[str, Tensor]]:
        return vae_loss(model, next_batch(), options.weights, options.count)

    return train(model, loss, options.loop, checkpoint)


def train_sessions(
    model: MultiSession,
    batch: Callable[[int, int], VaeBatch],
    options: VaeTraining,
    seed: int,
    checkpoint: Path | None = None,
) -> MultiSession:
    """The sessions take turns; `batch(session, step)` must depend on nothing else.

    Every step seeds its own noise from (seed, step, rank), so that a run that was stopped and went on from its
    checkpoint ends as one that was not, and ranks see different windows. All ranks train the same session in a step:
    gradients are averaged parameter by parameter.
    """

    def loss(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        torch.manual_seed(step_seed(seed, step))
        session = step % len(model.members)
        return vae_loss(model.members[session], batch(session, step), options.weights, options.count)

    return train(model, loss, options.loop, checkpoint)


def step_seed(seed: int, step: int) -> int:
    """A seed for one step on one rank."""
    return (seed * 1_000_003 + step) * 1_009 + rank()
