"""BOLD time courses of simulated voxels: responses -> haemodynamics -> drift and noise -> intensities of volumes."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .hrf import boxcar_response


@dataclass(frozen=True)
class Paradigm:
    """A slow event-related design: TR, seconds that a picture stays, seconds from onset to onset, and volumes of
    a window; `age` is how many volumes after the onset the best window ends, `ages` all that training has."""

    tr_s: float = 1.0
    on_s: float = 4.0
    apart_s: float = 8.0
    volumes: int = 16
    age: int = 9
    ages: tuple[int, ...] = (8, 9, 10, 11)


@dataclass(frozen=True)
class Noise:
    """In per cent of the baseline: what a picture adds to a voxel on average and the standard deviation over pictures,
    independent noise, shared noise, drift; correlation of successive volumes' noise; shared components; longest and
    shortest period of the drift in seconds."""

    mean: float = 1.0
    signal: float = 0.6
    own: float = 0.8
    shared: float = 0.4
    drift: float = 0.6
    correlation: float = 0.35
    components: int = 24
    periods: tuple[float, float] = (600.0, 150.0)


@dataclass(frozen=True)
class Scanner:
    """What stays from run to run, per voxel: baseline intensity, amplitude (1 on average), haemodynamic delay in
    seconds, loadings [K, V] of the shared noise and of the drift (unit variance each)."""

    baseline: Tensor
    amplitude: Tensor
    delay: Tensor
    loadings: Tensor
    drift: Tensor


def make_scanner(voxels: int, noise: Noise, generator: np.random.Generator, device: torch.device) -> Scanner:
    """Shared noise is smooth along the voxels: neighbours move together."""
    rough = generator.standard_normal((noise.components, voxels + 64))
    kernel = np.exp(-np.square(np.arange(-32, 33) / 12) / 2)
    smooth = np.stack([np.convolve(row, kernel, "valid") for row in rough])
    smooth /= np.sqrt(np.square(smooth).sum(0))
    drift = generator.standard_normal((4, voxels))
    arrays = (
        generator.uniform(500, 1500, voxels), np.exp(generator.normal(0, 0.3, voxels) - 0.045),
        generator.normal(0, 0.5, voxels), smooth, drift / np.sqrt(np.square(drift).sum(0)),
    )  # fmt: skip
    return Scanner(*(torch.from_numpy(a.astype(np.float32)).to(device) for a in arrays))


def kernel(p: Paradigm, scanner: Scanner, length: int) -> Tensor:
    """[length, V]: each voxel's response in every volume after an onset at a volume's beginning, 1 at its peak."""
    t = (np.arange(length) + 0.5) * p.tr_s
    delays = np.linspace(-2, 2, 41)
    table = torch.from_numpy(np.stack([boxcar_response(t - d, p.on_s) for d in delays], 1).astype(np.float32))
    at = ((scanner.delay.cpu() + 2) * 10).round().long().clamp(0, 40)
    return (table[:, at]).to(scanner.delay.device)


def run_of(
    p: Paradigm, noise: Noise, scanner: Scanner, responses: Tensor, generator: torch.Generator, lead: int = 0
) -> Tensor:
    """Intensities [T, V] (whole numbers, as float32) of one run that shows pictures of standardised `responses` [N, V]
    one after another; `lead` volumes of blank come first and 16 follow the last onset's interval."""
    device, voxels = responses.device, responses.shape[1]
    step = round(p.apart_s / p.tr_s)
    length = lead + len(responses) * step + 16
    shape = kernel(p, scanner, 28)
    evoked = torch.zeros(length + 28, voxels, device=device)
    amount = (noise.mean + noise.signal * responses) * scanner.amplitude
    for k in range(28):
        evoked[lead + k : lead + k + len(responses) * step : step][: len(responses)] += amount * shape[k]
    level = evoked[:length] + background(p, noise, scanner, length, generator)
    return (scanner.baseline * (1 + level / 100)).round().clamp(0, 65535)


def background(p: Paradigm, noise: Noise, scanner: Scanner, length: int, generator: torch.Generator) -> Tensor:
    """Noise and drift [T, V] in per cent, without any picture."""
    device, voxels = scanner.baseline.device, len(scanner.baseline)

    def white(columns: int) -> Tensor:
        return torch.randn(length, columns, device=device, generator=generator)

    both = torch.cat([noise.own * white(voxels), white(noise.components)], 1)
    both = autoregress(both, noise.correlation)
    own, shared = both[:, :voxels], noise.shared * both[:, voxels:] @ scanner.loadings
    return own + shared + noise.drift * slow(p, noise, length, generator, device) @ scanner.drift


def autoregress(white: Tensor, rho: float) -> Tensor:
    """First-order autoregression along time with the variance of `white` [T, K], by its first ten terms."""
    terms = rho ** torch.arange(10, device=white.device)
    terms = terms / terms.norm()
    padded = torch.cat([white[:10].flip(0), white])
    return sum(term * padded[10 - k : 10 - k + len(white)] for k, term in enumerate(terms))


def slow(p: Paradigm, noise: Noise, length: int, generator: torch.Generator, device: torch.device) -> Tensor:
    """Drifts [T, 4] of unit variance: sines of random phase, periods between the two of `noise`."""
    periods = slow_periods(noise).to(device)
    phase = 2 * np.pi * torch.rand(4, device=device, generator=generator)
    t = torch.arange(length, device=device)[:, None] * p.tr_s
    return np.sqrt(2) * torch.sin(2 * np.pi * t / periods + phase)


def slow_periods(noise: Noise) -> Tensor:
    """Periods of the four drifts, s."""
    return torch.logspace(*(float(np.log10(x)) for x in noise.periods), 4)
