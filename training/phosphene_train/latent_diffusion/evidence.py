"""Thresholds of the evidence: explained and atypicality of trials, blanks, shuffled voxels and foreign pictures."""

import numpy as np
import torch
from torch import Tensor

from ..evidence import auc, median, pearson, separate
from .bold import run_of
from .condition import VoxelCondition
from .simulated import LEAD, Experiment, Trials

LOSS = 0.02


@torch.no_grad()
def scores(condition: VoxelCondition, patterns: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """(mu [N, D], correlation over voxels of the pattern with what mu makes expected [N])."""
    mu = condition.embedding(condition.standard(patterns))
    return mu.cpu().numpy(), pearson(patterns, condition.embedding.expected(mu)).cpu().numpy()


def atypicality(mu: np.ndarray, mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    return np.sqrt(np.square((mu - mean) / std).mean(1))


def calibrate(experiment: Experiment, condition: VoxelCondition, tests: dict[str, Trials], seed: int) -> dict:
    """Thresholds, statistics and what they reject, as the manifest has them; bits are missing."""
    p = experiment.paradigm
    real = best_of(experiment, tests)
    random = torch.Generator(real.device).manual_seed(seed)
    order = torch.rand(real.shape, generator=random, device=real.device).argsort(1)
    kinds = {
        "real": real,
        "blank": experiment.blanks(len(real), seed + 1),
        "voxelShuffled": real.gather(1, order),
        "foreign": foreign(experiment, p.ages.index(p.age), random),
    }
    found = {name: scores(condition, each) for name, each in kinds.items()}
    mu, agreement = found["real"]
    mean, std = mu.mean(0), mu.std(0).clip(1e-3)
    typical = {name: atypicality(each, mean, std) for name, (each, _) in found.items()}
    others = np.concatenate([found[name][1] for name in ("blank", "voxelShuffled")])
    explained = separate(agreement, others, LOSS / 2)
    limit = 1.05 * float(np.quantile(typical["real"], 0.998))
    rejected = {
        name: round(float(((found[name][1] < explained) | (typical[name] > limit)).mean()), 4) for name in found
    }
    calibration = {
        "how": "trials of held-out pictures against blanks, shuffled voxels and pictures of colour noise",
        "windows": {name: len(each) for name, (each, _) in found.items()},
        "rejected": rejected,
        "medianExplained": {name: median(each) for name, (_, each) in found.items()},
        "auc": {name: round(auc(agreement, each), 4) for name, (_, each) in found.items() if name != "real"},
    }
    return {"explained": explained, "atypicality": limit, "mean": mean.tolist(), "std": std.tolist(),
            "calibration": calibration}  # fmt: skip


def best_of(experiment: Experiment, tests: dict[str, Trials]) -> Tensor:
    """Patterns [N, V] of all held-out trials at the paradigm's age."""
    return torch.cat([trials.best(experiment.paradigm) for trials in tests.values()])


@torch.no_grad()
def foreign(experiment: Experiment, at: int, random: torch.Generator) -> Tensor:
    """Trials of colour noise with grains of 1, 4 and 16 pixels: none of the stimulus set."""
    device, side = random.device, experiment.voxels.vision.side
    grains = [g for g in (1, 4, 16) if side % g == 0]
    coarse = [torch.rand(32, 3, side // g, side // g, generator=random, device=device) for g in grains]
    noise = torch.cat([torch.nn.functional.interpolate(c * 2 - 1, (side, side)) for c in coarse])
    responses = experiment.voxels.respond(noise)
    volumes = run_of(experiment.paradigm, experiment.noise, experiment.scanner, responses, random, LEAD)
    return experiment.read(experiment.normalised(volumes), LEAD, len(responses))[:, at].float()
