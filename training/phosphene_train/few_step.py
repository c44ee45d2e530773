"""Tune a trained denoiser on its own few-step samples."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from .denoiser import Denoiser
from .diffusion import ddim
from .export import Timesteps
from .optimiser import Average, adamw, set_rate
from .progress import Track
from .train_denoiser import NextPair, autocast, fast, step_loss, update

Distance = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class FewStepTraining:
    """Steps, peak learning rate, bound of the diffusion loss's weight, weight of the perceptual distance."""

    steps: int
    rate: float = 3e-4
    gamma: float = 5.0
    perceptual: float = 1.0


def tune_few_steps(
    model: Denoiser, next_pair: NextPair, options: FewStepTraining, timesteps: Timesteps, distance: Distance
) -> Denoiser:
    """Train through the very DDIM samplers that the bundle ships, each k in turn; the diffusion loss stays beside.

    The picture from noise under its latents is compared with the true one: absolute error plus `distance`.
    Returns the moving average of the weights.
    """
    model.requires_grad_(True).train()
    optimiser, average = adamw(model, options.rate), Average(model, 0.998)
    run = fast(model)
    track = Track("few steps", options.steps)
    order = sorted(timesteps, key=int)
    for step in track:
        set_rate(optimiser, options.rate, step, options.steps)
        x0, cond = next_pair()
        with autocast(x0):
            sample = ddim(run, torch.randn_like(x0), cond, timesteps[order[step % len(order)]])
            far = distance(sample, x0)
        few = F.l1_loss(sample.float(), x0) + options.perceptual * far.float()
        update(model, optimiser, few + 0.5 * step_loss(run, x0, cond, options.gamma, timesteps))
        average.update(model, step)
        if track.due(step):
            track.note(k=int(order[step % len(order)]), few=few.item(), perceptual=far.item())
    return average.model
