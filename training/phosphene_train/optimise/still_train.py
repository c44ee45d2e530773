"""Fit encoders of still pictures by their Poisson likelihood."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..loop import LoopOptions, train
from ..train_denoiser import autocast
from .encoder import EncoderOptions, StillEncoder, poisson_loss

Draw = Callable[[int, torch.Generator], tuple[Tensor, Tensor]]
"""(B, generator) -> pictures [B, C, H, W] in [-1, 1] and counts [B, U]."""


@dataclass(frozen=True)
class StillTraining:
    """Steps, pictures a step, peak rate, weight decay; seconds after which it ends (0: with the last step)."""

    steps: int = 6000
    batch: int = 512
    rate: float = 2e-3
    decay: float = 0.05
    seconds: float = 0.0


def fit_still_encoder(
    options: EncoderOptions, draw: Draw, training: StillTraining, device: torch.device, seed: int
) -> StillEncoder:
    """One instance, in evaluation mode; others of the ensemble differ by their seed (start, and order of trials)."""
    torch.manual_seed(seed)
    model = StillEncoder(options).to(device)
    generator = torch.Generator(device).manual_seed(seed)
    pictures, counts = draw(512, generator)
    model.start_at(pictures, counts.mean(0))

    def loss(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        pictures, counts = draw(training.batch, generator)
        with autocast(pictures):
            drive = model(pictures)
        value = poisson_loss(drive.float(), counts, 1e-6).mean()
        return value, {"loss": value.detach()}

    t = training
    keep = 0.999 if t.steps > 2000 else 0.99
    loop = LoopOptions(f"encoder-{seed}", t.steps, t.rate, decay=t.decay, keep=keep, seconds=t.seconds)
    return train(model, loss, loop).requires_grad_(False).eval()
