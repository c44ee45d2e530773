"""How much of a frame is brain: bits, explained activity, atypicality, and their calibrated thresholds."""

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from .vae import GroupVae


@dataclass(frozen=True)
class Evidence:
    """Thresholds of docs/bundle.md and the statistics that atypicality needs; `calibration` says how they were set.

    A measure that cannot be computed has threshold None and, in `missing`, the reason in one sentence.
    """

    bits_threshold: float | None
    explained_threshold: float | None
    atypicality_threshold: float | None
    latent_mean: np.ndarray
    latent_std: np.ndarray
    calibration: dict
    missing: dict[str, str] = field(default_factory=dict)
    """bits, explained or atypicality -> why it cannot be computed."""
    units: list[int] | None = None
    """Only these units' agreement counts for `explained`."""

    def manifest(self) -> dict:
        thresholds = {
            "bitsThreshold": self.bits_threshold,
            "explainedThreshold": self.explained_threshold,
            "atypicalityThreshold": self.atypicality_threshold,
        }
        return {
            **{name: None if value is None else round(value, 4) for name, value in thresholds.items()},
            **({"missing": self.missing} if self.missing else {}),
            **({"units": self.units} if self.units is not None else {}),
            "latentMean": [round(float(v), 6) for v in self.latent_mean],
            "latentStd": [round(float(v), 6) for v in self.latent_std],
            "calibration": self.calibration,
        }


@dataclass(frozen=True)
class Scores:
    """Per window [N]: bits in total, correlation of expected with observed activity, and the latents [N, D]; bits of
    each latent group [N, G] and explained Poisson deviance [N] where they were asked for."""

    bits: np.ndarray
    explained: np.ndarray
    mu: np.ndarray
    groups: np.ndarray | None = None
    deviance: np.ndarray | None = None

    def atypicality(self, mean: np.ndarray, std: np.ndarray) -> np.ndarray:
        """Root mean square of the standardised latents; 1 for a typical window."""
        return np.sqrt(np.square((self.mu - mean) / std).mean(1))


@torch.no_grad()
def score(vae: GroupVae, window: Tensor) -> Scores:
    """Evidence of normalised windows [N, W, U]."""
    mu, logvar = vae.encode(window)
    nats = 0.5 * (mu.square() + logvar.exp() - 1 - logvar)
    sizes = [size for _, size in vae.options.groups]
    groups = torch.stack([part.sum(1) for part in nats.split(sizes, dim=1)], 1) / math.log(2)
    explained = pearson(window.mean(1), vae.decoder(mu))
    return Scores(*(x.float().cpu().numpy() for x in (groups.sum(1), explained, mu, groups)))


def pearson(a: Tensor, b: Tensor) -> Tensor:
    """Correlation of each row of a with the same row of b [N]; 0 where a row is constant."""
    a, b = (x - x.mean(1, keepdim=True) for x in (a, b))
    return (a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1)).clamp(min=1e-9)


def separate(real: np.ndarray, other: np.ndarray, loss: float) -> float:
    """Halfway between the low end of `real` and the high end of `other`, never above the `loss` quantile of `real`."""
    low, high = float(np.quantile(real, loss)), float(np.quantile(other, 0.99))
    return (low + high) / 2 if high < low else low


def rejected(evidence: Evidence, scores: Scores) -> float:
    """Share of windows that would be shown as no-reconstruction; measures that are missing take no part."""
    refused = np.zeros(len(scores.mu), dtype=bool)
    if evidence.bits_threshold is not None:
        refused |= scores.bits < evidence.bits_threshold
    if evidence.explained_threshold is not None:
        refused |= scores.explained < evidence.explained_threshold
    if evidence.atypicality_threshold is not None:
        refused |= scores.atypicality(evidence.latent_mean, evidence.latent_std) > evidence.atypicality_threshold
    return float(refused.mean())


def auc(positive: np.ndarray, negative: np.ndarray) -> float:
    """Probability that a positive exceeds a negative (ties count half)."""
    both = np.concatenate([positive, negative])
    _, inverse, counts = np.unique(both, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    rank_sum = ranks[: len(positive)].sum()
    return float((rank_sum - len(positive) * (len(positive) + 1) / 2) / (len(positive) * len(negative)))


def median(values: np.ndarray) -> float:
    return round(float(np.median(values)), 4)
