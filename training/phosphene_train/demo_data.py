"""Batches for the demo: windows with their labels for the VAE, pictures with latents for the denoiser."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from .golden import Normalisation
from .pool import Pool
from .population import Population
from .vae import GroupVae
from .vae_loss import VaeBatch
from .windows import normalise, sample_mixture

VAE_MIXTURE = {"stream": 0.6, "inside": 0.4}
DENOISER_MIXTURE = {"stream": 0.45, "inside": 0.5, "blank": 0.05}
THUMBNAIL = 16


def thumbnails(pool: Pool, count: int) -> Tensor:
    """The picture descriptor [N, count]: principal components of the 16x16 pictures, over their common deviation."""
    parts = [F.adaptive_avg_pool2d(pool.images(slice(at, at + 4096)), THUMBNAIL) for at in range(0, len(pool), 4096)]
    flat = torch.cat(parts).flatten(1)
    flat = flat - flat.mean(0)
    _, vectors = torch.linalg.eigh(torch.cov(flat.T))
    scores = flat @ vectors[:, -count:].flip(1)
    return scores / scores.std()


@dataclass
class VaeData:
    """Endless single-trial windows of the training scenes."""

    pool: Pool
    driven: Tensor
    population: Population
    normalisation: Normalisation
    descriptor: Tensor
    generator: torch.Generator
    batch: int

    def __call__(self) -> VaeBatch:
        windows = sample_mixture(self.population, self.driven, VAE_MIXTURE, self.batch, self.generator)
        at = windows.stimulus
        pose = self.pool.standard_pose(self.pool.pose.mean(0), self.pool.pose.std(0))[at]
        targets = {"category": self.pool.category[at], "pose": pose[:, :3], "rotation": pose[:, 3:]}
        counts = normalise(windows.counts, self.normalisation)
        return VaeBatch(counts, targets, windows.shown, self.descriptor[at])


@dataclass
class LatentPool:
    """Latents mu of many single-trial windows of a frozen VAE, with the picture each should become."""

    pool: Pool
    mu: Tensor
    stimulus: Tensor
    shown: Tensor
    batch: int

    def __call__(self) -> tuple[Tensor, Tensor]:
        """Pictures [B, 3, H, W] (mid-grey for a blank) and latents [B, D]."""
        at = torch.randint(len(self.mu), (self.batch,), device=self.mu.device)
        pictures = self.pool.images(self.stimulus[at]) * self.shown[at][:, None, None, None]
        return pictures, self.mu[at]


@torch.no_grad()
def latent_pool(vae: GroupVae, data: VaeData, windows: int, batch: int) -> LatentPool:
    """Encode `windows` windows of the training scenes."""
    parts = []
    for _ in range(max(1, windows // 4096)):
        sampled = sample_mixture(data.population, data.driven, DENOISER_MIXTURE, min(windows, 4096), data.generator)
        mu, _ = vae.encode(normalise(sampled.counts, data.normalisation))
        parts.append((mu, sampled.stimulus, sampled.shown))
    mu, stimulus, shown = (torch.cat(column) for column in zip(*parts, strict=True))
    return LatentPool(data.pool, mu, stimulus, shown, batch)
