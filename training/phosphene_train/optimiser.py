"""AdamW with warm-up and cosine decay, and an exponential moving average of the weights."""

import copy
import math

import torch
from torch import nn


def adamw(model: nn.Module, rate: float, decay: float = 0.01) -> torch.optim.AdamW:
    """Fused where the weights are on a GPU."""
    fused = next(model.parameters()).is_cuda
    return torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=decay, betas=(0.9, 0.98), fused=fused)


def set_rate(optimiser: torch.optim.Optimizer, peak: float, step: int, steps: int, spent: float = 0.0) -> None:
    """Linear warm-up over 3 % of the steps (500 at most), then half a cosine down to 1 % of the peak.

    `spent` is the share of the time allowed that has gone, where time and not the steps may end the training.
    """
    warm = max(1, min(500, int(0.03 * steps)))
    along = min(1.0, max(0.0, (step - warm) / max(1, steps - warm), spent))
    factor = min(1.0, (step + 1) / warm) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * along)))
    for group in optimiser.param_groups:
        group["lr"] = peak * factor


class Average:
    """Moving average of a model's parameters; `model` holds it."""

    def __init__(self, model: nn.Module, keep: float = 0.999) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self.keep = keep

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Shorter memory at first, so that the random start is forgotten."""
        weight = 1 - min(self.keep, (1 + step) / (10 + step))
        torch._foreach_lerp_(list(self.model.parameters()), list(model.parameters()), weight)


@torch.no_grad()
def blend(a: nn.Module, b: nn.Module, share: float) -> nn.Module:
    """A copy of `a` with each weight moved towards that of `b` by `share` (Wortsman et al. 2022)."""
    out = copy.deepcopy(a)
    torch._foreach_lerp_(list(out.parameters()), list(b.parameters()), share)
    return out
