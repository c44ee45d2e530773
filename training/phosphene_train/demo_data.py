"""Batches for the demo: windows with their labels for the VAE, pictures with latents for the denoiser."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from .demo_subjects import Subject
from .pool import Pool
from .train_vae import step_seed
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
    """Endless single-trial windows of the training scenes, of any animal."""

    pool: Pool
    subjects: list[Subject]
    descriptor: Tensor
    batch: int
    seed: int

    def __call__(self, session: int, step: int) -> VaeBatch:
        """The batch of one animal and one step; it depends on nothing else."""
        subject = self.subjects[session]
        generator = torch.Generator(self.pool.pictures.device).manual_seed(step_seed(self.seed, step))
        driven = subject.driven(self.pool)
        windows = sample_mixture(subject.population, driven, VAE_MIXTURE, self.batch, generator)
        at = windows.stimulus
        pose = self.pool.standard_pose(self.pool.pose.mean(0), self.pool.pose.std(0))[at]
        targets = {"category": self.pool.category[at], "pose": pose[:, :3], "rotation": pose[:, 3:]}
        counts = normalise(windows.counts, subject.normalisation)
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
def latent_pool(vae: GroupVae, pool: Pool, subject: Subject, windows: int, batch: int, seed: int) -> LatentPool:
    """Encode `windows` windows of the training scenes."""
    generator, parts = torch.Generator(pool.pictures.device).manual_seed(seed), []
    p, driven, chunk = subject.population, subject.driven(pool), min(windows, 4096)
    for _ in range(max(1, windows // chunk)):
        sampled = sample_mixture(p, driven, DENOISER_MIXTURE, chunk, generator)
        mu, _ = vae.encode(normalise(sampled.counts, subject.normalisation))
        parts.append((mu, sampled.stimulus, sampled.shown))
    mu, stimulus, shown = (torch.cat(column) for column in zip(*parts, strict=True))
    return LatentPool(pool, mu, stimulus, shown, batch)
