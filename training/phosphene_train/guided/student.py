"""Distil the exact edits into a student of 1, 2 or 4 steps, as distil.py does with plain pictures."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..diffusion import Timesteps, ddim, v_of_x0
from ..distil import Distance, random_table, visit
from ..loop import LoopOptions, train
from ..train_denoiser import autocast, fast
from .network import Editor, without_grid
from .pairs import Edits


@dataclass(frozen=True)
class EditorTraining:
    """Steps, batch, peak rate, weight of the perceptual distance, share of each batch that is unedited, seconds."""

    steps: int
    batch: int = 512
    rate: float = 1e-3
    perceptual: float = 1.0
    plain: float = 0.35
    seconds: float = 0.0


def distil_edits(
    student: Editor,
    edits: Edits,
    plain: Edits,
    options: EditorTraining,
    timesteps: Timesteps,
    distance: Distance,
    folder: Path | None = None,
) -> Editor:
    """Learn the picture that each (noise, latents, gamma, eta) belongs to, at every state that few-step DDIM visits."""
    run, tables = fast(student.clean), [*timesteps.values()]
    unedited = round(options.plain * options.batch)

    def loss(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        drawn = zip(plain.draw(unedited), edits.draw(options.batch - unedited), strict=True)
        noise, picture, cond, gamma, eta = (torch.cat(both) for both in drawn)
        times = random_table() if step % 4 == 3 else tables[step % len(tables)]

        def clean(x: Tensor, t: Tensor, latents: Tensor, _weight: Tensor) -> Tensor:
            return run(x, t, latents, gamma, eta)

        with autocast(noise):
            estimates = visit(clean, noise, cond, eta, times)
            pixel = torch.stack([(x0 - picture).abs().mean() for x0 in estimates]).mean()
            # One of them, at random: the distance costs as much as the student.
            far = distance(estimates[int(torch.randint(len(estimates), ()))], picture).float()
        return pixel + options.perceptual * far, {"pixel": pixel.detach(), "perceptual": far.detach()}

    loop = LoopOptions("editor", options.steps, options.rate, keep=0.998, seconds=options.seconds)
    return train(student, loss, loop, folder)


@torch.no_grad()
def draw_edits(student: Editor, noise: Tensor, cond: Tensor, gamma: Tensor, eta: Tensor, times: list[float]) -> Tensor:
    """The student's pictures by DDIM over `times`, without the grid that few minutes of training leave."""

    def denoise(x: Tensor, t: Tensor, latents: Tensor) -> Tensor:
        return v_of_x0(x, student.clean(x, t, latents, gamma, eta), t)

    return without_grid(ddim(denoise, noise, cond, times))
