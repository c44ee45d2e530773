"""The decoder from few trials of any still data set, within a minute: for the comparison."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from .corpus import Corpus
from .decode import Way, decode
from .digits import move
from .fit import fit
from .sizes import SMALL, Sizes

LONGEST_SIDE = 32
LEAST_SECONDS = 25.0
"""Of one fit, whatever was asked for: with less, the pictures' autoencoder alone is not there yet."""
ALBUM = 4000
"""Most moved copies of training pictures that autoencoder and prior learn from."""


def fit_few(
    patterns: Tensor, pictures: Tensor, seconds: float, seed: int, moved: bool = True
) -> Callable[[Tensor], Tensor]:
    """patterns [N, U] with pictures [N, C, H, W] in [-1, 1] -> (patterns [M, U] -> pictures [M, C, H, W]).

    Pictures are drawn at most LONGEST_SIDE wide and enlarged. One sample of 16 steps of iPNDM, the
    same noise for all, guidance 1: half a minute is little, so there is no student.
    """
    torch.manual_seed(seed)
    seconds = max(seconds, LEAST_SECONDS)
    sizes, shape = sizes_for(patterns.shape[1], pictures.shape[-1], patterns.is_cuda), pictures.shape[1:]
    small = F.interpolate(pictures, (sizes.side, sizes.side), mode="bilinear", antialias=True)
    shown = ((small.expand(-1, 3, -1, -1) + 1) * 127.5).round().clamp(0, 255).byte()
    copies = min(20, ALBUM // len(shown)) if moved else 0
    album = torch.cat([shown, *(move(shown, seed + at) for at in range(copies))])
    fitted, _, _ = fit(Corpus(shown, patterns[:, None], album), sizes, 0.9 * seconds, seed, student=False)

    def reconstruct(tests: Tensor) -> Tensor:
        drawn = decode(fitted, tests, Way("teacher", 1.0), 1)[:, 0]
        drawn = drawn.mean(1, keepdim=True) if shape[0] == 1 else drawn
        return F.interpolate(drawn, shape[1:], mode="bilinear").clamp(-1, 1)

    return reconstruct


def sizes_for(units: int, side: int, quick: bool) -> Sizes:
    """Small networks; patches of as many units that there are about two dozen of them, 16 at most. The steps set the
    warm-up; time ends the stages, on a CPU after some hundreds of them."""
    side = 28 if side == 28 else min(LONGEST_SIDE, side // 4 * 4)
    patch = min(16, -(-units // 24))
    steps = dict.fromkeys(SMALL.steps, 3000 if quick else 600)
    shares = {"autoencoder": 0.35, "contrast": 0.05, "cross": 0.05, "prior": 0.35, "tune": 0.2}
    return replace(SMALL, side=side, patch=patch, batch=48, steps=steps, shares=shares, thumbnail=side // 2)
