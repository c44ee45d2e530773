"""Consistency distillation: a student that reaches in 1, 2 or 4 steps what its teacher draws in many.

Along the teacher's deterministic trajectory from noise z under latents c, every point belongs to one picture y(z, c)
(Song et al. 2023: self-consistency). The trajectories are solved to their end once, with guidance of a random weight,
and the student learns to name that end from the start and from the states that its own few-step DDIM
visits. The target is a function of its input: it is sharp, where the mean of a posterior is blurred. The guidance
weight is an input of the student, so guidance costs no second evaluation (Meng et al. 2023).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor

from .denoiser import GUIDANCE_RANGE, Denoiser
from .diffusion import Timesteps, alpha_sigma, even_timesteps, ipndm
from .loop import LoopOptions, train
from .progress import Track
from .train_denoiser import NextPair, autocast, fast

Distance = Callable[[Tensor, Tensor], Tensor]
"""(student's pictures, teacher's pictures) -> a scalar, such as a perceptual distance."""


@dataclass(frozen=True)
class Distillation:
    """Steps and batch of the student, peak learning rate, weight of the perceptual distance, number of trajectories,
    steps of the teacher along each, how many are solved at once, seconds after which it ends (0: with
    the last step)."""

    steps: int
    batch: int = 512
    rate: float = 5e-4
    perceptual: float = 1.0
    trajectories: int = 131_072
    teacher_steps: int = 16
    chunk: int = 2048
    seconds: float = 0.0


@dataclass(frozen=True)
class Trajectories:
    """Both ends of the teacher's trajectories: noise and picture [N, 3, H, W] (fp16), latents [N, D], guidance [N]."""

    noise: Tensor
    picture: Tensor
    cond: Tensor
    guidance: Tensor

    def draw(self, count: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """`count` of them, as float32."""
        at = torch.randint(len(self.cond), (count,), device=self.cond.device)
        return tuple(part[at].float() for part in (self.noise, self.picture, self.cond, self.guidance))


@torch.no_grad()
def solve_trajectories(teacher: Denoiser, next_pair: NextPair, options: Distillation) -> Trajectories:
    """Draw the teacher's pictures for latents from `next_pair`, in bf16 on a GPU."""
    times = even_timesteps(options.teacher_steps)
    run, parts = fast(teacher.forward), []
    chunk = min(options.chunk, options.trajectories)
    for _ in Track("trajectories", -(-options.trajectories // chunk)):
        cond, like = gather_latents(next_pair, chunk)
        noise = torch.randn(len(cond), *like.shape[1:], device=cond.device)
        low, high = GUIDANCE_RANGE
        guidance = low + (high - low) * torch.rand(len(cond), device=cond.device)
        with autocast(noise):
            picture = ipndm(guided(run, guidance), noise, cond, times)
        parts.append((noise.half(), picture.half(), cond, guidance))
    return Trajectories(*(torch.cat(column) for column in zip(*parts, strict=True)))


def gather_latents(next_pair: NextPair, count: int) -> tuple[Tensor, Tensor]:
    """(latents [count, D], some pictures, for their shape)."""
    found, pictures = [], None
    while sum(len(cond) for cond in found) < count:
        pictures, cond = next_pair()
        found.append(cond)
    return torch.cat(found)[:count], pictures


def guided(run: Callable, weight: Tensor) -> Callable:
    """Classifier-free guidance (Ho & Salimans 2022): v without latents plus `weight` [B] times what latents change."""

    def denoise(x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        one = torch.ones_like(t)
        given, withheld = (run(x, t, cond, one, share).float() for share in (one, 0 * one))
        return withheld + weight.view(-1, 1, 1, 1) * (given - withheld)

    return denoise


def distil(
    teacher: Denoiser,
    student: Denoiser,
    next_pair: NextPair,
    options: Distillation,
    timesteps: Timesteps,
    distance: Distance,
    folder: Path | None = None,
) -> Denoiser:
    """Train `student` (a copy of the teacher, or a network of the same inputs); returns its moving average."""
    ends = solve_trajectories(teacher, next_pair, options)
    run = fast(student.requires_grad_(True).clean)
    tables = [*timesteps.values()]

    def loss(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        noise, picture, cond, guidance = ends.draw(options.batch)
        times = random_table() if step % 3 == 2 else tables[1 + step // 3 % (len(tables) - 1)]
        with autocast(noise):
            estimates = visit(run, noise, cond, guidance, times)
            pixel = torch.stack([(x0 - picture).abs().mean() for x0 in estimates]).mean()
            far = torch.stack([distance(x0, picture) for x0 in estimates]).mean().float()
        return pixel + options.perceptual * far, {"pixel": pixel.detach(), "perceptual": far.detach()}

    return train(
        student, loss, LoopOptions("student", options.steps, options.rate, keep=0.998, seconds=options.seconds), folder
    )


def random_table() -> list[float]:
    """Two steps whose second begins anywhere, so that other numbers of steps than the shipped ones work too."""
    return [1.0, float(0.1 + 0.85 * torch.rand(())), 0.0]


def visit(run: Callable, noise: Tensor, cond: Tensor, guidance: Tensor, times: Sequence[float]) -> list[Tensor]:
    """The student's clean picture at every state that its own DDIM visits. No gradient flows from one to the next."""
    x, estimates = noise, []
    for t, s in pairwise(times):
        at, to = (torch.full((len(x),), value, device=x.device) for value in (t, s))
        x0 = run(x, at, cond, guidance).float()
        estimates.append(x0)
        (alpha_t, sigma_t), (alpha_s, sigma_s) = ([part.view(-1, 1, 1, 1) for part in alpha_sigma(v)] for v in (at, to))
        known = x0.detach().clamp(-1, 1)
        x = alpha_s * known + sigma_s * (x - alpha_t * known) / sigma_t
    return estimates
