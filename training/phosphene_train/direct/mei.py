"""Each unit's most exciting picture: an encoding model is fitted to spikes, then its input is improved for every unit.

Two encoding models: ridge regression on coarse pictures (its most exciting input is its receptive field), and a small
convolutional network, for units whose responses are not linear in pixels; whichever tells held-out responses better.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..linear.ridge import PARTS, cross_validated
from ..loop import LoopOptions, train

SEEN_SIDE = 32
"""Side of the pictures that the network sees."""
CONTRAST = 0.5
"""Root mean square of a most exciting picture around mid-grey."""


LEAST_PICTURES = 400
"""Fewer than these teach a network nothing that ridge regression does not find."""
MOST_UNITS = 2048
"""More than these would be improved one by one for too long."""


@dataclass(frozen=True)
class MeiOptions:
    """Training steps of the encoding network (0: ridge alone) and their batch; steps of the ascent."""

    steps: int = 1500
    batch: int = 256
    ascent: int = 80
    seed: int = 7


class EncodingNetwork(nn.Module):
    """Pictures [B, C, 32, 32] -> normalised, window-averaged response of every unit [B, U]."""

    def __init__(self, colours: int, units: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(colours, 32, 5, 2, 2), nn.SiLU(), nn.Conv2d(32, 64, 3, 2, 1), nn.SiLU(),
            nn.Conv2d(64, 64, 3, 1, 1), nn.SiLU(), nn.Flatten(), nn.Dropout(0.2),
            nn.Linear(64 * (SEEN_SIDE // 4) ** 2, 192), nn.SiLU(), nn.Linear(192, units),
        )  # fmt: skip

    def forward(self, pictures: Tensor) -> Tensor:
        return self.body(pictures)


def fit_maps(pictures: Tensor, responses: Tensor, side: int, options: MeiOptions) -> tuple[Tensor, dict]:
    """Pictures [N, C, S, S] in [-1, 1], responses [N, U] -> maps [U, C, side, side] of root mean square 1, and figures.

    `encoding` of the figures is the mean over units of the correlation of told and held-out responses, of each model.
    """
    generator = torch.Generator().manual_seed(options.seed)
    part = torch.randint(PARTS, (len(pictures),), generator=generator)
    fields, linear = receptive_fields(pictures, responses, side, part)
    if not options.steps or len(pictures) < LEAST_PICTURES or responses.shape[1] > MOST_UNITS:
        return unit_rms(fields), {"encoding": {"ridge": linear}, "maps": "receptive fields"}
    held = (part == 0).to(pictures.device)
    coarse = resize(pictures, SEEN_SIDE)
    network = fit_network(coarse[~held], responses[~held], options)
    told = torch.cat([network(part) for part in coarse[held].split(4096)])
    deep = mean_correlation(told, responses[held])
    found = {"encoding": {"ridge": linear, "network": deep}}
    if deep <= linear:
        return unit_rms(fields), {**found, "maps": "receptive fields"}
    best = resize(most_exciting(network, fields, options.ascent), side)
    return unit_rms(best), {**found, "maps": "most exciting inputs"}


def receptive_fields(pictures: Tensor, responses: Tensor, side: int, part: Tensor) -> tuple[Tensor, float]:
    """Ridge regression of responses on coarse pictures [U, C, side, side], and the held-out correlation."""
    coarse = resize(pictures, side)
    x, y = (v.float().cpu() for v in (coarse.flatten(1), responses))
    ridge = cross_validated(x - x.mean(0), y, part)
    fields = ridge.fit.weights.view(-1, *coarse.shape[1:]).to(pictures.device)
    return fields, mean_correlation(ridge.left_out, y)


def fit_network(pictures: Tensor, responses: Tensor, options: MeiOptions) -> nn.Module:
    """Squared error; pictures shifted by up to two pixels and noisy."""
    torch.manual_seed(options.seed)
    model = EncodingNetwork(pictures.shape[1], responses.shape[1]).to(pictures.device)

    def loss(_step: int) -> tuple[Tensor, dict[str, Tensor]]:
        at = torch.randint(len(pictures), (options.batch,), device=pictures.device)
        seen = pictures[at] + 0.05 * torch.randn_like(pictures[at])
        error = (model(seen) - responses[at]).square().mean()
        return error, {"error": error.detach()}

    return train(model, loss, LoopOptions("encoding", options.steps, 1e-3, decay=0.05, keep=0.99)).eval()


def most_exciting(network: nn.Module, start: Tensor, steps: int) -> Tensor:
    """Gradient ascent from the receptive fields, all units at once, at a fixed contrast [U, C, 32, 32].

    The gradient is blurred (what the network can be fooled with is fine grain) and normalised for each unit.
    """
    picture = fixed_contrast(resize(start, SEEN_SIDE))
    units = torch.arange(len(picture), device=picture.device)
    for _ in range(steps):
        picture = picture.detach().requires_grad_(True)
        network(picture)[units, units].sum().backward()
        gradient = F.avg_pool2d(picture.grad, 5, 1, 2, count_include_pad=False)
        picture = fixed_contrast(picture + 0.2 * CONTRAST * unit_rms(gradient))
    return picture.detach()


def fixed_contrast(pictures: Tensor) -> Tensor:
    """The same root mean square everywhere, in the range that a screen has."""
    return (unit_rms(pictures) * CONTRAST).clamp(-1, 1)


def unit_rms(x: Tensor) -> Tensor:
    """Each [C, s, s] at a root mean square of 1; all zeros stay so."""
    return x / x.square().mean((1, 2, 3), keepdim=True).sqrt().clamp(min=1e-8)


def resize(pictures: Tensor, side: int) -> Tensor:
    """Averages where it becomes smaller, bilinear where larger."""
    now = pictures.shape[-1]
    if now >= side:
        return F.adaptive_avg_pool2d(pictures, side)
    return F.interpolate(pictures, size=(side, side), mode="bilinear", align_corners=False)


def mean_correlation(told: Tensor, true: Tensor) -> float:
    """Mean over units of the correlation over trials."""
    a, b = (x - x.mean(0) for x in (told, true))
    r = (a * b).sum(0) / (a.norm(dim=0) * b.norm(dim=0)).clamp(min=1e-9)
    return round(float(r.mean()), 4)
