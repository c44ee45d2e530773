"""Train a conditional denoiser on any source of (picture, latents): the teacher of the few-step student."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from .denoiser import Denoiser
from .diffusion import Timesteps, diffusion_loss
from .loop import LoopOptions, train

NextPair = Callable[[], tuple[Tensor, Tensor]]
"""Gives pictures [B, 3, H, W] in [-1, 1] and latents [B, D], always of the same B."""


@dataclass(frozen=True)
class DenoiserTraining:
    """Steps, peak learning rate, bound of the loss's signal-to-noise weight, memory of the average, share of samples
    whose latents are withheld (for classifier-free guidance), seconds after which it ends
    (0: with the last step)."""

    steps: int
    rate: float = 1e-3
    gamma: float = 5.0
    keep: float = 0.999
    withheld: float = 0.1
    seconds: float = 0.0


def train_denoiser(
    model: Denoiser, next_pair: NextPair, options: DenoiserTraining, timesteps: Timesteps, folder: Path | None = None
) -> Denoiser:
    """Diffusion training; a third of the times are those that the few-step samplers visit. Returns the average."""
    run = fast(model.clean)
    # Made once: a tensor made from a list waits for the device to finish what it was given before.
    visited = visited_times(timesteps, next(model.parameters()).device)

    def loss(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        x0, cond = next_pair()
        eps, t = torch.randn_like(x0), random_times(len(x0), visited)
        given = (torch.rand_like(t) >= options.withheld).float()
        with autocast(x0):
            clean = partial(plain, run, given)
            value = diffusion_loss(clean, x0, cond, eps, t, options.gamma).mean()
        return value, {"loss": value.detach()}

    return train(
        model,
        loss,
        LoopOptions("denoiser", options.steps, options.rate, keep=options.keep, seconds=options.seconds),
        folder,
    )


def plain(run: Callable, given: Tensor, x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
    """The clean picture without guidance, in fp32."""
    return run(x, t, cond, torch.ones_like(t), given).float()


def visited_times(timesteps: Timesteps, device: torch.device) -> Tensor:
    """The times at which the few-step samplers ask the network."""
    return torch.tensor(sorted({t for times in timesteps.values() for t in times[:-1]}), device=device)


def random_times(count: int, visited: Tensor) -> Tensor:
    """Uniform in (0, 1], but for a third that are among `visited`."""
    device = visited.device
    chosen = visited[torch.randint(len(visited), (count,), device=device)]
    anywhere = 1 - torch.rand(count, device=device) * 0.999
    return torch.where(torch.rand(count, device=device) < 1 / 3, chosen, anywhere)


def autocast(like: Tensor) -> torch.autocast:
    """bf16 on a GPU, nothing elsewhere."""
    return torch.autocast(like.device.type, torch.bfloat16, enabled=like.is_cuda)


def fast(function: Callable) -> Callable:
    """Compiled on a GPU."""
    return torch.compile(function, dynamic=False) if torch.cuda.is_available() else function
