"""Cosine schedule, v-prediction and deterministic DDIM, as docs/bundle.md defines them."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

Timesteps = dict[str, list[float]]
"""Number of steps -> the times of its sampler, from 1 down to 0."""
Denoise = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(x [B, 3, H, W], t [B], cond [B, D]) -> v, or the clean picture where a function says so."""


def alpha_sigma(t: Tensor) -> tuple[Tensor, Tensor]:
    """Signal and noise scale at time t in [0, 1]: cos and sin of pi t / 2."""
    angle = t * (math.pi / 2)
    return torch.cos(angle), torch.sin(angle)


def add_noise(x0: Tensor, eps: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """x0, eps [B, C, H, W], t [B] -> the noisy picture x_t and its target v = alpha eps - sigma x0."""
    alpha, sigma = (part.view(-1, 1, 1, 1) for part in alpha_sigma(t))
    return alpha * x0 + sigma * eps, alpha * eps - sigma * x0


def predict_x0(x: Tensor, v: Tensor, t: Tensor) -> Tensor:
    """The clean picture that (x_t, v) stands for, unclipped."""
    alpha, sigma = (part.view(-1, 1, 1, 1) for part in alpha_sigma(t))
    return alpha * x - sigma * v


def v_of_x0(x: Tensor, x0: Tensor, t: Tensor) -> Tensor:
    """The v that makes predict_x0 return x0: (alpha x - x0) / sigma."""
    alpha, sigma = (part.view(-1, 1, 1, 1) for part in alpha_sigma(t))
    return (alpha * x - x0) / sigma.clamp(min=1e-2)


def even_timesteps(steps: int) -> list[float]:
    """steps + 1 times from 1 down to 0, evenly spaced."""
    return [1 - i / steps for i in range(steps + 1)]


TIMESTEPS: Timesteps = {str(k): even_timesteps(k) for k in (1, 2, 4)}
"""The samplers that every bundle carries."""


def ddim(denoise: Denoise, noise: Tensor, cond: Tensor, timesteps: Sequence[float]) -> Tensor:
    """DDIM with eta 0 from noise [B, 3, H, W] under cond [B, D]; returns the picture in [-1, 1].

    x0 is clipped at every step and the noise estimate recomputed from the clipped x0, so that the two stay consistent.
    """
    x = noise
    for t, s in pairwise(timesteps):
        alpha_t, sigma_t = math.cos(math.pi * t / 2), math.sin(math.pi * t / 2)
        alpha_s, sigma_s = math.cos(math.pi * s / 2), math.sin(math.pi * s / 2)
        v = denoise(x, torch.full((x.shape[0],), t, dtype=x.dtype, device=x.device), cond)
        x0 = (alpha_t * x - sigma_t * v).clamp(-1, 1)
        if s == 0:
            return x0
        eps = (x - alpha_t * x0) / sigma_t
        x = alpha_s * x0 + sigma_s * eps
    raise ValueError(f"timesteps end at {timesteps[-1]}, expected 0")


ADAMS_BASHFORTH = ((1.0,), (3 / 2, -1 / 2), (23 / 12, -16 / 12, 5 / 12), (55 / 24, -59 / 24, 37 / 24, -9 / 24))


def ipndm(denoise: Denoise, noise: Tensor, cond: Tensor, timesteps: Sequence[float]) -> Tensor:
    """iPNDM of order up to 4 (Zhang & Chen 2022): DDIM along a linear combination of the last estimates of the noise.

    The same algorithm as src/decode/ipndm.ts of the daemon.
    """
    x, past = noise, []
    for t, s in pairwise(timesteps):
        alpha_t, sigma_t = math.cos(math.pi * t / 2), math.sin(math.pi * t / 2)
        alpha_s, sigma_s = math.cos(math.pi * s / 2), math.sin(math.pi * s / 2)
        v = denoise(x, torch.full((x.shape[0],), t, dtype=x.dtype, device=x.device), cond)
        x0 = (alpha_t * x - sigma_t * v).clamp(-1, 1)
        past = [(x - alpha_t * x0) / sigma_t, *past[:3]]
        eps = sum(weight * slope for weight, slope in zip(ADAMS_BASHFORTH[len(past) - 1], past, strict=True))
        if t < 1:
            x0 = ((x - sigma_t * eps) / alpha_t).clamp(-1, 1)
        if s == 0:
            return x0
        x = alpha_s * x0 + sigma_s * eps
    raise ValueError(f"timesteps end at {timesteps[-1]}, expected 0")


def diffusion_loss(clean: Denoise, x0: Tensor, cond: Tensor, eps: Tensor, t: Tensor, gamma: float) -> Tensor:
    """Squared error of the estimated clean picture, weighted by min(SNR, gamma) + 1, per sample [B].

    |v - v'|^2 = (1 + SNR) |x0 - x0'|^2; the weight min(SNR, gamma) (Hang et al. 2023) plus a floor of 1 keeps the
    start of the trajectory, where a few-step sampler makes its largest move, from being neglected.
    """
    x, _ = add_noise(x0, eps, t)
    error = (clean(x, t, cond) - x0).square().flatten(1).mean(1)
    alpha, sigma = alpha_sigma(t)
    snr = (alpha / sigma.clamp(min=1e-4)).square()
    return error * (1 + snr.clamp(max=gamma))
