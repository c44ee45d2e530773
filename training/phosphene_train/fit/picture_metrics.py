"""Figures of decoded pictures against the true ones, and what decoders without a brain would reach."""

import torch
from torch import Tensor

from ..metrics import correlations, own_correlation, structural_similarity


def identification(decoded: Tensor, true: Tensor, stimulus: Tensor) -> Tensor:
    """[N]: how often a decoded picture correlates more with its own true picture than with that of another stimulus
    of the windows; 0.5 by luck."""
    _, first, at = unique_rows(stimulus)
    table = correlations(decoded, true[first])
    own = table.gather(1, at[:, None])
    wins = (own > table).float() + 0.5 * (own == table).float()
    others = max(1, len(first) - 1)
    return (wins.sum(1) - 0.5) / others if len(first) > 1 else torch.full((len(decoded),), 0.5)


def unique_rows(stimulus: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(distinct stimuli, first window of each, which of them each window shows)."""
    names, at = stimulus.unique(return_inverse=True)
    order = torch.arange(len(stimulus)).flip(0)
    first = torch.empty(len(names), dtype=torch.long).scatter_(0, at.flip(0), order)
    return names, first, at


def picture_figures(decoded: Tensor, true: Tensor, stimulus: Tensor) -> dict[str, float]:
    """Of decoded [N, K, 3, S, S], K noise samples of each window: means over all samples, and of the best sample of
    each window, chosen by its correlation with the true picture (no decoder can choose so)."""
    samples = decoded.unbind(1)
    own = torch.stack([correlations(x, true).diagonal() for x in samples], 1)
    two = torch.stack([identification(x, true, stimulus) for x in samples], 1)
    best = own.argmax(1)
    chosen = decoded[torch.arange(len(decoded)), best]
    return {
        "twoWay": figure(two.mean()),
        "correlation": figure(own.mean()),
        "ssim": figure(sum(structural_similarity(x, true) for x in samples) / len(samples)),
        "twoWayBest": figure(two.gather(1, best[:, None]).mean()),
        "correlationBest": figure(own.max(1).values.mean()),
        "ssimBest": figure(structural_similarity(chosen, true)),
    }


def figure(value: Tensor | float) -> float:
    return round(float(value), 4)


def controls(shuffled: Tensor, decoded: Tensor, true: Tensor, known: Tensor, stimulus: Tensor) -> dict[str, dict]:
    """The same figures for: pictures decoded from unit-shuffled windows, the mean of the training pictures, and the
    training picture that correlates most with each decoded one (a decoder that can only retrieve)."""
    nearest = known[correlations(decoded, known).argmax(1)]
    mean = known.mean(0, keepdim=True).expand_as(true)
    return {
        "unitShuffled": single(shuffled[:, 0], true, stimulus),
        "meanPicture": single(mean, true, stimulus),
        "nearestTraining": single(nearest, true, stimulus),
    }


def single(pictures: Tensor, true: Tensor, stimulus: Tensor) -> dict[str, float]:
    """Figures of one picture a window."""
    return {
        "twoWay": figure(identification(pictures, true, stimulus).mean()),
        "correlation": figure(own_correlation(pictures, true)),
        "ssim": figure(structural_similarity(pictures, true)),
    }
