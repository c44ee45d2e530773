"""What the latents of the demo hold: neural R^2 of every animal, disentanglement, a calibrated posterior, evidence."""

import numpy as np
import torch
from torch import Tensor

from .calibration import Repeats, describe, fold, moments, temperatures
from .demo_run import Run
from .demo_subjects import Subject
from .disentanglement import Factor, factor_vae_score, mig, sap, selectivity
from .evidence import Evidence, score
from .evidence_kinds import calibrate_kinds
from .half import round_to_half
from .metrics import neural_r2, repeat_mean
from .multi_session import MultiSession
from .pool import Pool
from .vae import GroupVae
from .windows import normalise, sample_windows, shuffle_moments, shuffle_units

POSES = ("x", "y", "size", "angle")
REPEATS = 8


def windows(run: Run, subject: Subject, pool: Pool, kind: str, offset: int, repeats: int = 1) -> tuple[Tensor, Tensor]:
    """(normalised windows [N, W, U], scene of each [N]): `repeats` single trials of every scene."""
    index = torch.arange(len(pool), device=run.device).repeat(repeats)
    drawn = sample_windows(subject.population, subject.driven(pool), index, kind, run.generator(offset))
    return normalise(drawn.counts, subject.normalisation), index


@torch.no_grad()
def neural(run: Run, vae: MultiSession, plain: MultiSession) -> dict:
    """Held-out neural R^2 of single windows and of means over REPEATS windows of a scene, beside a plain VAE's."""
    out = {}
    for at, subject in enumerate(run.subjects):
        window, scene = windows(run, subject, run.pools.rendering, "inside", 50, REPEATS)
        observed = window.mean(1)
        row = {"units": subject.population.units, "windows": len(window)}
        for name, model in (("groupVae", vae.members[at]), ("plainVae", plain.members[at])):
            expected = model.decoder(model.encode(window)[0])
            means = (repeat_mean(values, scene) for values in (observed, expected))
            row[name] = {
                "r2": round(neural_r2(observed, expected), 4),
                "r2RepeatAveraged": round(neural_r2(*means), 4),
            }
        out[subject.name] = row
    return out


@torch.no_grad()
def disentanglement(run: Run, vae: GroupVae) -> dict:
    """Scores of the main animal's latents on held-out renderings; the simulation's factors are known."""
    pools = ((validation(run), 51), (run.pools.rendering, 52))
    learnt, held = (factors(run, pool, offset, vae) for pool, offset in pools)
    groups, known = vae.options.groups, held[1]
    return {
        "windows": len(held[0]),
        "factorVae": round(factor_vae_score(held[0], known), 4),
        "factorVaeGroups": round(factor_vae_score(held[0], known, groups), 4),
        "sap": round(sap(held[0], known), 4),
        "mig": round(mig(held[0], known), 4),
        "selectivity": {
            "factors": [factor.name for factor in known],
            "groups": [name for name, _ in groups],
            "matrix": np.round(selectivity(*learnt, *held, groups), 4).tolist(),
        },
    }


def validation(run: Run) -> Pool:
    """Training scenes, for predictors that are tested on held-out ones."""
    some = slice(0, min(8192, len(run.pools.train)))
    p = run.pools.train
    return Pool(p.pictures[some], p.category[some], p.object[some], p.pose[some])


def factors(run: Run, pool: Pool, offset: int, vae: GroupVae) -> tuple[np.ndarray, list[Factor]]:
    """(latents [N, D], what is true of each scene)."""
    mu = vae.encode(windows(run, run.main, pool, "inside", offset)[0])[0].cpu().numpy()
    pose = pool.pose.cpu().numpy()
    values = [Factor(name, pose[:, i], False, "pose") for i, name in enumerate(POSES)]
    return mu, [Factor("category", pool.category.cpu().numpy(), True), *values]


@torch.no_grad()
def calibrate_posterior(run: Run, vae: GroupVae) -> dict:
    """Fit a temperature for each group on training scenes, fold it into `vae`; before and after on held-out ones."""
    groups, some = vae.options.groups, validation(run)
    few = Pool(some.pictures[:512], some.category[:512], some.object[:512], some.pose[:512])
    fitted = moments(repeats(run, vae, few, 53))
    chosen = temperatures(fitted, groups)
    before = describe(repeats(run, vae, run.pools.rendering, 54), fitted, groups)
    fold(vae, chosen)
    round_to_half(vae)
    after = describe(repeats(run, vae, run.pools.rendering, 54), fitted, groups)
    temperature = {name: round(c, 4) for (name, _), c in zip(groups, chosen, strict=True)}
    return {"temperature": temperature, "heldOutBefore": before, "heldOutAfter": after}


def repeats(run: Run, vae: GroupVae, pool: Pool, offset: int) -> Repeats:
    """REPEATS single trials of every scene."""
    window, scene = windows(run, run.main, pool, "inside", offset, REPEATS)
    return Repeats(*vae.encode(window), scene)


@torch.no_grad()
def fit_evidence(run: Run, vae: GroupVae) -> Evidence:
    """Thresholds from both held-out pools against blank, unit-shuffled, time-shuffled and foreign windows.

    Foreign: pictures that are none of the stimulus set, seen by the same animal: colour noise of several grains.
    """
    subject, generator = run.main, run.generator(60)
    pools = (run.pools.rendering, run.pools.unseen)
    real, blank = (
        torch.cat([windows(run, subject, pool, kind, 61 + i)[0] for i, pool in enumerate(pools)])
        for kind in ("inside", "blank")
    )
    stream = torch.cat([windows(run, subject, pool, "stream", 63 + i)[0] for i, pool in enumerate(pools)])
    kinds = {
        "blank": blank,
        "unitShuffled": shuffle_units(real, generator),
        "timeShuffled": shuffle_moments(stream, generator),
        "foreign": foreign(run, subject, len(real)),
    }
    return calibrate_kinds(score(vae, real), {name: score(vae, window) for name, window in kinds.items()})


def foreign(run: Run, subject: Subject, count: int) -> Tensor:
    """Windows of the animal looking at colour noise with grains of 1, 4 and 16 pixels."""
    generator, parts = run.generator(65), []
    side = run.pools.rendering.pictures.shape[-1]
    for grain in (1, 4, 16):
        coarse = torch.rand(-(-count // 3), 3, side // grain, side // grain, generator=generator, device=run.device)
        parts.append(torch.nn.functional.interpolate(coarse * 2 - 1, scale_factor=float(grain)))
    driven = subject.cortex.rates(torch.cat(parts)[:count])
    index = torch.arange(len(driven), device=run.device)
    drawn = sample_windows(subject.population, driven, index, "inside", generator)
    return normalise(drawn.counts, subject.normalisation)
