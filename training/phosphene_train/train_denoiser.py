"""Train a conditional denoiser on any source of (picture, latents), then tune it on its own few-step samples."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils import clip_grad_norm_

from .denoiser import Denoiser
from .diffusion import ddim, diffusion_loss
from .export import Timesteps
from .optimiser import Average, adamw, set_rate
from .progress import Track

NextPair = Callable[[], tuple[Tensor, Tensor]]
"""Gives pictures [B, 3, H, W] in [-1, 1] and latents [B, D], always of the same B."""
Distance = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class DenoiserTraining:
    """Steps and peak learning rates of both stages; `gamma` bounds the signal-to-noise weight of the v-loss."""

    steps: int
    few_steps: int
    rate: float = 1e-3
    few_rate: float = 3e-4
    gamma: float = 5.0
    keep: float = 0.999
    perceptual: float = 1.0


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


def tune_few_steps(
    model: Denoiser, next_pair: NextPair, options: DenoiserTraining, timesteps: Timesteps, distance: Distance
) -> Denoiser:
    """Train through the very DDIM samplers that the bundle ships, each k in turn; the diffusion loss stays beside.

    The picture from noise under its latents is compared with the true one: absolute error plus `distance`.
    """
    model.requires_grad_(True).train()
    optimiser, average = adamw(model, options.few_rate), Average(model, 0.998)
    run = fast(model)
    track = Track("few steps", options.few_steps)
    order = sorted(timesteps, key=int)
    for step in track:
        set_rate(optimiser, options.few_rate, step, options.few_steps)
        x0, cond = next_pair()
        with autocast(x0):
            sample = ddim(run, torch.randn_like(x0), cond, timesteps[order[step % len(order)]])
            far = distance(sample, x0)
        few = F.l1_loss(sample.float(), x0) + options.perceptual * far.float()
        loss = few + 0.5 * step_loss(run, x0, cond, options.gamma, timesteps)
        update(model, optimiser, loss)
        average.update(model, step)
        if track.due(step):
            track.note(k=int(order[step % len(order)]), few=few.item(), perceptual=far.item())
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
