"""Train the prior of an edit: a denoiser that knows any of the latent groups, or none."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..denoiser import Denoiser
from ..diffusion import diffusion_loss
from ..loop import LoopOptions, train
from ..train_denoiser import NextPair, autocast, fast
from .edit import DEEPEST
from .network import random_groups


@dataclass(frozen=True)
class PriorTraining:
    """Steps, peak rate, seconds; it begins with a denoiser that is trained already."""

    steps: int
    rate: float = 3e-4
    seconds: float = 0.0


def train_prior(model: Denoiser, next_pair: NextPair, options: PriorTraining, folder: Path | None = None) -> Denoiser:
    """Diffusion training at times up to the deepest of an edit; returns the average."""
    run = fast(model.clean)

    def loss(_step: int) -> tuple[Tensor, dict[str, Tensor]]:
        x0, cond = next_pair()
        t = (DEEPEST + 0.02) * torch.rand(len(x0), device=x0.device).clamp(min=1e-3)
        given = random_groups(len(x0), len(model.options.groups), x0.device)

        def clean(x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
            return run(x, t, cond, torch.ones_like(t), given).float()

        with autocast(x0):
            value = diffusion_loss(clean, x0, cond, torch.randn_like(x0), t, 5.0).mean()
        return value, {"loss": value.detach()}

    loop = LoopOptions("prior", options.steps, options.rate, keep=0.998, seconds=options.seconds)
    return train(model, loss, loop, folder)
