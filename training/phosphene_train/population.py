"""The simulated population: rates and spikes exactly as docs/bundle.md gives them."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Population:
    """Constants of the simulated population; [U] tensors in Hz and ms, the rest scalars in ms."""

    baseline: Tensor
    latency: Tensor
    rise: float = 12.0
    transient: float = 0.8
    transient_decay: float = 80.0
    off_decay: float = 60.0
    gain_sd: float = 0.15
    gain_tau: float = 600.0
    refractory: float = 2.0
    on: float = 900.0
    off: float = 400.0

    def manifest(self) -> dict:
        """The `population` of session.json."""
        return {
            "baselineHz": [round(v, 4) for v in self.baseline.tolist()],
            "latencyMs": [round(v, 3) for v in self.latency.tolist()],
            "riseMs": self.rise,
            "transient": self.transient,
            "transientDecayMs": self.transient_decay,
            "offDecayMs": self.off_decay,
            "gainSd": self.gain_sd,
            "gainTauMs": self.gain_tau,
            "refractoryMs": self.refractory,
        }

    def to(self, device: str | torch.device) -> "Population":
        return Population(**{**self.__dict__, "baseline": self.baseline.to(device), "latency": self.latency.to(device)})


def random_population(units: int, generator: np.random.Generator, **constants: float) -> Population:
    """Baselines of 2-10 Hz and onset latencies of 50-90 ms, rounded as session.json writes them."""
    baseline = np.exp(generator.uniform(np.log(2), np.log(10), units)).round(4)
    latency = generator.uniform(50, 90, units).round(3)
    return Population(
        torch.tensor(baseline, dtype=torch.float32), torch.tensor(latency, dtype=torch.float32), **constants
    )


def time_course(p: Population, x: Tensor) -> Tensor:
    """h(x), x in ms after a unit's response onset (time after stimulus onset minus latency)."""
    shown = x.clamp(0, p.on)
    h = (1 - torch.exp(-shown / p.rise)) * (1 + p.transient * torch.exp(-shown / p.transient_decay))
    return h * torch.exp(-(x - p.on).clamp(min=0) / p.off_decay)


def rates(p: Population, current: Tensor, previous: Tensor, tau: Tensor) -> Tensor:
    """Rate in Hz at gain 1, [B, T, U], tau [B, T] ms after the onset of the current stimulus.

    `current` and `previous` [B, U] are the driven rates of that stimulus and of the one presented before it.
    """
    x = tau[:, :, None] - p.latency
    driven = current[:, None] * time_course(p, x) + previous[:, None] * time_course(p, x + p.on + p.off)
    return (p.baseline + driven).clamp(min=0)


def gains(p: Population, batch: int, steps: int, generator: torch.Generator, device: torch.device) -> Tensor:
    """exp of a stationary Ornstein-Uhlenbeck process in 1 ms steps, [B, T], mean gain about 1."""
    keep = float(np.exp(-1 / p.gain_tau))
    fresh = float(np.sqrt(1 - keep**2))
    noise = torch.randn(batch, steps, device=device, generator=generator)
    lag = torch.arange(steps, device=device)[:, None] - torch.arange(steps, device=device)[None]
    mixing = torch.where(lag >= 0, keep ** lag.clamp(min=0).float(), 0.0)
    mixing[:, 1:] *= fresh
    return torch.exp(p.gain_sd * (noise @ mixing.T) - p.gain_sd**2 / 2)


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
    """Single-trial spike counts [B, bins, U] of windows that begin `start` [B] ms after the current onset.

    Spikes are simulated from 5 ms earlier, so that the refractory period does not begin afresh with the window.
    """
    lead = 5
    tau = start[:, None] + torch.arange(-lead, bins * width, device=start.device)[None] + 0.5
    gain = gains(p, len(start), tau.shape[1], generator, start.device)
    rate = rates(p, current, previous, tau) * gain[:, :, None]
    return spikes(p, rate, generator)[:, lead:].unflatten(1, (bins, width)).sum(2)
