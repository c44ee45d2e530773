"""A simulated V1 that watches movies: Gabor receptive fields over a part of the screen, simple and complex cells.

A unit has two spatial filters in quadrature and two temporal ones (fast and slow). A simple cell is rectified and
raised to a power; a complex cell is the energy of a quadrature pair (Adelson & Bergen 1985), which also makes cells
prefer a direction. Counts are Poisson, with a slow gain that the whole population shares.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from .movie_world import HEIGHT, RATE_HZ, WIDTH

TAPS = 10
"""Frames that a temporal filter sees."""
CENTRE, SPREAD = (17.0, 27.0), (6.0, 10.0)
"""Mean and standard deviation of the receptive fields' centres, pixels (row, column): part of the screen is seen."""
SATURATION = 4.0
"""Counts a frame (120 Hz) beyond which no movie drives a unit."""
GAIN_SD, GAIN_TAU_FRAMES = 0.15, 20.0


@dataclass(frozen=True)
class MovieCortex:
    """even, odd [U, H W]; fast, slow [U, TAPS], the newest frame last; direction, complexity [U]: 1 or 0, threshold,
    scale (of the drive) and rate (mean counts a frame)."""

    even: Tensor
    odd: Tensor
    fast: Tensor
    slow: Tensor
    direction: Tensor
    complexity: Tensor
    threshold: Tensor
    scale: Tensor
    rate: Tensor

    @property
    def units(self) -> int:
        return len(self.rate)

    @torch.no_grad()
    def expected(self, movies: Tensor) -> Tensor:
        """Noise-free counts of every frame [N, T, U] to movies [N, T, H, W] of grey levels 0 to 255.

        Before its first frame a movie was grey.
        """
        driven = torch.stack([self.activation(movie) / self.scale * self.rate for movie in movies])
        return SATURATION * torch.tanh(driven / SATURATION)

    def activation(self, movie: Tensor) -> Tensor:
        """What a unit's rate is proportional to [T, U]."""
        seen = movie.float().flatten(1) / 127.5 - 1
        pairs = [self.in_time(seen @ filters.T) for filters in (self.even, self.odd)]
        (even_fast, even_slow), (odd_fast, odd_slow) = pairs
        first = even_fast + self.direction * odd_slow
        second = odd_fast - self.direction * even_slow
        energy = torch.sqrt(first**2 + second**2)
        simple = (first - self.threshold).clamp(min=0) ** 1.5
        return torch.where(self.complexity > 0.5, (energy - self.threshold).clamp(min=0) ** 1.5, simple)

    def in_time(self, drive: Tensor) -> tuple[Tensor, Tensor]:
        """Drive [T, U] through both temporal filters."""
        padded = F.pad(drive.T[None], (TAPS - 1, 0))
        fast, slow = (F.conv1d(padded, taps[:, None], groups=len(taps))[0].T for taps in (self.fast, self.slow))
        return fast, slow

    def counts(self, movies: Tensor, generator: torch.Generator) -> Tensor:
        """One presentation: counts [N, T, U]."""
        return self.fire(self.expected(movies), generator)

    def fire(self, expected: Tensor, generator: torch.Generator) -> Tensor:
        """Poisson counts of expected ones, times a gain of mean 1 that all units share."""
        count, frames, _ = expected.shape
        keep = torch.exp(torch.tensor(-1 / GAIN_TAU_FRAMES)).item()
        gain = torch.zeros(count, frames, device=expected.device)
        noise = torch.randn(count, frames, generator=generator, device=expected.device)
        gain[:, 0] = noise[:, 0]
        for t in range(1, frames):
            gain[:, t] = keep * gain[:, t - 1] + (1 - keep**2) ** 0.5 * noise[:, t]
        gain = torch.exp(GAIN_SD * gain - GAIN_SD**2 / 2)
        return torch.poisson(expected * gain[:, :, None], generator=generator)


def make_movie_cortex(units: int, movies: Tensor, generator: torch.Generator) -> MovieCortex:
    """Draw a population; its rates are scaled on the given movies: means of 3 to 25 Hz."""
    device = movies.device

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(units, generator=generator, device=device)

    place = torch.randn(2, units, generator=generator, device=device)
    y = (CENTRE[0] + SPREAD[0] * place[0]).clamp(1, HEIGHT - 2)
    x = (CENTRE[1] + SPREAD[1] * place[1]).clamp(1, WIDTH - 2)
    size, cycles = uniform(1.2, 3.2), uniform(0.25, 0.6)
    even, odd = gabors(y, x, size, cycles / size, uniform(0, 3.1416), uniform(0, 6.2832))
    tau = uniform(0.9, 1.8)
    rate = torch.exp(uniform(1.1, 3.2)) / RATE_HZ
    complexity = (uniform(0, 1) < 0.5).float()
    draft = MovieCortex(
        even, odd, temporal(tau, 1.0), temporal(tau, 1.8), uniform(-1, 1), complexity,
        uniform(-0.02, 0.05), torch.ones(units, device=device), rate,
    )  # fmt: skip
    scale = torch.stack([draft.activation(movie).mean(0) for movie in movies]).mean(0).clamp(min=1e-4)
    return MovieCortex(**{**draft.__dict__, "scale": scale})


def gabors(
    y: Tensor, x: Tensor, size: Tensor, frequency: Tensor, angle: Tensor, phase: Tensor
) -> tuple[Tensor, Tensor]:
    """Two filters in quadrature [U, H W], without a mean, of absolute sum 1."""
    device = y.device
    rows = torch.arange(HEIGHT, device=device, dtype=torch.float32)[None, :, None] - y[:, None, None]
    columns = torch.arange(WIDTH, device=device, dtype=torch.float32)[None, None] - x[:, None, None]
    size, frequency, angle, phase = (v[:, None, None] for v in (size, frequency, angle, phase))
    envelope = torch.exp(-(rows**2 + columns**2) / (2 * size**2))
    along = 6.2832 * frequency * (columns * torch.cos(angle) + rows * torch.sin(angle)) + phase
    filters = []
    for wave in (torch.cos(along), torch.sin(along)):
        carrier = envelope * wave
        # Half of what the mean would take away stays: V1 also knows of luminance.
        carrier = carrier - 0.7 * envelope * (carrier.sum((1, 2)) / envelope.sum((1, 2)))[:, None, None]
        filters.append((carrier / carrier.abs().sum((1, 2), keepdim=True)).flatten(1))
    return filters[0], filters[1]


def temporal(tau: Tensor, slower: float) -> Tensor:
    """Biphasic filters [U, TAPS] of absolute sum 1, the newest frame last."""
    back = torch.arange(TAPS - 1, -1, -1, device=tau.device, dtype=torch.float32)[None]
    k = back / (tau[:, None] * slower)
    taps = k**2 * torch.exp(-k) * (1 - k**2 / 20)
    return taps / taps.abs().sum(1, keepdim=True)
