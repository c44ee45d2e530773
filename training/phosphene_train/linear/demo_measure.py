"""Figures of the demo's linear decoder on held-out scenes: one 100 ms window inside the response of each."""

import torch
from torch import Tensor

from ..metrics import neural_r2, own_correlation, r2, structural_similarity, top1, two_way
from ..pool import Pool
from ..windows import shuffle_units
from .animal import Animal
from .model import LinearModel
from .scenes import Held, draw

POSES = ("x", "y", "size", "angle")


@torch.no_grad()
def measure(animal: Animal, model: LinearModel, pools: dict[str, Held], seed: int) -> dict:
    """Every figure for every pool, and of the same windows with their units shuffled."""
    out: dict = {"posteriorVariance": variances(model)}
    for at, (name, held) in enumerate(pools.items()):
        generator = torch.Generator().manual_seed(seed + 10 + at)
        window = draw(animal, held, "inside", generator)
        out[name] = {
            **figures(model, window, held.pool),
            "neuralR2": round(neural_r2(window.mean(1), model.decoder(model.encode(window)[0])), 4),
            "unitShuffled": figures(model, shuffle_units(window, generator), held.pool),
        }
    return out


def figures(model: LinearModel, window: Tensor, pool: Pool) -> dict:
    """Readouts and pictures of one window a scene."""
    mu, _ = model.encode(window)
    category, place, angle = (model.readout(readout, mu) for readout in model.options.readouts)
    decoded, true = model.pictures(mu), pool.images(slice(None))
    return {
        "windows": len(window),
        "categoryTop1": round(top1(category, pool.category), 4),
        "poseR2": dict(zip(POSES, r2(torch.cat([place, angle], 1), pool.pose), strict=True)),
        "twoWay": round(two_way(decoded, true), 4),
        "correlation": round(own_correlation(decoded, true), 4),
        "ssim": round(structural_similarity(decoded, true), 4),
    }


def variances(model: LinearModel) -> dict[str, float]:
    """Mean posterior variance of each group; 1 is the prior's."""
    sizes = [size for _, size in model.options.groups]
    parts = model.logvar.exp().split(sizes)
    return {name: round(float(v.mean()), 4) for (name, _), v in zip(model.options.groups, parts, strict=True)}
