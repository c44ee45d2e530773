"""What guides the teacher's trajectories, and how strongly the student is guided: chosen on validation scenes.

Validation scenes are renderings of training objects from a seed of their own; no figure is reported on them.
"""

from functools import cached_property

import torch
from torch import Tensor

from .demo_run import IMAGE, Run
from .denoiser import GUIDANCE_RANGE, Denoiser, weighted
from .diffusion import Timesteps, ddim, even_timesteps, ipndm
from .distil import guided
from .ladder import Bench
from .pool import Pool, make_pool
from .progress import console
from .stage_files import load_tensors, save_tensors
from .stimuli import balanced
from .vae import GroupVae
from .windows import normalise, sample_windows

WEIGHTS = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0)
SOLVER_STEPS = 16


def bench(run: Run, vae: GroupVae, pool: Pool, offset: int) -> Bench:
    """One window inside the response to every scene of the pool, in the main animal."""
    subject, generator = run.main, run.generator(offset)
    index = torch.arange(len(pool), device=run.device)
    counts = sample_windows(subject.population, subject.driven(pool), index, "inside", generator).counts
    cond = vae.encode(normalise(counts, subject.normalisation))[0]
    noise = torch.randn(len(pool), 3, IMAGE, IMAGE, generator=generator, device=run.device)
    return Bench(cond, pool.images(slice(None)), noise, subject.cortex.vision)


class Validation:
    """The validation scenes of a run, drawn when first asked for."""

    def __init__(self, run: Run, vae: GroupVae) -> None:
        self.run, self.vae = run, vae

    @cached_property
    def bench(self) -> Bench:
        objects, o = self.run.objects, self.run.options
        pool = make_pool(objects, balanced(objects, True), 2 * o.test, IMAGE, o.seed + 4)
        return bench(self.run, self.vae, pool, 40)


@torch.no_grad()
def choose_guide(run: Run, vae: GroupVae, teacher: Denoiser, weak: Denoiser) -> Denoiser | None:
    """`weak` where autoguidance gives the smaller Frechet distance at its best weight, else None (classifier-free)."""
    held, found = Validation(run, vae).bench, {}
    for name, other in (("classifier-free", None), ("auto", weak.forward)):
        for weight in WEIGHTS[2::2]:
            every = torch.full((len(held.cond),), weight, device=run.device)
            found[name, weight] = held.frechet(draw_guided(held, teacher, other, every))
            console.print(f"guide {name} {weight}: Frechet {found[name, weight]:.3f}")
    best = min(found, key=found.get)
    return weak if best[0] == "auto" else None


def draw_guided(held: Bench, teacher: Denoiser, weak: object, weight: Tensor, chunk: int = 512) -> Tensor:
    """Pictures along the trajectories that a student would learn."""
    times, parts = even_timesteps(SOLVER_STEPS), zip(held.noise.split(chunk), held.cond.split(chunk), strict=True)
    return torch.cat([ipndm(guided(teacher.forward, weak, weight[: len(z)]), z, c, times) for z, c in parts])


def choose_weight(run: Run, vae: GroupVae, student: Denoiser, timesteps: Timesteps) -> float:
    """The student's guidance weight with the smallest Frechet distance at 2 steps."""
    kept = load_tensors("guidance", run.resume, "cpu")
    if kept:
        best = float(kept["weight"])
    else:
        held, found = Validation(run, vae).bench, {}
        for weight in (w for w in WEIGHTS if GUIDANCE_RANGE[0] <= w <= GUIDANCE_RANGE[1]):
            found[weight] = held.frechet(held.draw(ddim, weighted(student, weight), timesteps["2"]))
            console.print(f"student at guidance {weight}: Frechet {found[weight]:.3f}")
        best = min(found, key=found.get)
    save_tensors({"weight": torch.tensor(best)}, "guidance", run.out)
    return best
