"""What held-out pseudo-trials say: readouts, decoded pictures, controls, and curves over time."""

import torch
from torch import Tensor

from .denoiser import Denoiser, weighted
from .diffusion import TIMESTEPS, ddim
from .golden import Normalisation
from .it_fit import FitOptions, generator_on
from .it_recording import ONSET_MS, POSITIONS, TRIAL_MS
from .it_windows import CONDITIONS, Trials, Windows, draw
from .metrics import correlations, top1
from .vae import GroupVae
from .windows import normalise, shuffle_units

BEST_START_MS = 140  # after onset, of a 100 ms window; chosen on folds of the training trials
NUMBER = len(POSITIONS)


def best_end(options: FitOptions) -> int:
    """Where the window that begins at BEST_START_MS ends, ms after onset, or the end of the trial."""
    return min(BEST_START_MS + options.bins[0] * options.bins[1], TRIAL_MS - ONSET_MS)


def held_out_windows(trials: Trials, end_ms: int, each: int, options: FitOptions, seed: int) -> Windows:
    """`each` windows of every condition that end `end_ms` after onset: [21 * each], ordered by condition."""
    device = trials.count.device
    generator = generator_on(trials, seed)
    condition = torch.arange(CONDITIONS, device=device).repeat_interleave(each)
    return draw(trials, condition, torch.full_like(condition, ONSET_MS + end_ms), options.bins, generator)


def shuffled(counts: Tensor, seed: int) -> Tensor:
    """Every window [W, U] with its spike trains given to random other units."""
    return shuffle_units(counts, torch.Generator(counts.device).manual_seed(seed))


def share(hits: Tensor) -> float:
    return round(hits.float().mean().item(), 4)


@torch.no_grad()
def readout_accuracy(vae: GroupVae, norm: Normalisation, counts: Tensor, condition: Tensor) -> dict[str, float]:
    """Top-1 of object (chance 1/7) and position (chance 1/3) from the readouts."""
    outputs = vae(normalise(counts, norm))
    names = [readout.name for readout in vae.options.readouts]
    found = dict(zip(names, outputs[3:], strict=True))
    return {
        "object": round(top1(found["category"], condition // NUMBER), 4),
        "position": round(top1(found["position"], condition % NUMBER), 4),
    }


@torch.no_grad()
def decode(models: tuple[GroupVae, Denoiser], norm: Normalisation, counts: Tensor, steps: int, seed: int) -> Tensor:
    """Pictures [N, 3, H, W] of raw windows: mu, then DDIM from one fixed noise, as the daemon has it."""
    vae, denoiser = models
    side = denoiser.options.image
    generator = torch.Generator(counts.device).manual_seed(seed)
    noise = torch.randn(1, 3, side, side, generator=generator, device=counts.device)
    parts = []
    for part in counts.split(128):
        mu, _ = vae.encode(normalise(part, norm))
        parts.append(ddim(weighted(denoiser), noise.expand(len(part), -1, -1, -1), mu, TIMESTEPS[str(steps)]))
    return torch.cat(parts)


def picture_accuracy(images: Tensor, pictures: Tensor, condition: Tensor) -> dict[str, float]:
    """Nearest of the 21 pictures [21, 3, H, W] by squared error, and two-way identification by correlation.

    Two-way (chance 1/2): the share of the 20 other pictures that correlate less with the decoded one than the true.
    """
    nearest = torch.cdist(images.flatten(1), pictures.flatten(1)).argmin(1)
    similar = correlations(images, pictures)
    own = similar.gather(1, condition[:, None])
    wins = (similar < own).float() + 0.5 * (similar == own).float()
    return {
        "object": share(nearest // NUMBER == condition // NUMBER),
        "position": share(nearest % NUMBER == condition % NUMBER),
        "picture": share(nearest == condition),
        "twoWay": round(((wins.sum(1) - 0.5) / (CONDITIONS - 1)).mean().item(), 4),
    }


def time_curve(
    vae: GroupVae, norm: Normalisation, trials: Trials, each: int, options: FitOptions, step_ms: int = 20
) -> list[dict[str, float]]:
    """Readout accuracy of windows that end endMs after onset, from the first that touches the stimulus to the last."""
    curve = []
    for end in range(step_ms, TRIAL_MS - ONSET_MS + 1, step_ms):
        drawn = held_out_windows(trials, end, each, options, seed=end)
        condition = torch.arange(CONDITIONS, device=drawn.end.device).repeat_interleave(each)
        curve.append({"endMs": end, **readout_accuracy(vae, norm, drawn.counts, condition)})
    return curve


def windows_at(trials: Trials, first_ms: int, last_ms: int, count: int, options: FitOptions, seed: int) -> Windows:
    """Windows of random conditions that end uniformly first_ms..last_ms after the trial's start."""
    device = trials.count.device
    generator = generator_on(trials, seed)
    condition = torch.randint(CONDITIONS, (count,), generator=generator, device=device)
    end = torch.randint(first_ms, last_ms + 1, (count,), generator=generator, device=device)
    return draw(trials, condition, end, options.bins, generator)
