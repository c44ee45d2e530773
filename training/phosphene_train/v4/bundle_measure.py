"""How well a bundle's samples identify the held-out pictures, and its evidence against shuffled units."""

import torch
from torch import Tensor

from ..denoiser import Denoiser, weighted
from ..diffusion import Timesteps, ddim
from ..evidence import Scores, score
from ..golden import Normalisation
from ..vae import GroupVae
from ..windows import normalise, shuffle_units
from .ladder import SAMPLES
from .score import identify, own_correlation
from .task import Task


@torch.no_grad()
def measure(vae: GroupVae, denoiser: Denoiser, norm: Normalisation, task: Task, timesteps: Timesteps) -> dict:
    """Centred two-way identification by number of steps: one sample, the mean and the best of several, shuffled."""
    mu, _ = vae.encode(normalise(task.test[:, None], norm))
    order = torch.randperm(len(mu), generator=torch.Generator().manual_seed(0)).to(mu.device)
    out = {}
    for steps, times in timesteps.items():
        drawn = samples(denoiser, mu, times)
        each = torch.stack([identify(picture, task.held) for picture in drawn])
        alike = torch.stack([own_correlation(picture, task.held) for picture in drawn])
        out[steps] = {
            "one sample": part(each[0]),
            "mean of samples": part(identify(drawn.mean(0), task.held)),
            "best of samples": part(each.gather(0, alike.argmax(0, keepdim=True))[0]),
            "shuffled responses": part(identify(drawn.mean(0)[order], task.held)),
        }
    return out


def samples(denoiser: Denoiser, mu: Tensor, times: list[float], count: int = SAMPLES) -> Tensor:
    """Pictures [count, R, 12288]: each noise is the same for all rows, as in a live session."""
    side = denoiser.options.image
    generator = torch.Generator().manual_seed(1)
    drawn = []
    for _ in range(count):
        noise = torch.randn(1, 3, side, side, generator=generator).to(mu.device)
        parts = [ddim(weighted(denoiser), noise.expand(len(c), -1, -1, -1), c, times) for c in mu.split(128)]
        drawn.append(torch.cat(parts).flatten(1))
    return torch.stack(drawn)


def part(values: Tensor) -> float:
    return round(float(values.mean()), 4)


def score_counts(vae: GroupVae, norm: Normalisation, counts: Tensor, seed: int) -> tuple[Scores, dict[str, Scores]]:
    """Held-out windows, and the same with their units shuffled."""
    generator = torch.Generator(counts.device).manual_seed(seed)
    real = normalise(counts[:, None], norm)
    mixed = normalise(shuffle_units(counts[:, None], generator), norm)
    return score(vae, real), {"unitShuffled": score(vae, mixed)}
