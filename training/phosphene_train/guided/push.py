"""How far a gradient of the guided information moves the estimate of the clean picture.

The paper's update (MIG-Vis, algorithm 1) detaches eps, which takes 1 / a_t for the denoiser's Jacobian. By Tweedie's
formula that is (a_t / sigma_t^2) Cov[x0 | y_t]: several hundred times less at t' and next to nothing for fine texture.
With the paper's a picture network's gradient becomes a patchwork of textures, and the score falls instead of rising
(docs/decoders.md). Here Cov is that of Gaussian pictures with the scenes' own power spectrum. It needs no pass through
the denoiser either, and eta 1 is Bayes' rule for such pictures.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from .edit import Push, scales

OPPONENT = ((1, 1, 1), (1, 0, -1), (1, -2, 1))
"""Luminance and two colour differences, before each is given unit length."""
TRUST = 1.5
"""A push is at most this many standard deviations of what y_t leaves open (root mean square over the picture)."""


class Spectrum(nn.Module):
    """Variance of the scenes' pictures in each cosine component of luminance and colours, [3, S, S]."""

    def __init__(self, side: int) -> None:
        super().__init__()
        k, x = torch.arange(side)[:, None], torch.arange(side)[None] + 0.5
        basis = torch.cos(math.pi / side * k * x) * math.sqrt(2 / side)
        basis[0] /= math.sqrt(2)
        colour = torch.tensor(OPPONENT, dtype=torch.float32)
        self.register_buffer("basis", basis)
        self.register_buffer("colour", colour / colour.norm(dim=1, keepdim=True))
        self.register_buffer("power", torch.ones(3, side, side))

    def components(self, picture: Tensor) -> Tensor:
        mixed = torch.matmul(self.colour, picture.flatten(2)).view(picture.shape)
        return torch.matmul(torch.matmul(self.basis, mixed), self.basis.T)

    def picture(self, components: Tensor) -> Tensor:
        mixed = torch.matmul(torch.matmul(self.basis.T, components), self.basis)
        return torch.matmul(self.colour.T, mixed.flatten(2)).view(components.shape)

    @torch.no_grad()
    def fit(self, pictures: Tensor) -> "Spectrum":
        """From pictures [N, 3, S, S]."""
        parts = [self.components(part) for part in pictures.split(512)]
        self.power.copy_(torch.cat(parts).var(0).clamp(min=1e-6))
        return self

    def open_variance(self, alpha: Tensor, sigma: Tensor) -> Tensor:
        """Cov[x0 | y_t] of Gaussian pictures, in each component [3, S, S]."""
        return self.power * sigma**2 / (alpha**2 * self.power + sigma**2)

    def shape(self, gradient: Tensor, alpha: Tensor, sigma: Tensor, eta: Tensor) -> Tensor:
        """eta Cov dJ/dx0 for gradients [B, 3, S, S] and eta [B, 1, 1, 1], no longer than TRUST allows."""
        left = self.open_variance(alpha, sigma)
        push = eta * left * self.components(gradient)
        longest = TRUST * left.mean().sqrt()
        length = push.square().mean((1, 2, 3), keepdim=True).sqrt()
        return self.picture(push * (longest / length.clamp(min=1e-12)).clamp(max=1))


def shaped(gradient: Callable[[Tensor], Tensor], spectrum: Spectrum, eta: Tensor) -> Push:
    """Ours; eta is one weight for each picture [B]."""

    def push(x0: Tensor, t: float) -> Tensor:
        alpha, sigma = (torch.tensor(value, device=x0.device) for value in scales(t))
        return spectrum.shape(gradient(x0), alpha, sigma, eta.view(-1, 1, 1, 1))

    return push


def published(gradient: Callable[[Tensor], Tensor], eta: Tensor) -> Push:
    """The paper's: eps~ = eps - eta dJ/dy with dJ/dy = dJ/dx0 / a_t, which moves x0 by eta sigma_t / a_t^2 dJ/dx0."""

    def push(x0: Tensor, t: float) -> Tensor:
        alpha, sigma = scales(t)
        return eta.view(-1, 1, 1, 1) * sigma / alpha**2 * gradient(x0)

    return push
