"""How good reconstructions of held-out scenes are, way by way: what a bundle's constants are chosen by."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from ..metrics import own_correlation, structural_similarity, two_way
from .inversion import GRADIENTS, OUTPUTS, Inversion, InversionOptions
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


def ways(encoders: list[PlainEncoder]) -> dict[str, tuple[list[PlainEncoder], InversionOptions, int]]:
    """Encoders, constants and iterations of every way that is compared."""
    base, several = InversionOptions(), encoders
    out = {}
    for smooth in (0.0, 1.0, 2.0, 3.0):
        out[f"one, smooth {smooth:g}"] = (several[:1], replace(base, smooth=smooth), 128)
    for rate in (1.0, 2.0, 8.0, 16.0):
        out[f"one, rate {rate:g}"] = (several[:1], replace(base, rate=rate), 128)
    for iterations in (4, 8, 16, 32, 64, 512):
        out[f"one, {iterations} iterations"] = (several[:1], base, iterations)
    out["all, gradients"] = (several, replace(base, ensemble=GRADIENTS), 128)
    out["all, outputs"] = (several, replace(base, ensemble=OUTPUTS), 128)
    out["all, gradients, 512 iterations"] = (several, base, 512)
    out["all, gradients, smooth 2, 512 iterations"] = (several, replace(base, smooth=2.0), 512)
    return out


def compare_ways(encoders: list[PlainEncoder], share: Tensor, counts: Tensor, shown: Tensor) -> dict[str, dict]:
    """Figures of each way on pictures [N, C, H, W], and of shuffled responses, whose best is luck."""
    out = {}
    for name, (chosen, options, iterations) in ways(encoders).items():
        out[name] = figures(descend_all(make(chosen, share, options), counts, iterations), shown)
    other = counts.roll(len(counts) // 2, 0)
    out["other trial's counts"] = figures(descend_all(make(encoders, share, InversionOptions()), other, 128), shown)
    return out


@torch.no_grad()
def compare_priors(
    prior: Prior, inversion: Inversion, counts: Tensor, shown: Tensor, seed: int, go_on: Callable[[], bool]
) -> tuple[dict[str, dict], dict[str, Tensor]]:
    """Energy-guided sampling on pictures [N, C, H, W]: denoiser runs, scale, inner steps, through the denoiser or not.

    Also the first pictures of each way, for a sheet.
    """
    generator = torch.Generator(shown.device).manual_seed(seed)
    noise = torch.randn(1, *shown.shape[1:], generator=generator, device=shown.device)
    out, sheet = {}, {}
    for steps, inner, through, scales in (
        (64, 1, True, (1, 3, 10)), (64, 1, False, (1, 3, 10)), (64, 4, False, (3, 10)), (16, 1, True, (10, 30)),
        (16, 4, False, (10, 30)), (8, 8, False, (10, 30)), (4, 8, False, (30, 60)), (2, 16, False, (30, 60)),
        (1, 32, False, (60, 120)), (64, 1, False, (0,)),
    ):  # fmt: skip
        for scale in scales:
            if not go_on():
                return out, sheet
            found = [
                guided(
                    prior,
                    inversion,
                    part,
                    noise.expand(len(part), -1, -1, -1),
                    times(1.0, steps),
                    scale,
                    inner,
                    through,
                )
                for part in counts.split(CHUNK)
            ]
            name = f"{steps} runs, {inner} inner, scale {scale}, {'through' if through else 'detached'}"
            out[name], sheet[name] = figures(torch.cat(found), shown), found[0][:8]
    return out, sheet
