"""The published orderings, each as a paired difference over the clips of all seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

SINGLES, GRADIENTS_SHARP = "single", "gradients averaged, no blur"
CLAIMS: tuple[tuple[str, str, str, str], ...] = (
    ("ensembling > a single model", "ensemble", SINGLES, ".5687 : about .44"),
    ("mask > no mask", "ensemble", "no mask", ".5687 : .5102"),
    ("averaged videos, blurred > averaged gradients as they are", "ensemble", GRADIENTS_SHARP, ".5687 : .5517"),
    ("averaged videos > averaged gradients, both blurred", "ensemble", "gradients averaged", "-"),
    ("blur > no blur", "ensemble", "ensemble, no blur", ".5687 : .5330"),
    ("all units > half", "ensemble", "half", ".5687 : .5121"),
    ("half > a quarter", "half", "quarter", ".5121 : .4273"),
    ("a quarter > an eighth", "quarter", "eighth", ".4273 : .3443"),
    ("predicted activity > recorded", "predicted", "ensemble", ".7663 : .5687"),
)
"""Name, the better and the worse condition, and what was published for the two (video correlation)."""


@dataclass(frozen=True)
class Ordering:
    """One claim: means of both, the mean paired difference, its standard deviation over pairs and its standard error,
    the share of pairs in which it holds, and how many there are."""

    claim: str
    published: str
    better: float
    worse: float
    difference: float
    deviation: float
    error: float
    share: float
    pairs: int

    @property
    def holds(self) -> bool:
        """The difference is above twice its standard error."""
        return self.difference > 2 * self.error


def values(clips: dict[str, list[dict[str, float]]], name: str, measure: str) -> list[float] | None:
    """One value a clip; that of single models is the mean over them. None where the condition is not there."""
    names = [key for key in clips if key.startswith("single ") and "," not in key] if name == SINGLES else [name]
    if not names or any(each not in clips for each in names):
        return None
    columns = [[row[measure] for row in clips[each]] for each in names]
    return [sum(column) / len(column) for column in zip(*columns, strict=True)]


def orderings(seeds: Sequence[dict], mark: int | str, measure: str = "video") -> list[Ordering]:
    """Every claim of which both conditions were run, from the `seeds` of results.json, as it was at an iteration."""
    out = []
    for claim, better, worse, published in CLAIMS:
        pairs = []
        for seed in seeds:
            clips = seed.get("clips", {}).get(str(mark), {})
            a, b = values(clips, better, measure), values(clips, worse, measure)
            if a is not None and b is not None:
                pairs += zip(a, b, strict=True)
        if len(pairs) > 1:
            out.append(paired(claim, published, pairs))
    return out


def paired(claim: str, published: str, pairs: Sequence[tuple[float, float]]) -> Ordering:
    """Means and the spread of the differences."""
    n, differences = len(pairs), [a - b for a, b in pairs]
    mean = sum(differences) / n
    deviation = sqrt(sum((d - mean) ** 2 for d in differences) / (n - 1))
    firsts, seconds = zip(*pairs, strict=True)
    share = sum(d > 0 for d in differences) / n
    return Ordering(claim, published, sum(firsts) / n, sum(seconds) / n, mean, deviation, deviation / sqrt(n), share, n)
