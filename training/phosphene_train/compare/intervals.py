"""Means with bootstrap intervals over clusters of items (Efron & Tibshirani 1993, the percentile interval)."""

import numpy as np

from .scores import Items

RESAMPLES = 1000


def pool(parts: list[Items]) -> Items:
    """The items of several folds or sessions; clusters of different parts are different."""
    cluster = [part.cluster + at * 1_000_000 for at, part in enumerate(parts)]
    return Items(np.concatenate([part.values for part in parts]), np.concatenate(cluster))


def interval(items: Items, seed: int = 0) -> dict[str, float | int]:
    """{mean, low, high, items, clusters}: 95 % of the means of resampled clusters lie between low and high."""
    _, at = np.unique(items.cluster, return_inverse=True)
    sums, sizes = np.bincount(at, items.values), np.bincount(at)
    random = np.random.default_rng(seed)
    drawn = random.integers(0, len(sums), (RESAMPLES, len(sums)))
    means = sums[drawn].sum(1) / sizes[drawn].sum(1)
    low, high = np.quantile(means, [0.025, 0.975])
    found = {"mean": items.values.mean(), "low": low, "high": high}
    return {name: round(float(value), 4) for name, value in found.items()} | {
        "items": len(items.values),
        "clusters": len(sums),
    }
