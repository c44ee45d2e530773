"""The diffusion model's stages: prior on pictures alone, with patterns, a student of few steps."""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

from ..diffusion import TIMESTEPS
from ..distil import Distillation, distil
from ..train_denoiser import DenoiserTraining, train_denoiser
from .autoencoder import Autoencoder
from .condition import VoxelCondition
from .contrast import augment
from .corpus import Corpus, as_picture, rows
from .denoiser import LatentDenoiser
from .sizes import Sizes

CHUNK = 512


class Conditioned(nn.Module):
    """A denoiser that is given standardised patterns and mu [B, V + D], and makes the tokens itself: both learn.

    In training tokens are withheld from a share of the samples and mu (at 0, its mean) from another, so that neither
    is leant on alone.
    """

    def __init__(self, condition: VoxelCondition, denoiser: LatentDenoiser, sizes: Sizes) -> None:
        super().__init__()
        self.condition, self.denoiser, self.sizes = condition, denoiser, sizes
        condition.requires_grad_(False)
        condition.tokens.requires_grad_(True)
        condition.encoder.requires_grad_(not sizes.frozen)

    def clean(self, x: Tensor, t: Tensor, cond: Tensor, guidance: Tensor, given: Tensor | None = None) -> Tensor:
        dimension = self.sizes.dimension
        pattern, mu = cond[:, :-dimension], cond[:, -dimension:]
        tokens = self.condition.tokens(self.condition.encoder(augment(pattern) if self.training else pattern))
        if self.training:
            without = torch.rand(len(x), 1, 1, device=x.device) < self.sizes.drop_tokens
            tokens = torch.where(without, self.denoiser.no_tokens.to(tokens.dtype), tokens)
            mu = mu * (torch.rand(len(x), 1, device=x.device) >= self.sizes.drop_embedding)
        return self.denoiser.clean(x, t, pack(tokens, mu), guidance, given)


def pack(tokens: Tensor, mu: Tensor) -> Tensor:
    """Tokens [B, n, context] and mu [B, D] as one condition [B, n context + D]."""
    return torch.cat([tokens.flatten(1), mu.to(tokens.dtype)], 1)


@torch.no_grad()
def latents_of(autoencoder: Autoencoder, pictures: Tensor) -> Tensor:
    """Latents [N, c, h, w], fp16, of uint8 pictures."""
    return torch.cat([autoencoder.encode(as_picture(part)).half() for part in pictures.split(CHUNK)])


def fit_prior(model: LatentDenoiser, latents: Tensor, sizes: Sizes, seconds: float) -> LatentDenoiser:
    """Diffusion of latents alone: every condition is withheld."""
    o = model.options

    def draw() -> tuple[Tensor, Tensor]:
        at = rows(len(latents), sizes.batch, latents.device)
        return latents[at].float(), torch.zeros(sizes.batch, o.condition, device=latents.device)

    training = DenoiserTraining(sizes.patience, withheld=1.0, seconds=seconds)
    return train_denoiser(model, draw, training, TIMESTEPS).requires_grad_(True)


def fit_teacher(model: Conditioned, corpus: Corpus, latents: Tensor, mu: Tensor, seconds: float) -> Conditioned:
    """Learn what patterns say of the latents of their pictures; mu [N, A, D] is from fits to other trials."""
    s, device = model.sizes, corpus.device

    def draw() -> tuple[Tensor, Tensor]:
        at, age = rows(len(latents), s.batch, device), rows(mu.shape[1], s.batch, device)
        pattern = model.condition.standard(corpus.patterns[at, age].float())
        return latents[at].float(), torch.cat([pattern, mu[at, age]], 1)

    training = DenoiserTraining(s.patience, rate=5e-4, seconds=seconds)
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
        sizes.patience, batch=sizes.batch, rate=3e-4, trajectories=sizes.trajectories,
        chunk=min(1024, sizes.trajectories), seconds=seconds,
    )  # fmt: skip
    return distil(teacher, copy.deepcopy(teacher), draw, options, TIMESTEPS, distance)
