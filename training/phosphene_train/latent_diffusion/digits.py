"""Real fMRI: handwritten 6 and 9 (van Gerven et al. 2010), ten folds of ten trials, beside ridge on the same folds."""

import json
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..data.fmri_digits import SIDE, import_fmri_digits
from ..fit.picture_metrics import picture_figures
from ..sheets import save_pairs
from .corpus import Corpus, as_picture
from .decode import Way, decode
from .fit import Fitted, fit
from .measure import baselines, shuffled
from .sizes import SMALL, Sizes

FOLDS = 10
MOVES = 20
"""Moved copies of every training picture, for autoencoder and prior alone."""


def run_digits(data: Path, out: Path, device: str, seconds: float, folds: int, seed: int, sizes: Sizes = SMALL) -> dict:
    """All folds, then the figures of all held-out trials together, each against all hundred pictures."""
    torch.set_float32_matmul_precision("high")
    out.mkdir(parents=True, exist_ok=True)
    dataset, _ = import_fmri_digits(data, SIDE, 0.0, seed, "fmri")
    pictures = torch.from_numpy(dataset.pictures).permute(0, 3, 1, 2).to(device)
    patterns = torch.from_numpy(dataset.sessions[0].counts.values).to(device)
    labels = torch.from_numpy(dataset.labels["digit"].ids).to(device)
    fold = assign(dataset.labels["digit"].ids, seed)
    started, found, order, stages = time.monotonic(), {}, [], {}
    for at in range(folds):
        train, test = (torch.from_numpy(np.flatnonzero(x)).to(device) for x in (fold != at, fold == at))
        left = (seconds - (time.monotonic() - started)) / (folds - at) * 0.8 if seconds else 0.0
        corpus = corpus_of(pictures[train], patterns[train], labels[train], dataset.labels["digit"].names)
        fitted, _, _ = fit(corpus, sizes, left, seed + at)
        true = as_picture(pictures[test])
        rows = rows_of(fitted, corpus, patterns[test, 0], true, sizes.samples)
        for name, decoded in rows.items():
            found.setdefault(name, []).append(decoded.cpu())
        order.append(test.cpu())
        stages = fitted.seconds
        print(f"fold {at}: {round(time.monotonic() - started)} s", flush=True)
    true = as_picture(pictures[torch.cat(order)]).cpu()
    stimulus = torch.arange(len(true))
    metrics = {"trials": len(true), "folds": folds, "stageSeconds": stages, "rows": {}}
    for name, parts in found.items():
        metrics["rows"][name] = picture_figures(torch.cat(parts), true, stimulus)
    first = torch.cat(found["student-4"])[:, 0]
    save_pairs(true, first, out / "digits.png", columns=10)
    save_pairs(true, torch.cat(found["ridge"])[:, 0], out / "digits-ridge.png", columns=10)
    (out / "digits.json").write_text(json.dumps(metrics, indent=1) + "\n")
    return metrics


def assign(labels: np.ndarray, seed: int) -> np.ndarray:
    """The fold of each trial, as many of both digits in each."""
    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    fold = np.empty(len(labels), np.int64)
    fold[order] = np.arange(len(labels)) % FOLDS
    return fold


def corpus_of(pictures: Tensor, patterns: Tensor, labels: Tensor, names: tuple[str, ...]) -> Corpus:
    """One age, the response of the trial. The album is moved copies of the training pictures."""
    moved = torch.cat([pictures, *(move(pictures, at) for at in range(MOVES))])
    return Corpus(pictures, patterns, moved, None, labels, names, None)


def move(pictures: Tensor, seed: int) -> Tensor:
    """Each picture turned by up to 10 degrees, shifted by up to 2 pixels and scaled by up to 8 %."""
    random = torch.Generator().manual_seed(seed)
    u = (torch.rand(4, len(pictures), generator=random) * 2 - 1).to(pictures.device)
    angle, scale = u[0] * 0.17, 1 + 0.08 * u[1]
    shift = u[2:] * 4 / pictures.shape[-1]
    rows = [torch.stack([scale * angle.cos(), -scale * angle.sin(), shift[0]], 1),
            torch.stack([scale * angle.sin(), scale * angle.cos(), shift[1]], 1)]  # fmt: skip
    grid = torch.nn.functional.affine_grid(torch.stack(rows, 1), list(pictures.shape), align_corners=False)
    floats = torch.nn.functional.grid_sample(pictures.float(), grid, padding_mode="border", align_corners=False)
    return floats.round().clamp(0, 255).byte()


def rows_of(fitted: Fitted, corpus: Corpus, patterns: Tensor, true: Tensor, samples: int) -> dict[str, Tensor]:
    """Pictures [N, K, 3, S, S] of every way to decode one fold's held-out trials."""
    ways = {f"student-{k}": Way(k, 1.0) for k in ("1", "2", "4")} | {"teacher-16": Way("teacher", 1.0)}
    rows = {name: decode(fitted, patterns, way, samples) for name, way in ways.items()}
    rows["withoutTokens"] = decode(fitted, patterns, Way("4", 1.0, no_tokens=True), samples)
    rows["withoutEmbedding"] = decode(fitted, patterns, Way("4", 1.0, no_embedding=True), samples)
    rows["meanOfSamples"] = rows["student-4"].mean(1, keepdim=True)
    rows["shuffled"] = decode(fitted, shuffled(patterns), Way("4", 1.0), samples)
    standard = fitted.condition.standard
    found = baselines(corpus.pictures, standard(corpus.patterns[:, 0]), standard(patterns), true.shape[-1], SIDE)
    return rows | {name: each[:, None] for name, each in found.items()}
