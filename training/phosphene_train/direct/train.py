"""Train a direct decoder on any source of (window, picture)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from ..loop import LoopOptions, train
from ..train_denoiser import autocast, fast
from .model import DirectModel
from .objective import Distance, Weights, objective

NextPair = Callable[[], tuple[Tensor, Tensor, Tensor]]
"""Gives normalised windows [B, W, U], steering [B, D] (mostly 0) and pictures [B, C, S, S] in [-1, 1] (mid-grey for a
blank), always of one B."""


@dataclass(frozen=True)
class DirectTraining:
    """Steps, peak learning rate, weight decay, memory of the average, seconds after which it ends (0: never), terms of
    the loss; whether to compile it on a GPU."""

    steps: int
    rate: float = 1e-3
    decay: float = 0.01
    keep: float = 0.999
    seconds: float = 0.0
    weights: Weights = field(default_factory=Weights)
    compiled: bool = True


def train_direct(
    model: DirectModel, next_pair: NextPair, options: DirectTraining, distance: Distance | None, folder: Path | None
) -> DirectModel:
    """Returns the moving average of the weights, in evaluation mode. The VAE is left as it is."""
    model.vae.requires_grad_(False)
    device = next(model.parameters()).device

    def terms(window: Tensor, steering: Tensor, picture: Tensor) -> dict[str, Tensor]:
        latents = model.vae.encode(window)[0] + steering
        with autocast(picture):
            decoded = model.paint(window + model.activity_of(steering)[:, None], latents)
            return objective(decoded.float(), picture, options.weights, distance)

    run = fast(terms) if options.compiled and device.type == "cuda" else terms

    def loss(_step: int) -> tuple[Tensor, dict[str, Tensor]]:
        found = run(*next_pair())
        return torch.stack(list(found.values())).sum(), {name: value.detach() for name, value in found.items()}

    loop = LoopOptions("direct", options.steps, options.rate, options.decay, options.keep, seconds=options.seconds)
    return train(model, loss, loop, folder).eval().requires_grad_(False)
