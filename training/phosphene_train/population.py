"""The simulated population: rates exactly as docs/bundle.md gives them. `spiking` makes spikes of them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

FACTOR_TAUS_MS = (200.0, 1500.0)
"""Time constants of the shared factors: one within a response, one across a trial."""


@dataclass(frozen=True)
class Population:
    """Constants of a simulated population: [U] tensors, then scalars; Hz, ms, and log gains without a unit."""

    baseline: Tensor
    latency: Tensor
    rise: Tensor
    transient: Tensor
    adaptation: Tensor
    """Share of its response that a unit loses after a stimulus that drove it with `adaptation_hz` or more [U]."""
    loadings: Tensor
    """Standard deviation that each shared factor gives to a unit's log gain, with its sign [factors, U]."""
    factor_taus: tuple[float, ...] = FACTOR_TAUS_MS
    adaptation_hz: float = 50.0
    transient_decay: float = 80.0
    off_decay: float = 60.0
    gain_sd: float = 0.15
    gain_tau: float = 600.0
    drift_sd: float = 0.1
    drift_tau: float = 1_200_000.0
    refractory: float = 2.0
    on: float = 900.0
    off: float = 400.0

    @property
    def units(self) -> int:
        return len(self.baseline)

    def manifest(self) -> dict:
        """The `population` of session.json, format 2."""
        return {
            "baselineHz": numbers(self.baseline),
            "latencyMs": numbers(self.latency),
            "riseMs": numbers(self.rise),
            "transient": numbers(self.transient),
            "transientDecayMs": self.transient_decay,
            "offDecayMs": self.off_decay,
            "adaptation": numbers(self.adaptation),
            "adaptationHz": self.adaptation_hz,
            "gainSd": self.gain_sd,
            "gainTauMs": self.gain_tau,
            "factors": [
                {"tauMs": tau, "loadings": numbers(row)}
                for tau, row in zip(self.factor_taus, self.loadings, strict=True)
            ],
            "driftSd": self.drift_sd,
            "driftTauMs": self.drift_tau,
            "refractoryMs": self.refractory,
        }

    def to(self, device: str | torch.device) -> "Population":
        return self.each(lambda tensor: tensor.to(device))

    def double(self) -> "Population":
        """In float64, the very numbers of session.json."""
        return self.each(lambda tensor: tensor.double().round(decimals=4))

    def each(self, change: Callable[[Tensor], Tensor]) -> "Population":
        """Every tensor changed."""
        return Population(**{k: change(v) if isinstance(v, Tensor) else v for k, v in self.__dict__.items()})


def numbers(values: Tensor) -> list[float]:
    """As session.json writes them; `random_population` has rounded them so."""
    return [round(v, 4) for v in values.tolist()]


def random_population(units: int, generator: np.random.Generator, **constants: float) -> Population:
    """Every unit its own constants, rounded as session.json writes them.

    Baselines 1-6 Hz, onset latencies 50-90 ms, rise 8-20 ms, transients 0.3-1.3 of the sustained response, 0-40 %
    adaptation, loadings of two shared factors normal with standard deviation 0.1.
    """
    g = generator
    drawn = {
        "baseline": np.exp(g.uniform(np.log(1), np.log(6), units)),
        "latency": g.uniform(50, 90, units),
        "rise": g.uniform(8, 20, units),
        "transient": g.uniform(0.3, 1.3, units),
        "adaptation": g.uniform(0, 0.4, units),
        "loadings": g.normal(0, 0.1, (len(FACTOR_TAUS_MS), units)),
    }
    return Population(
        **{name: torch.tensor(value.round(4), dtype=torch.float32) for name, value in drawn.items()}, **constants
    )


def time_course(p: Population, x: Tensor) -> Tensor:
    """h(x), x [..., U] in ms after a unit's response onset (time after stimulus onset minus latency)."""
    shown = x.clamp(0, p.on)
    h = (1 - torch.exp(-shown / p.rise)) * (1 + p.transient * torch.exp(-shown / p.transient_decay))
    return h * torch.exp(-(x - p.on).clamp(min=0) / p.off_decay)


def adapted(p: Population, driven: Tensor, before: Tensor) -> Tensor:
    """Driven rates [B, U] of a stimulus after one that would have driven the units with `before` [B, U]."""
    return driven * (1 - p.adaptation * (before / p.adaptation_hz).clamp(0, 1))


def rates(p: Population, current: Tensor, previous: Tensor, tau: Tensor) -> Tensor:
    """Rate in Hz at gain 1, [B, T, U], tau [B, T] ms after the onset of the current stimulus.

    `current` and `previous` [B, U] are the (adapted) driven rates of that stimulus and of the one presented before it.
    """
    x = tau[:, :, None] - p.latency
    driven = current[:, None] * time_course(p, x) + previous[:, None] * time_course(p, x + p.on + p.off)
    return (p.baseline + driven).clamp(min=0)
