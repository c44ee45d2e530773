"""How good reconstructions of held-out scenes are, way by way: what a bundle's constants are chosen by."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..metrics import own_correlation, structural_similarity, two_way
from .inversion import OUTPUTS, Inversion, InversionOptions
from .plain_encoder import PlainEncoder
from .prior import Prior, guided, times

CHUNK = 256


def figures(found: Tensor, shown: Tensor) -> dict[str, float]:
    """Of pictures [N, C, H, W]."""
    values = {"correlation": own_correlation(found, shown), "ssim": structural_similarity(found, shown)}
    return {name: round(value, 4) for name, value in {**values, "twoWay": two_way(found, shown)}.items()}


@torch.no_grad()
def descend_all(inversion: Inversion, counts: Tensor, iterations: int) -> Tensor:
    """Pictures [N, C, H, W] from grey, for counts [N, U]."""
    out = []
    for part in counts.split(CHUNK):
        picture, _ = inversion(*inversion.grey(len(part)), 0, part, iterations)
        out.append(inversion.shown(picture))
    return torch.cat(out)


def make(encoders: list[PlainEncoder], share: Tensor, options: InversionOptions) -> Inversion:
    return Inversion(encoders, share, options).to(share.device)


MARKS = (4, 8, 16, 32, 64, 128, 256, 512)


@dataclass(frozen=True)
class Way:
    """Encoders of the ensemble, constants, and the most iterations."""

    encoders: int
    options: InversionOptions
    iterations: int = 128

    @property
    def name(self) -> str:
        o = self.options
        return f"{self.encoders} {o.ensemble}, smooth {o.smooth:g}, rate {o.rate:g}, blur {o.blur:g}"


def ways(encoders: int) -> list[Way]:
    """What is compared: blur of the gradient, rate, ensembles, blur of the picture."""
    base = InversionOptions(rate=8.0, smooth=3.0, blur=0.5)
    found = [
        Way(1, replace(base, smooth=smooth), 512 if smooth in (0, 3) else 128) for smooth in (0.0, 1.0, 2.0, 3.0, 4.0)
    ]
    found += [Way(1, replace(base, rate=rate)) for rate in (2.0, 4.0, 16.0)]
    several = sorted({min(2, encoders), encoders})
    found += [Way(n, replace(base, smooth=smooth)) for n in several for smooth in (2.0, 3.0)]
    found += [Way(n, replace(base, ensemble=OUTPUTS)) for n in several]
    return found + [Way(several[0], replace(base, blur=blur)) for blur in (0.0, 1.0, 2.0)]


@torch.no_grad()
def curve(inversion: Inversion, counts: Tensor, shown: Tensor, iterations: int) -> dict[str, dict[str, float]]:
    """Figures from grey at every mark up to so many iterations, for counts [N, U] of pictures [N, C, H, W]."""
    parts = [inversion.grey(len(part)) for part in counts.split(CHUNK)]
    out, age = {}, 0
    for mark in (mark for mark in MARKS if mark <= iterations):
        pairs = zip(parts, counts.split(CHUNK), strict=True)
        parts, age = [inversion(*state, age, part, mark - age) for state, part in pairs], mark
        out[str(mark)] = figures(torch.cat([inversion.shown(picture) for picture, _ in parts]), shown)
    return out


def compare_ways(encoders: list[PlainEncoder], share: Tensor, counts: Tensor, shown: Tensor) -> dict[str, dict]:
    """The curve of each way, and of another trial's responses, whose best is luck."""
    out = {}
    for way in ways(len(encoders)):
        found = make(encoders[: way.encoders], share, way.options)
        out[way.name] = curve(found, counts, shown, way.iterations)
    other = counts.roll(len(counts) // 2, 0)
    return out | {"another trial's counts": curve(make(encoders, share, InversionOptions()), other, shown, 32)}


PRIORS: tuple[tuple[int, int, bool, tuple[int, ...]], ...] = (
    (1, 8, False, (20, 40, 80)), (1, 32, False, (40, 80)), (2, 4, False, (20, 40)), (2, 8, False, (20, 40, 80)),
    (4, 2, False, (10, 20, 40)), (4, 4, False, (10, 20, 40)), (4, 8, False, (20, 40)), (16, 1, True, (3, 5, 10)),
    (16, 4, False, (5, 10, 20)), (64, 1, True, (1, 2, 3, 5)), (64, 1, False, (3, 5)), (64, 4, False, (3, 5, 10)),
    (64, 1, False, (0,)),
)  # fmt: skip
"""Runs of the denoiser, gradient steps in each, through the denoiser or not, pulls."""


@torch.no_grad()
def compare_priors(
    prior: Prior, inversion: Inversion, counts: Tensor, shown: Tensor, seed: int, go_on: Callable[[], bool]
) -> tuple[dict[str, dict], dict[str, Tensor]]:
    """Energy-guided sampling of pictures [N, C, H, W]: figures of each way, and its first pictures for a sheet."""
    generator = torch.Generator(shown.device).manual_seed(seed)
    noise = torch.randn(1, *shown.shape[1:], generator=generator, device=shown.device)
    out, sheet = {}, {}
    for runs, inner, through, scales in PRIORS:
        for scale in scales:
            if not go_on():
                return out, sheet
            found = [
                guided(
                    prior, inversion, part, noise.expand(len(part), -1, -1, -1), times(1.0, runs), scale, inner, through
                )
                for part in counts.split(CHUNK)
            ]
            name = f"{runs} runs, {inner} inner, scale {scale}, {'through' if through else 'detached'}"
            out[name], sheet[name] = figures(torch.cat(found), shown), found[0][:8]
    return out, sheet
