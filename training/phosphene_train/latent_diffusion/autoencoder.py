"""A small convolutional autoencoder: pictures to a bounded latent a quarter as wide, in which diffusion works."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..loop import LoopOptions, train
from ..train_denoiser import autocast

FACTOR = 4
"""Pixels of the picture along one of the latent."""
JITTER = 0.15
"""Standard deviation of the noise added to latents in training, so that near latents mean near pictures."""


@dataclass(frozen=True)
class AutoencoderOptions:
    """Side of the pictures, channels of the latent, channels at full resolution (twice and thrice further down)."""

    side: int
    latent: int = 4
    width: int = 32

    @property
    def latent_side(self) -> int:
        return self.side // FACTOR


class Residual(nn.Module):
    """Two 3x3 convolutions beside an identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        groups = math.gcd(8, width)
        self.body = nn.Sequential(
            nn.GroupNorm(groups, width), nn.SiLU(), nn.Conv2d(width, width, 3, padding=1),
            nn.GroupNorm(groups, width), nn.SiLU(), nn.Conv2d(width, width, 3, padding=1),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class Autoencoder(nn.Module):
    """Pictures [B, 3, S, S] in [-1, 1] <-> latents [B, c, S/4, S/4] in (-1, 1).

    The latent is bounded by tanh, so the samplers' clipping to [-1, 1] (diffusion.ddim) is that of the data here too.
    """

    def __init__(self, o: AutoencoderOptions) -> None:
        super().__init__()
        self.options = o
        a, b, c = o.width, 2 * o.width, 3 * o.width
        self.encoder = nn.Sequential(
            nn.Conv2d(3, a, 3, padding=1), nn.SiLU(), nn.Conv2d(a, b, 4, 2, 1), Residual(b),
            nn.Conv2d(b, c, 4, 2, 1), Residual(c), Residual(c), nn.Conv2d(c, o.latent, 1),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Conv2d(o.latent, c, 3, padding=1), Residual(c), Residual(c),
            nn.Conv2d(c, 4 * b, 1), nn.PixelShuffle(2), Residual(b),
            nn.Conv2d(b, 4 * a, 1), nn.PixelShuffle(2), nn.SiLU(), nn.Conv2d(a, 3, 3, padding=1),
        )  # fmt: skip

    def encode(self, picture: Tensor) -> Tensor:
        return torch.tanh(self.encoder(picture))

    def decode(self, latent: Tensor) -> Tensor:
        """Unclipped."""
        return self.decoder(latent)


def fit_autoencoder(
    model: Autoencoder, draw: Callable[[], Tensor], distance: Callable[[Tensor, Tensor], Tensor] | None,
    steps: int, seconds: float, folder: Path | None = None,
) -> Autoencoder:  # fmt: skip
    """Absolute error plus a perceptual distance where there is one; `draw` gives pictures [B, 3, S, S]."""

    def loss(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        picture = draw()
        with autocast(picture):
            latent = model.encode(picture)
            decoded = model.decode(latent + JITTER * torch.randn_like(latent)).float()
            pixel = F.l1_loss(decoded, picture)
            far = distance(decoded, picture).float() if distance else torch.zeros_like(pixel)
        return pixel + 0.5 * far, {"pixel": pixel.detach(), "perceptual": far.detach()}

    options = LoopOptions("autoencoder", steps, 2e-3, keep=0.998, seconds=seconds)
    return train(model, loss, options, folder).eval().requires_grad_(False)
