"""Figures of decoded pictures: n-way top-1 by a judge, two-way identification, several samples, controls."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ..fit.picture_metrics import figure, picture_figures, single
from ..linear.ridge import PARTS
from ..metrics import correlations
from .condition import cross_fit
from .corpus import as_picture
from .decode import Way, decode
from .fit import Fitted

TRIALS = 1000
WAYS = 50
Judge = Callable[[Tensor], Tensor]
"""Pictures [N, 3, S, S] -> logits of many classes [N, C]."""


def top1_of_n(logits: Tensor, true: Tensor, ways: int, seed: int) -> Tensor:
    """[N]: share of TRIALS in which the judge's class of the true picture beats ways - 1 random other classes on the
    decoded picture (arXiv 2305.17214; the judge there is ViT-H/14 on ImageNet, n is 50). logits, true [N, C].

    How many of the classes that score higher are among those drawn is hypergeometric, so none needs to be drawn.
    """
    klass = true.argmax(1)
    higher = (logits > logits.gather(1, klass[:, None])).sum(1).cpu().numpy()
    random, classes = np.random.default_rng(seed), logits.shape[1]
    none = [random.hypergeometric(int(r), classes - 1 - int(r), ways - 1, TRIALS) == 0 for r in higher]
    return torch.tensor([float(each.mean()) for each in none])


@torch.no_grad()
def judged(judge: Judge, decoded: Tensor, true: Tensor, seed: int = 0) -> dict[str, float]:
    """n-way top-1 of decoded [N, K, 3, S, S]: mean over samples and items, and of each item's best sample."""
    truth = judge(true)
    ways = min(WAYS, truth.shape[1])
    each = torch.stack([top1_of_n(judge(x), truth, ways, seed) for x in decoded.unbind(1)], 1)
    return {
        "ways": ways,
        "chance": figure(1 / ways),
        "nWay": figure(each.mean()),
        "nWayBest": figure(each.max(1).values.mean()),
        "nWayOfTrue": figure(top1_of_n(truth, truth, ways, seed).mean()),
    }


def figures(fitted: Fitted, patterns: Tensor, *, true: Tensor, way: Way, samples: int, judge: Judge | None) -> dict:
    """Every figure of one way to draw, of patterns [N, V] whose pictures [N, 3, S, S] all differ."""
    decoded = decode(fitted, patterns, way, samples)
    out = picture_figures(decoded.cpu(), true.cpu(), torch.arange(len(true)))
    return out | (judged(judge, decoded, true) if judge else {})


def shuffled(patterns: Tensor, seed: int = 0) -> Tensor:
    """Every pattern with its voxels in an order of its own."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.rand(patterns.shape, generator=generator).argsort(1).to(patterns.device)
    return patterns.gather(1, order)


@torch.no_grad()
def baselines(known: Tensor, patterns: Tensor, tests: Tensor, side: int, small: int) -> dict[str, Tensor]:
    """Pictures [N, 3, S, S] of ridge to pixels (small x small), the training picture nearest to that, and the mean.

    known uint8 [M, 3, S, S] with patterns [M, V]; tests [N, V] standardised alike.
    """
    shown = as_picture(known)
    pixels = torch.nn.functional.adaptive_avg_pool2d(shown, small)
    part = torch.arange(len(known), device=known.device) % PARTS
    fit, _ = cross_fit(patterns, pixels.flatten(1), part)
    weights, bias = fit.weights.to(tests), fit.bias.to(tests)
    coarse = (tests @ weights.T + bias).unflatten(1, (3, small, small))
    return {
        "ridge": torch.nn.functional.interpolate(coarse, (side, side), mode="bilinear").clamp(-1, 1),
        "nearestTraining": shown[correlations(coarse, pixels).argmax(1)],
        "meanPicture": shown.mean(0, keepdim=True).expand(len(tests), -1, -1, -1),
    }


def row(pictures: Tensor, true: Tensor, judge: Judge | None) -> dict[str, float]:
    """Figures of one picture for each item [N, 3, S, S]."""
    found = single(pictures.cpu(), true.cpu(), torch.arange(len(true)))
    if judge:
        found |= {k: v for k, v in judged(judge, pictures[:, None], true).items() if k in ("nWay", "nWayOfTrue")}
    return found
