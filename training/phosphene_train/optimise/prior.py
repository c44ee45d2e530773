"""A diffusion prior over pictures, and DDIM that is drawn towards measured responses by an energy (EGG,
Pierzchlewicz et al. 2023).

    x0 = D(x_t, t);  E(x0) = Poisson loss of the responses that the encoders expect of x0
    x_s = DDIM(x_t, x0) - scale grad E / ||grad E||

EGG takes the gradient in x_t, through the denoiser. Here that is one of two ways; the other leaves the denoiser out of
it (as MIG-Vis does), so that the gradient in x_t is that in x0 over alpha, of which the norm is divided out: no network
but the encoders is gone back through, and several small steps at one x0 cost no further run of the denoiser.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from ..denoiser import Denoiser, DenoiserOptions
from ..diffusion import TIMESTEPS
from ..pool import Pool
from ..train_denoiser import DenoiserTraining, train_denoiser
from .descend import normalised
from .encoder import poisson_loss
from .inversion import Inversion, smoothed


def prior_options(side: int = 64, width: int = 256, blocks: int = 4) -> DenoiserOptions:
    """A small denoiser that is never given its one condition."""
    return DenoiserOptions((1,), image=side, patch=8, width=width, blocks=blocks, heads=max(1, width // 64))


class Prior(nn.Module):
    """x [B, 3, H, W], t [B] -> the estimate of the clean picture, in [-1, 1]."""

    def __init__(self, denoiser: Denoiser) -> None:
        super().__init__()
        self.denoiser = denoiser

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        nothing = torch.zeros_like(t)
        return self.denoiser.clean(x, t, nothing[:, None], nothing + 1, nothing).clamp(-1, 1)


def train_prior(pool: Pool, options: DenoiserOptions, steps: int, batch: int, seconds: float, seed: int) -> Denoiser:
    """Learn what pictures of a pool look like; nothing of any brain."""
    torch.manual_seed(seed)
    device = pool.pictures.device
    model = Denoiser(options).to(device)

    def draw() -> tuple[Tensor, Tensor]:
        at = torch.randint(len(pool), (batch,), device=device)
        return pool.images(at), torch.zeros(batch, 1, device=device)

    training = DenoiserTraining(steps, withheld=1.0, seconds=seconds)
    return train_denoiser(model, draw, training, TIMESTEPS).eval().requires_grad_(False)


def times(first: float, steps: int) -> list[float]:
    """steps + 1 times from `first` down to 0, evenly spaced."""
    return [first * (1 - i / steps) for i in range(steps + 1)]


def guided(
    prior: Prior,
    inversion: Inversion,
    counts: Tensor,
    noise: Tensor,
    timesteps: Sequence[float],
    scale: float,
    inner: int = 1,
    through: bool = False,
    start: Tensor | None = None,
) -> Tensor:
    """Pictures [B, C, H, W] for counts [B, U]. `start`: pictures to which the noise is added, where the first time is
    below 1. `inner`: gradient steps for each run of the denoiser; `through`: the gradient goes back through it."""
    if through and inner != 1:
        raise ValueError(f"energy guidance through the denoiser: expected 1 inner step, got {inner}")
    x = noise if start is None else mixed(start, noise, timesteps[0])
    for t, s in pairwise(timesteps):
        now = torch.full((len(x),), t, dtype=x.dtype, device=x.device)
        if through:
            x0, slope = through_denoiser(prior, inversion, counts, x, now)
        else:
            x0 = prior(x, now)
        pulled = x0
        for _ in range(inner):
            slope = slope if through else inversion.gradient(pulled[:, None], counts)[:, 0]
            pulled = (pulled - scale / inner * slope).clamp(-1, 1)
        if s == 0:
            return pulled
        alpha, sigma = math.cos(math.pi * t / 2), math.sin(math.pi * t / 2)
        x = mixed(pulled, (x - alpha * x0) / sigma, s)
    raise ValueError(f"timesteps end at {timesteps[-1]}, expected 0")


def mixed(picture: Tensor, noise: Tensor, t: float) -> Tensor:
    """x_t of a clean picture and noise."""
    return math.cos(math.pi * t / 2) * picture + math.sin(math.pi * t / 2) * noise


def through_denoiser(prior: Prior, inversion: Inversion, counts: Tensor, x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """The clean estimate and the normalised gradient of the energy in x_t, by autograd."""
    x = x.detach().requires_grad_(True)
    with torch.enable_grad():
        x0 = prior(x, t)
        loss = sum((inversion.share * poisson_loss(encoder(x0), counts)).sum() for encoder in inversion.encoders)
        slope = torch.autograd.grad(loss, x)[0]
    return x0.detach(), normalised(smoothed(slope, inversion.options.smooth))
