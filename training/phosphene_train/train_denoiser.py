"""Train a conditional denoiser on any source of (picture, latents)."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from .denoiser import Denoiser
from .diffusion import diffusion_loss
from .export import Timesteps
from .optimiser import Average, adamw, set_rate
from .progress import Track

NextPair = Callable[[], tuple[Tensor, Tensor]]
"""Gives pictures [B, 3, H, W] in [-1, 1] and latents [B, D], always of the same B."""


@dataclass(frozen=True)
class DenoiserTraining:
    """Steps, peak learning rate, bound of the v-loss's signal-to-noise weight, memory of the average."""

    steps: int
    few_steps: int = 0
    rate: float = 1e-3
    gamma: float = 5.0
    keep: float = 0.999


def train_denoiser(model: Denoiser, next_pair: NextPair, options: DenoiserTraining, timesteps: Timesteps) -> Denoiser:
    """Diffusion training; a third of the times are those that the few-step samplers visit. Returns the average."""
    optimiser, average = adamw(model, options.rate), Average(model, options.keep)
    run = fast(model)
    track = Track("denoiser", options.steps)
    for step in track:
        set_rate(optimiser, options.rate, step, options.steps)
        x0, cond = next_pair()
        loss = step_loss(run, x0, cond, options.gamma, timesteps)
        update(model, optimiser, loss)
        average.update(model, step)
        if track.due(step):
            track.note(loss=loss.item())
    return average.model


def step_loss(run: Callable, x0: Tensor, cond: Tensor, gamma: float, timesteps: Timesteps) -> Tensor:
    """The mean diffusion loss of a batch, in bf16 on a GPU."""
    eps, t = torch.randn_like(x0), random_times(len(x0), timesteps, x0.device)
    with autocast(x0):
        return diffusion_loss(run, x0, cond, eps, t, gamma).mean()


def random_times(count: int, timesteps: Timesteps, device: torch.device) -> Tensor:
    """Uniform in (0, 1], but for a third that are start times of the samplers."""
    visited = sorted({t for times in timesteps.values() for t in times[:-1]})
    chosen = torch.tensor(visited, device=device)[torch.randint(len(visited), (count,), device=device)]
    anywhere = 1 - torch.rand(count, device=device) * 0.999
    return torch.where(torch.rand(count, device=device) < 1 / 3, chosen, anywhere)


def autocast(like: Tensor) -> torch.autocast:
    """bf16 on a GPU, nothing elsewhere."""
    return torch.autocast(like.device.type, torch.bfloat16, enabled=like.is_cuda)


def fast(model: Denoiser) -> Callable:
    """Compiled on a GPU."""
    return torch.compile(model, dynamic=False) if next(model.parameters()).is_cuda else model


def update(model: Denoiser, optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    """One clipped optimiser step."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
