"""The denoisers of an edit: the prior, which knows some groups of latents or none, and the student."""

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..denoiser import Denoiser, DenoiserOptions
from ..train_denoiser import autocast
from .edit import Noise, scales


def estimate(denoiser: Denoiser, x: Tensor, t: Tensor, cond: Tensor, given: Tensor) -> Tensor:
    """The clean picture from x [B, 3, H, W] at times t [B] and the groups of cond [B, D] that given [B, G] names."""
    return denoiser.clean(x, t, cond, torch.ones_like(t), given)


def noise_of(denoiser: Denoiser, cond: Tensor, given: Tensor) -> Noise:
    """eps as inversion and guided sampling call it; bf16 on a GPU."""

    def noise(x: Tensor, t: float) -> Tensor:
        a, sigma = scales(t)
        with autocast(x):
            x0 = estimate(denoiser, x, torch.full((len(x),), t, device=x.device), cond, given).float()
        return (x - a * x0) / sigma

    return noise


def random_groups(count: int, groups: int, device: torch.device) -> Tensor:
    """Which groups a prior is trained to know [count, G]: none in a third of the rows, else each or not."""
    some = torch.rand(count, groups, device=device) < 0.6
    return (some & (torch.rand(count, 1, device=device) > 1 / 3)).float()


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


def without_grid(picture: Tensor) -> Tensor:
    """A picture [B, C, H, W] through the binomial filter 1 2 1, each way: nothing is left at the finest frequency.

    The student spreads tokens over patches by pixel shuffles, and its perceptual distance hardly sees what alternates
    from pixel to pixel: after minutes of training a checkerboard is left there, with a hundred times the power that
    pictures have. What of the picture itself goes with it is less: the correlation with the true one rises.
    """
    channels = picture.shape[1]
    taps = torch.tensor([0.25, 0.5, 0.25], device=picture.device, dtype=picture.dtype)
    kernel = (taps[:, None] * taps).expand(channels, 1, 3, 3)
    return F.conv2d(F.pad(picture, (1, 1, 1, 1), mode="replicate"), kernel, groups=channels)
