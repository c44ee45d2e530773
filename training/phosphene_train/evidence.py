"""How much of a frame is brain: bits, explained activity, atypicality, and their calibrated thresholds."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .vae import GroupVae


@dataclass(frozen=True)
class Evidence:
    """Thresholds of docs/bundle.md and the statistics that atypicality needs; `calibration` says how they were set."""

    bits_threshold: float
    explained_threshold: float
    atypicality_threshold: float
    latent_mean: np.ndarray
    latent_std: np.ndarray
    calibration: dict

    def manifest(self) -> dict:
        return {
            "bitsThreshold": round(self.bits_threshold, 4),
            "explainedThreshold": round(self.explained_threshold, 4),
            "atypicalityThreshold": round(self.atypicality_threshold, 4),
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
    """Share of windows that would be shown as no-reconstruction."""
    atypical = scores.atypicality(evidence.latent_mean, evidence.latent_std) > evidence.atypicality_threshold
    low = (scores.bits < evidence.bits_threshold) | (scores.explained < evidence.explained_threshold)
    return float((low | atypical).mean())


def auc(positive: np.ndarray, negative: np.ndarray) -> float:
    """Probability that a positive exceeds a negative (ties count half)."""
    both = np.concatenate([positive, negative])
    _, inverse, counts = np.unique(both, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    rank_sum = ranks[: len(positive)].sum()
    return float((rank_sum - len(positive) * (len(positive) + 1) / 2) / (len(positive) * len(negative)))


def median(values: np.ndarray) -> float:
    return round(float(np.median(values)), 4)
