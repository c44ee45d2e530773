"""Thresholds of the evidence from real windows against several kinds that are none, and how separable each kind is."""

from collections.abc import Mapping

import numpy as np

from .evidence import Evidence, Scores, auc, median, rejected, separate

SHUFFLED = ("unitShuffled", "timeShuffled")
MEASURES = ("bits", "explained", "atypicality")


def calibrate_kinds(real: Scores, others: Mapping[str, Scores], loss: float = 0.02) -> Evidence:
    """Thresholds from held-out windows inside responses against the other kinds, by name.

    Bits must tell real from `blank`, explained must tell real from SHUFFLED; each is put where at most `loss` / 2 of
    the real windows fall below it, or lower if the other kind ends earlier. Atypicality passes 99.8 % of real windows.
    Kinds that are absent (aligned counts have no blanks) set nothing: the `loss` / 2 quantile of the real stands.
    """
    mean, std = real.mu.mean(0), real.mu.std(0).clip(1e-3)
    shuffled = [others[name].explained for name in SHUFFLED if name in others]
    bits = low_end(real.bits, [others["blank"].bits] if "blank" in others else [], loss / 2)
    explained = low_end(real.explained, shuffled, loss / 2)
    atypical = 1.05 * float(np.quantile(real.atypicality(mean, std), 0.998))
    draft = Evidence(bits, explained, atypical, mean, std, {})
    return Evidence(bits, explained, atypical, mean, std, report_kinds(draft, real, others))


def low_end(real: np.ndarray, others: list[np.ndarray], loss: float) -> float:
    """A threshold that at most `loss` of the real windows fall below."""
    return separate(real, np.concatenate(others), loss) if others else float(np.quantile(real, loss))


def report_kinds(evidence: Evidence, real: Scores, others: Mapping[str, Scores]) -> dict:
    """The manifest's `calibration`: windows, share rejected and medians of each kind, areas under the ROC curve."""
    kinds = {"real": real, **others}
    out = {
        "how": f"windows inside responses to held-out stimuli against {', '.join(others)} windows",
        "windows": {name: len(scores.bits) for name, scores in kinds.items()},
        "rejected": {name: round(rejected(evidence, scores), 4) for name, scores in kinds.items()},
        "auc": {name: areas(evidence, real, scores) for name, scores in others.items()},
        "medianBits": {name: median(scores.bits) for name, scores in kinds.items()},
        "medianExplained": {name: median(scores.explained) for name, scores in kinds.items()},
    }
    if "blank" not in others:
        out["how"] += "; there are no blank windows in aligned counts, so bits are not held against blanks"
    if real.groups is not None:
        out["medianBitsPerGroup"] = {
            name: [median(column) for column in scores.groups.T]
            for name, scores in kinds.items()
            if scores.groups is not None
        }
    if real.deviance is not None:
        out["medianDevianceExplained"] = {
            name: median(scores.deviance) for name, scores in kinds.items() if scores.deviance is not None
        }
    return out


def measures(evidence: Evidence, scores: Scores) -> np.ndarray:
    """[3, N]: bits, explained and typicality (atypicality with its sign changed): more is better in all."""
    return np.stack([scores.bits, scores.explained, -scores.atypicality(evidence.latent_mean, evidence.latent_std)])


def areas(evidence: Evidence, real: Scores, other: Scores) -> dict[str, float]:
    """Area under the ROC curve of real against `other`: each measure alone, and all three together.

    Together: a window scores the smallest of its three ranks among the real windows, which is the share of real windows
    that thresholds at its own height would lose at the worst measure.
    """
    positive, negative = measures(evidence, real), measures(evidence, other)
    out = {name: round(auc(p, n), 4) for name, p, n in zip(MEASURES, positive, negative, strict=True)}
    ranked = [joint_rank(positive, values) for values in (positive, negative)]
    return {**out, "joint": round(auc(*ranked), 4)}


def joint_rank(real: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The smallest over measures [3, M] of the share of real windows [3, N] below; ties broken by the mean share."""
    shares = np.stack([np.searchsorted(np.sort(r), v) / len(r) for r, v in zip(real, values, strict=True)])
    return shares.min(0) + 1e-6 * shares.mean(0)
