"""The VAE's own figures: neural R^2 beside a plain VAE's, disentanglement, which factor each group holds."""

import numpy as np
import torch
from torch import Tensor

from ..data import ClassLabels
from ..data.types import TEST, TRAIN
from ..disentanglement import Factor, factor_vae_score, mig, sap, selectivity
from ..metrics import neural_r2, repeat_mean
from ..vae import GroupVae
from ..windows import normalise
from .problem import Problem
from .windows import Windows, repeat_draw

WINDOWS = 4000


def compare(problem: Problem, vae: GroupVae, plain: GroupVae | None) -> dict:
    """Figures of the group-wise VAE and of a plain one of the same size, on the same test windows."""
    fit, test = (windows_of(problem, split) for split in (TRAIN, TEST))
    out = {"groupVae": figures(problem, vae, fit, test)}
    if plain is not None:
        out["plainVae"] = figures(problem, plain, fit, test)
    return out


def windows_of(problem: Problem, split: int) -> Windows:
    generator = torch.Generator(problem.device).manual_seed(problem.config.train.seed + 80 + split)
    count = min(WINDOWS, 4 * problem.config.evidence.windows)
    return repeat_draw(problem.exported.source, split, "inside", count, generator)


@torch.no_grad()
def figures(problem: Problem, vae: GroupVae, fit: Windows, test: Windows) -> dict:
    """Neural R^2 of single windows and of repeat means; disentanglement over every label set of the dataset."""
    norm = problem.exported.norm
    window = normalise(test.counts, norm)
    mu = vae.encode(window)[0]
    observed, expected = window.mean(1), vae.decoder(mu)
    means = (repeat_mean(values, test.stimulus) for values in (observed, expected))
    out = {
        "windows": len(window),
        "neuralR2": round(neural_r2(observed, expected), 4),
        "neuralR2RepeatAveraged": round(neural_r2(*means), 4),
    }
    latents = [mu.cpu().numpy(), vae.encode(normalise(fit.counts, norm))[0].cpu().numpy()]
    pairs = factors(problem, test.stimulus), factors(problem, fit.stimulus)
    usable = [name for name in pairs[0] if name in pairs[1]]
    if usable:
        out["disentanglement"] = disentanglement(latents, [[p[n] for n in usable] for p in pairs], vae.options.groups)
    return out


def disentanglement(latents: list[np.ndarray], found: list[list[Factor]], groups) -> dict:
    """Scores on test latents; the predictors of the selectivity matrix learn from training latents.

    FactorVAE, SAP and MIG judge single dimensions, as published; inside a group a factor may lie across dimensions, at
    no cost in training. `factorVaeGroups` and the matrix's `gap` (best group less second best, mean over factors) judge
    groups.
    """
    z, known = latents[0], found[0]
    matrix = selectivity(latents[1], found[1], z, known, groups)
    ordered = np.sort(matrix, axis=1)
    return {
        "factorVae": round(factor_vae_score(z, known), 4),
        "factorVaeGroups": round(factor_vae_score(z, known, groups), 4),
        "sap": round(sap(z, known), 4),
        "mig": round(mig(z, known), 4),
        "selectivity": {
            "factors": [factor.name for factor in known],
            "groups": [name for name, _ in groups],
            "matrix": np.round(matrix, 4).tolist(),
            "gap": round(float((ordered[:, -1] - ordered[:, -2]).mean()), 4) if len(groups) > 1 else None,
        },
    }


def factors(problem: Problem, stimulus: Tensor) -> dict[str, Factor]:
    """Every label of the dataset as a factor of the windows: classes, and each column of values. One that is unknown
    for a window or does not vary is left out."""
    at, out = stimulus.cpu().numpy(), {}
    for name, labels in problem.dataset.labels.items():
        if isinstance(labels, ClassLabels):
            columns = {name: (labels.ids[at], True)}
        else:
            columns = {f"{name} {column}": (labels.values[at, i], False) for i, column in enumerate(labels.names)}
        for title, (values, discrete) in columns.items():
            known = values >= 0 if discrete else ~np.isnan(values)
            if known.all() and len(np.unique(values)) > 1:
                out[title] = Factor(title, values, discrete, name)
    return out


def headline(metrics: dict, model: str = "groupVae") -> dict:
    """The flat figures of manifest.json."""
    test = metrics["test"]
    out = {"heldOutWindows": test["windows"], "heldOutStimuli": test["stimuli"]}
    for name, found in test["readouts"].items():
        if "top1" in found:
            out[f"{name}Top1"], out[f"{name}Chance"] = found["top1"], found["chance"]
        else:
            out |= {f"{name}R2 {column}": value for column, value in found["r2"].items()}
    for steps in (name for name in test["pictures"] if name.isdigit()):
        out[f"twoWay{steps}Steps"] = test["pictures"][steps]["twoWay"]
    out["twoWayUnitShuffled"] = test["pictures"]["controls"]["unitShuffled"]["twoWay"]
    out["neuralR2"] = metrics[model]["neuralR2"]
    if "plainVae" in metrics:
        out["neuralR2PlainVae"] = metrics["plainVae"]["neuralR2"]
    return out
