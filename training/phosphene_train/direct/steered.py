"""Steered examples: windows, a change of their latents, and the picture that the demo's own sampler draws for the
latents then. No stimulus shows what a steered window means: without examples it is far from all that was trained."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from ..data import DataError
from ..demo_run import DemoOptions
from ..denoiser import Denoiser
from ..diffusion import even_timesteps, ipndm
from ..distil import guided
from ..progress import Track
from ..random_bundle import demo_options
from ..stage_files import load_state
from ..train_denoiser import autocast, fast
from ..vae import GroupVae
from ..windows import normalise, sample_mixture
from .demo_data import Scenes
from .train import NextPair

REACH = 3.0
"""Steering is drawn up to this either way: what the viewer's sliders reach."""
STEPS, GUIDANCE, CHUNK = 12, 1.5, 512


@dataclass(frozen=True)
class Steered:
    """windows [N, W, U] normalised, steering [N, D], pictures uint8 [N, 3, S, S]."""

    window: Tensor
    steering: Tensor
    picture: Tensor

    def draw(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """Random ones; pictures in [-1, 1]."""
        at = torch.randint(len(self.window), (count,), device=self.window.device)
        return self.window[at], self.steering[at], self.picture[at].float() / 127.5 - 1


@torch.no_grad()
def steered_examples(scenes: Scenes, vae: GroupVae, teacher: Denoiser, count: int, seed: int) -> Steered:
    """Windows of training scenes, one or two groups steered as the daemon steers: every latent of a group alike."""
    torch.manual_seed(seed)
    generator = torch.Generator(scenes.device).manual_seed(seed)
    run, parts, side = fast(teacher.forward), [], scenes.train.pool.pictures.shape[-1]
    chunk = min(CHUNK, count)
    for _ in Track("steered", max(1, count // chunk)):
        a = scenes.animal
        counts = sample_mixture(a.population, scenes.train.driven, {"inside": 1.0}, chunk, generator).counts
        window = normalise(counts, a.normalisation)
        steering = random_steering(vae, chunk, scenes.device)
        latents = vae.encode(window)[0] + steering
        noise = torch.randn(chunk, 3, side, side, device=scenes.device)
        weight = torch.full((chunk,), GUIDANCE, device=scenes.device)
        with autocast(noise):
            picture = ipndm(guided(run, weight), noise, latents, even_timesteps(STEPS))
        parts.append((window, steering, ((picture + 1) * 127.5).round().clamp(0, 255).byte()))
    return Steered(*(torch.cat(column) for column in zip(*parts, strict=True)))


def random_steering(vae: GroupVae, count: int, device: torch.device) -> Tensor:
    """[count, D]: one group by up to REACH, and in a quarter of the cases another one too."""
    groups = vae.options.groups
    first, second = (torch.randint(len(groups), (count,), device=device) for _ in range(2))
    amount, more = ((2 * torch.rand(count, device=device) - 1) * REACH for _ in range(2))
    more = torch.where(torch.rand(count, device=device) < 0.25, more, 0.0)
    out = torch.zeros(count, vae.options.dimension, device=device)
    for at, (name, _) in enumerate(groups):
        own = torch.where(first == at, amount, 0.0) + torch.where((second == at) & (first != at), more, 0.0)
        out[:, vae.options.span(name)] = own[:, None]
    return out


def read_teacher(run: Path, device: str) -> Denoiser:
    """The many-step conditional denoiser of a run of the demo."""
    sizes = DemoOptions()
    shape = replace(demo_options()[1], width=sizes.width, blocks=sizes.blocks, heads=max(1, sizes.width // 64))
    teacher = Denoiser(shape).to(device).eval().requires_grad_(False)
    if not any(load_state(teacher, name, run) for name in ("teacher", "teacher-half")):
        raise DataError(f"{run}: expected the run's teacher.pt, found none")
    return teacher


def mixed(pairs: NextPair, examples: Steered, share: float) -> NextPair:
    """Batches of `pairs` with a share of steered examples after them."""

    def pair() -> tuple[Tensor, Tensor, Tensor]:
        window, steering, picture = pairs()
        count = round(share * len(window))
        kept: Callable[[Tensor], Tensor] = lambda x: x[: len(x) - count]  # noqa: E731
        more = examples.draw(count)
        return tuple(torch.cat([kept(a), b]) for a, b in zip((window, steering, picture), more, strict=True))

    return pair
