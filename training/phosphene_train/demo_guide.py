"""How strongly the student is guided: chosen on validation scenes.

Validation scenes are renderings of training objects from a seed of their own; no figure is reported on them.
"""

import torch

from .demo_run import IMAGE, Run
from .denoiser import GUIDANCE_RANGE, Denoiser, weighted
from .diffusion import Timesteps, ddim
from .ladder import Bench
from .pool import Pool, make_pool
from .progress import console
from .stage_files import load_tensors, save_tensors
from .stimuli import balanced
from .vae import GroupVae
from .windows import normalise, sample_windows

WEIGHTS = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0)


def bench(run: Run, vae: GroupVae, pool: Pool, offset: int) -> Bench:
    """One window inside the response to every scene of the pool, in the main animal."""
    subject, generator = run.main, run.generator(offset)
    index = torch.arange(len(pool), device=run.device)
    counts = sample_windows(subject.population, subject.driven(pool), index, "inside", generator).counts
    cond = vae.encode(normalise(counts, subject.normalisation))[0]
    noise = torch.randn(len(pool), 3, IMAGE, IMAGE, generator=generator, device=run.device)
    return Bench(cond, pool.images(slice(None)), noise, subject.cortex.vision)


def validation(run: Run, vae: GroupVae) -> Bench:
    """Renderings of training objects on which no figure is reported."""
    o = run.options
    pool = make_pool(run.objects, balanced(run.objects, True), 2 * o.test, IMAGE, o.seed + 4)
    return bench(run, vae, pool, 40)


def choose_weight(run: Run, vae: GroupVae, student: Denoiser, timesteps: Timesteps) -> float:
    """The student's guidance weight with the smallest Frechet distance at 2 steps."""
    kept = load_tensors("guidance", run.resume, "cpu")
    if kept:
        best = float(kept["weight"])
    else:
        held, found = validation(run, vae), {}
        for weight in (w for w in WEIGHTS if GUIDANCE_RANGE[0] <= w <= GUIDANCE_RANGE[1]):
            found[weight] = held.frechet(held.draw(ddim, weighted(student, weight), timesteps["2"]))
            console.print(f"student at guidance {weight}: Frechet {found[weight]:.3f}")
        best = min(found, key=found.get)
    save_tensors({"weight": torch.tensor(best)}, "guidance", run.out)
    return best
