"""The denoisers of an edit: one that sees no latents, and the student that takes gamma and eta as inputs."""

from dataclasses import replace

import torch
from torch import Tensor, nn

from ..denoiser import Denoiser, DenoiserOptions
from ..diffusion import add_noise
from ..train_denoiser import autocast
from .edit import Noise, scales


def clean_without_latents(denoiser: Denoiser, picture: Tensor, t: Tensor) -> Tensor:
    """The denoiser's estimate of pictures [B, 3, H, W] that it sees through noise of times t [B], latents withheld."""
    x, _ = add_noise(picture, torch.randn_like(picture), t)
    return withheld(denoiser, x, t).float()


def withheld(denoiser: Denoiser, x: Tensor, t: Tensor) -> Tensor:
    """The estimate of the clean picture from x and t alone."""
    nothing = torch.zeros(len(x), sum(denoiser.options.groups), device=x.device)
    one = torch.ones_like(t)
    return denoiser.clean(x, t, nothing, one, 0 * one)


def noise_of(denoiser: Denoiser) -> Noise:
    """eps without latents, as inversion and guided sampling call it; bf16 on a GPU."""

    def noise(x: Tensor, t: float) -> Tensor:
        a, sigma = scales(t)
        with autocast(x):
            x0 = withheld(denoiser, x, torch.full((len(x),), t, device=x.device)).float()
        return (x - a * x0) / sigma

    return noise


class Editor(nn.Module):
    """The student: a Denoiser whose condition of a group is its latents and its gamma, and whose guidance is eta.

    Everything an edit costs the exact way, inversion and a gradient at every step, is inside its weights (Meng et al.
    2023 do so for classifier-free guidance). gamma is scaled by `largest_gamma`, eta by `largest_eta`.
    """

    def __init__(self, options: DenoiserOptions, largest_gamma: float, largest_eta: float) -> None:
        super().__init__()
        self.groups = options.groups
        self.largest_gamma, self.largest_eta = largest_gamma, largest_eta
        self.inner = Denoiser(replace(options, groups=tuple(size + 1 for size in options.groups)))

    def clean(self, x: Tensor, t: Tensor, cond: Tensor, gamma: Tensor, eta: Tensor) -> Tensor:
        """x [B, 3, H, W], t [B], latents [B, D], gamma [B, G], eta [B] -> the edited picture, unclipped."""
        parts = cond.split(list(self.groups), dim=1)
        shifts = (gamma / self.largest_gamma).split(1, dim=1)
        conditions = torch.cat([half for pair in zip(parts, shifts, strict=True) for half in pair], dim=1)
        return self.inner.clean(x, t, conditions, 1 + 2 * eta / self.largest_eta)
