"""Single-trial windows of the simulated population, at any offset to a stimulus as in a live stream."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .golden import Normalisation
from .population import Population, adapted
from .spiking import bin_counts

BIN_MS = 20
BINS = 5
WINDOW_MS = BIN_MS * BINS
LATENCY_MS = 70
"""The latency by which a window is shifted to decide which stimulus it belongs to (units have 50-90 ms)."""

KINDS = ("stream", "inside", "blank")


@dataclass(frozen=True)
class Windows:
    """Counts [B, W, U], the stimulus of each [B] and whether it drives most of the window [B] (1) or a blank does."""

    counts: Tensor
    stimulus: Tensor
    shown: Tensor


def starts(p: Population, kind: str, count: int, generator: torch.Generator, device: torch.device) -> Tensor:
    """Start of windows in ms after the current onset.

    stream: anywhere in a presentation cycle. inside: every unit has responded and none has begun to fall off.
    blank: the last response has decayed and the next has not begun.
    """
    low, high = {
        "stream": (-WINDOW_MS, int(p.on + p.off) - WINDOW_MS),
        "inside": (100, int(p.on) + 50 - WINDOW_MS),
        "blank": (int(p.on + p.off) - 150, int(p.on + p.off) + 45 - WINDOW_MS),
    }[kind]
    return torch.randint(low, high, (count,), generator=generator, device=device).float()


def shown_share(p: Population, start: Tensor) -> Tensor:
    """Share of the window, shifted by the latency, during which the current stimulus was on [B]."""
    begin = (start - LATENCY_MS).clamp(0, p.on)
    end = (start + WINDOW_MS - LATENCY_MS).clamp(0, p.on)
    return (end - begin) / WINDOW_MS


@torch.no_grad()
def sample_windows(p: Population, driven: Tensor, stimulus: Tensor, kind: str, generator: torch.Generator) -> Windows:
    """One window for each entry of `stimulus` (indices into driven [N, U]); the two before it are drawn at random."""
    start = starts(p, kind, len(stimulus), generator, driven.device)
    first, before = torch.randint(len(driven), (2, len(stimulus)), generator=generator, device=driven.device)
    current = adapted(p, driven[stimulus], driven[before])
    previous = adapted(p, driven[before], driven[first])
    counts = bin_counts(p, current, previous, start, BINS, BIN_MS, generator)
    return Windows(counts, stimulus, (shown_share(p, start) >= 0.5).float())


def sample_mixture(
    p: Population, driven: Tensor, shares: dict[str, float], count: int, generator: torch.Generator
) -> Windows:
    """Windows of several kinds, of random stimuli."""
    parts = []
    for kind, share in shares.items():
        size = round(share * count)
        stimulus = torch.randint(len(driven), (size,), generator=generator, device=driven.device)
        parts.append(sample_windows(p, driven, stimulus, kind, generator))
    fields = ("counts", "stimulus", "shown")
    return Windows(*(torch.cat([getattr(part, field) for part in parts]) for field in fields))


def fit_normalisation(counts: Tensor, clip: float = 8.0) -> Normalisation:
    """Mean and standard deviation of one bin's count per unit, from windows [N, W, U], as the manifest rounds them."""
    flat = counts.flatten(0, 1).double().cpu().numpy()
    return Normalisation(np.round(flat.mean(0), 6), np.round(flat.std(0).clip(0.05), 6), clip)


def normalise(counts: Tensor, norm: Normalisation) -> Tensor:
    """The z-score of docs/bundle.md on any device."""
    mean, std = norm.on(counts.device)
    return ((counts - mean) / std).clamp(-norm.clip, norm.clip)


def shuffle_units(counts: Tensor, generator: torch.Generator) -> Tensor:
    """Each window with its units in another order: the control that keeps the spikes and loses their meaning."""
    order = torch.rand(counts.shape[0], counts.shape[2], generator=generator, device=counts.device).argsort(1)
    return counts.gather(2, order[:, None].expand_as(counts))


def shuffle_moments(counts: Tensor, generator: torch.Generator) -> Tensor:
    """Windows [N, W, U] with each unit's bins from another window, independently: its statistics, no common cause."""
    order = torch.rand(counts.shape[0], counts.shape[2], generator=generator, device=counts.device).argsort(0)
    return counts.gather(0, order[:, None].expand_as(counts))


def silence(window: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Set a random share of the units of each normalised window [N, W, U] to their mean."""
    keep = torch.rand(window.shape[0], 1, window.shape[2], generator=generator, device=window.device) >= share
    return window * keep
