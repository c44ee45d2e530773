"""The diffusion model's stages: prior on pictures alone, with patterns, a student of few steps."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..diffusion import TIMESTEPS
from ..distil import Distillation, distil
from ..train_denoiser import DenoiserTraining, train_denoiser
from .autoencoder import Autoencoder
from .condition import Told, VoxelCondition
from .contrast import augment
from .corpus import Corpus, as_picture, rows
from .denoiser import LatentDenoiser
from .sizes import Sizes

CHUNK = 512


class Conditioned(nn.Module):
    """A denoiser that is given standardised patterns, mu and whether there is a pattern at all, [B, V + D + 1], and
    makes the tokens itself: both learn. In training tokens are withheld from a share of the other samples too, and mu
    (at 0, its mean) from another, so that neither is leant on alone."""

    def __init__(self, condition: VoxelCondition, denoiser: LatentDenoiser, sizes: Sizes) -> None:
        super().__init__()
        self.condition, self.denoiser, self.sizes = condition, denoiser, sizes
        condition.requires_grad_(False)
        condition.tokens.requires_grad_(True)
        condition.encoder.requires_grad_(not sizes.frozen)

    def clean(self, x: Tensor, t: Tensor, cond: Tensor, guidance: Tensor, given: Tensor | None = None) -> Tensor:
        dimension = self.sizes.dimension
        pattern, mu, seen = cond.split([cond.shape[1] - dimension - 1, dimension, 1], 1)
        tokens = self.condition.tokens(self.condition.encoder(augment(pattern) if self.training else pattern))
        there = seen > 0.5
        if self.training:
            there = there & (torch.rand_like(seen) >= self.sizes.drop_tokens)
            # Without either nothing would be said: the embedding goes only where the tokens stay.
            mu = mu * (~there | (torch.rand_like(seen) >= self.sizes.drop_embedding))
        tokens = torch.where(there[..., None], tokens, self.denoiser.no_tokens.to(tokens.dtype))
        return self.denoiser.clean(x, t, pack(tokens, mu), guidance, given)


def pack(tokens: Tensor, mu: Tensor) -> Tensor:
    """Tokens [B, n, context] and mu [B, D] as one condition [B, n context + D]."""
    return torch.cat([tokens.flatten(1), mu.to(tokens.dtype)], 1)


@torch.no_grad()
def latents_of(autoencoder: Autoencoder, pictures: Tensor) -> Tensor:
    """Latents [N, c, h, w], fp16, of uint8 pictures."""
    return torch.cat([autoencoder.encode(as_picture(part)).half() for part in pictures.split(CHUNK)])


@dataclass(frozen=True)
class Album:
    """Latents [K, c, h, w] of pictures without activity, their truth [K, D] and what trials would say of it."""

    latents: Tensor
    truth: Tensor
    told: Told

    def draw(self, count: int) -> tuple[Tensor, Tensor]:
        """(latents, an estimate of each)."""
        at = rows(len(self.latents), count, self.latents.device)
        return self.latents[at].float(), self.told.say(self.truth[at])


def fit_prior(model: LatentDenoiser, album: Album, sizes: Sizes, seconds: float) -> LatentDenoiser:
    """Latents of pictures without activity under estimates that a trial would have given: no tokens."""
    blank = model.no_tokens.detach().flatten()

    def draw() -> tuple[Tensor, Tensor]:
        latents, mu = album.draw(sizes.batch)
        # A copy of what stands for tokens at the start: the prior does not train it.
        return latents, torch.cat([blank.expand(len(mu), -1), mu], 1)

    training = DenoiserTraining(sizes.steps["prior"], keep=0.998, seconds=seconds)
    model.no_tokens.requires_grad_(False)
    return train_denoiser(model, draw, training, TIMESTEPS).requires_grad_(True)


def fit_teacher(
    model: Conditioned, corpus: Corpus, latents: Tensor, album: Album, sizes: Sizes, seconds: float
) -> Conditioned:
    """Learn what patterns say of the latents of their pictures; half of every batch is of the album.

    mu is from fits to other trials, and between those of two ages of the window, as the pattern is.
    """
    device, half = corpus.device, sizes.batch // 2

    def draw() -> tuple[Tensor, Tensor]:
        at = rows(len(latents), half, device)
        ages, share = [rows(album.told.mu.shape[1], half, device) for _ in range(2)], torch.rand(half, 1, device=device)
        pattern, mu = (
            torch.lerp(*(store[at, age].float() for age in ages), share) for store in (corpus.patterns, album.told.mu)
        )
        other, said = album.draw(sizes.batch - half)
        seen = torch.cat([model.condition.standard(pattern), mu, torch.ones_like(share)], 1)
        unseen = torch.cat([said.new_zeros(len(said), corpus.voxels), said, said.new_zeros(len(said), 1)], 1)
        return torch.cat([latents[at].float(), other]), torch.cat([seen, unseen])

    training = DenoiserTraining(sizes.steps["tune"], rate=5e-4, keep=0.998, seconds=seconds)
    return train_denoiser(model, draw, training, TIMESTEPS)


@torch.no_grad()
def conditions(model: VoxelCondition, patterns: Tensor, mu: Tensor | None = None) -> Tensor:
    """Conditions [N, condition] of patterns [N, V]; mu as given, or the model's own."""
    parts = []
    for at in range(0, len(patterns), CHUNK):
        tokens, own = model(patterns[at : at + CHUNK].float())
        parts.append(pack(tokens, own if mu is None else mu[at : at + CHUNK]))
    return torch.cat(parts)


def fit_student(
    teacher: LatentDenoiser, cond: Tensor, distance: Callable[[Tensor, Tensor], Tensor], sizes: Sizes, seconds: float
) -> LatentDenoiser:
    """1, 2 and 4 steps by consistency distillation along the teacher's trajectories (distil.py)."""
    o = teacher.options
    shape = torch.zeros(sizes.batch, o.channels, o.side, o.side, device=cond.device)

    def draw() -> tuple[Tensor, Tensor]:
        return shape, cond[rows(len(cond), sizes.batch, cond.device)]

    options = Distillation(
        sizes.steps["distil"], batch=max(1, sizes.batch // 2), rate=3e-4, trajectories=sizes.trajectories,
        chunk=min(1024, sizes.trajectories), seconds=seconds,
    )  # fmt: skip
    return distil(teacher, copy.deepcopy(teacher), draw, options, TIMESTEPS, distance)
