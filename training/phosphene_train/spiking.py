"""Spikes of the simulated population: shared and private gains, Poisson in 1 ms steps, refractory period."""

import numpy as np
import torch
from torch import Tensor

from .population import Population, rates

LEAD_MS = 5
"""Simulated before a window, so that the refractory period does not begin afresh with it."""


def ornstein_uhlenbeck(tau: float, batch: int, steps: int, generator: torch.Generator, device: torch.device) -> Tensor:
    """Stationary, mean 0, standard deviation 1, in 1 ms steps [batch, steps]."""
    keep = float(np.exp(-1 / tau))
    noise = torch.randn(batch, steps, device=device, generator=generator)
    lag = torch.arange(steps, device=device)[:, None] - torch.arange(steps, device=device)[None]
    mixing = torch.where(lag >= 0, keep ** lag.clamp(min=0).float(), 0.0)
    mixing[:, 1:] *= float(np.sqrt(1 - keep**2))
    return noise @ mixing.T


def gains(p: Population, batch: int, steps: int, generator: torch.Generator, device: torch.device) -> Tensor:
    """Gain of every unit [B, T, U], mean 1: exp of the common gain, the shared factors and the unit's own drift.

    Drift is far slower than a window, so each window draws its own from the stationary distribution.
    """
    common = p.gain_sd * ornstein_uhlenbeck(p.gain_tau, batch, steps, generator, device)
    factors = [ornstein_uhlenbeck(tau, batch, steps, generator, device) for tau in p.factor_taus]
    drift = p.drift_sd * torch.randn(batch, 1, p.units, device=device, generator=generator)
    shared = torch.stack(factors, 2) @ p.loadings.to(device) + common[:, :, None]
    variance = p.gain_sd**2 + p.loadings.to(device).square().sum(0) + p.drift_sd**2
    return torch.exp(shared + (drift - variance / 2))


def spikes(p: Population, rate: Tensor, generator: torch.Generator) -> Tensor:
    """Bernoulli spikes in 1 ms steps from rates [B, T, U] in Hz, thinned by the refractory period; 0 or 1, float32."""
    fired = torch.rand(rate.shape, device=rate.device, generator=generator) < 1 - torch.exp(-rate / 1000)
    return thin(fired, max(0, int(np.ceil(p.refractory)) - 1)).float()


def thin(fired: Tensor, dead: int) -> Tensor:
    """Of spikes [B, T, U] (bool), those with none kept in the `dead` milliseconds before them."""
    if dead == 1:
        # In a run of consecutive spikes every other one is kept, from the first: no loop over time is needed.
        steps = torch.arange(fired.shape[1], device=fired.device, dtype=torch.int16)[None, :, None]
        last_silent = torch.where(fired, -1, steps).cummax(1).values
        return fired & ((steps - last_silent) % 2 == 1)
    out = torch.zeros_like(fired)
    for t in range(fired.shape[1]):
        out[:, t] = fired[:, t] & ~out[:, max(0, t - dead) : t].any(1)
    return out


def bin_counts(
    p: Population, current: Tensor, previous: Tensor, start: Tensor, bins: int, width: int, generator: torch.Generator
) -> Tensor:
    """Single-trial spike counts [B, bins, U] of windows that begin `start` [B] ms after the current onset."""
    tau = start[:, None] + torch.arange(-LEAD_MS, bins * width, device=start.device)[None] + 0.5
    gain = gains(p, len(start), tau.shape[1], generator, start.device)
    rate = rates(p, current, previous, tau) * gain
    return spikes(p, rate, generator)[:, LEAD_MS:].unflatten(1, (bins, width)).sum(2)
