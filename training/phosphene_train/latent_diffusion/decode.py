"""Patterns -> pictures with a fitted decoder, and with less than it is given."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..diffusion import TIMESTEPS, ddim, even_timesteps, ipndm
from ..distil import guided
from .denoiser import LatentDenoiser
from .fit import Fitted
from .stages import CHUNK, conditions

TEACHER_STEPS = 16


@dataclass(frozen=True)
class Way:
    """How to draw: a student's steps "1", "2", "4", or "teacher" (16 of iPNDM); guidance; what is kept from it."""

    steps: str = "4"
    guidance: float = 1.5
    no_tokens: bool = False
    no_embedding: bool = False


@torch.no_grad()
def decode(fitted: Fitted, patterns: Tensor, way: Way, samples: int, seed: int = 0) -> Tensor:
    """Pictures [N, K, 3, S, S] in [-1, 1] of patterns [N, V]; noise k is the same for every pattern."""
    o = fitted.teacher.options
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(samples, o.channels, o.side, o.side, generator=generator).to(patterns.device)
    cond = withhold(fitted, conditions(fitted.condition, patterns), way)
    pictures = []
    for part in cond.split(CHUNK):
        drawn = [draw(fitted, part, each.expand(len(part), -1, -1, -1), way) for each in noise]
        pictures.append(torch.stack(drawn, 1))
    return torch.cat(pictures)


def draw(fitted: Fitted, cond: Tensor, noise: Tensor, way: Way) -> Tensor:
    """One picture for every condition."""
    weight = torch.full((len(cond),), way.guidance, device=cond.device)
    if way.steps == "teacher":
        plain = lambda x, t, c: fitted.teacher(x, t, c, weight)  # noqa: E731
        run = plain if way.guidance == 1 else guided(fitted.teacher.forward, weight)
        latent = ipndm(run, noise, cond, even_timesteps(TEACHER_STEPS))
    else:
        student: LatentDenoiser = fitted.student
        latent = ddim(lambda x, t, c: student(x, t, c, weight), noise, cond, TIMESTEPS[way.steps])
    return fitted.autoencoder.decode(latent).clamp(-1, 1)


def withhold(fitted: Fitted, cond: Tensor, way: Way) -> Tensor:
    """The condition without its tokens, or with mu at 0, as training withheld them."""
    o, out = fitted.teacher.options, cond.clone()
    if way.no_tokens:
        model = fitted.teacher if way.steps == "teacher" else fitted.student
        out[:, : o.tokens * o.context] = model.no_tokens.detach().flatten()
    if way.no_embedding:
        out[:, o.tokens * o.context :] = 0
    return out
