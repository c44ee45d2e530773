"""How well latent dimensions, and latent groups, keep the factors of the stimuli apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BINS = 20
CLASSES_OF_VALUES = 10
Groups = Sequence[tuple[str, int]]


@dataclass(frozen=True)
class Factor:
    """values [N]: class ids when discrete, else numbers. Factors of one label set (x and y of a pose) go together."""

    name: str
    values: np.ndarray
    discrete: bool
    label_set: str = ""

    def classes(self) -> np.ndarray:
        """Ids from 0 on; numbers are cut into CLASSES_OF_VALUES classes of equal size."""
        values = self.values
        if not self.discrete and len(np.unique(values)) > CLASSES_OF_VALUES:
            edges = np.quantile(values, np.linspace(0, 1, CLASSES_OF_VALUES + 1)[1:-1])
            values = np.searchsorted(edges, values, side="right")
        return np.unique(values, return_inverse=True)[1]


def spans(groups: Groups) -> list[slice]:
    """Where each group lies on the latent axis."""
    ends = np.cumsum([size for _, size in groups])
    return [slice(int(end) - size, int(end)) for end, (_, size) in zip(ends, groups, strict=True)]


def factor_vae_score(
    z: np.ndarray, factors: Sequence[Factor], groups: Groups | None = None, votes: int = 800, batch: int = 64
) -> float:
    """FactorVAE metric (Kim & Mnih 2018, section 4): hold one factor fixed, find the latent that varies least.

    A vote draws a factor and one of its classes, takes up to `batch` rows of that class, and names the dimension with
    the smallest variance over the variance of all rows. The score is the accuracy of the majority vote dimension ->
    factor on a second lot of votes; 1 is disentangled, and 1 / factors is what one dimension winning every vote gives.
    Dimensions that hardly vary at all (a standard deviation below 5 % of the largest) are left out, as in the original.
    With `groups` a vote names the group with the smallest mean of these, and groups are judged by label sets, each
    drawn as often: a group may hold all factors of its own.
    """
    rng = np.random.default_rng(0)
    deviation = z.std(0)
    active = deviation > 0.05 * deviation.max()
    scale = np.where(active, np.square(deviation), 1.0)
    ids = [factor.classes() for factor in factors]
    usable = [[np.flatnonzero(i == c) for c in np.unique(i) if (i == c).sum() > 1] for i in ids]
    names = [factor.label_set or factor.name for factor in factors] if groups else [factor.name for factor in factors]
    drawn = {name: [k for k, rows in enumerate(usable) if rows and names[k] == name] for name in dict.fromkeys(names)}
    kept = [members for members in drawn.values() if members]
    if not kept or not active.any():
        return 0.0
    tally = np.zeros((2, z.shape[1], len(kept)))
    for lot in range(2):
        for _ in range(votes):
            which = rng.integers(len(kept))
            k = kept[which][rng.integers(len(kept[which]))]
            rows = usable[k][rng.integers(len(usable[k]))]
            some = z[rng.choice(rows, min(batch, len(rows)), replace=False)]
            relative = np.where(active, some.var(0) / scale, np.inf)
            tally[lot, least(relative, groups), which] += 1
    return float(tally[1, np.arange(z.shape[1]), tally[0].argmax(1)].sum() / votes)


def least(relative: np.ndarray, groups: Groups | None) -> int:
    """The dimension, or the group, of the smallest relative variance [D]; inactive dimensions are infinite."""
    if groups is None:
        return int(relative.argmin())
    parts = [relative[span] for span in spans(groups)]
    return int(np.argmin([part[np.isfinite(part)].mean() if np.isfinite(part).any() else np.inf for part in parts]))


def sap(z: np.ndarray, factors: Sequence[Factor]) -> float:
    """Separated attribute predictability (Kumar et al. 2018, section 3): for every factor the score of the latent
    dimension that predicts it best, less that of the second best; the mean over factors.

    The score of numbers is the squared correlation, as published. The score of classes is the correlation ratio, the
    share of the dimension's variance between classes, where the paper trains a linear support vector machine.
    """
    gaps = []
    for factor in factors:
        found = np.sort([explained_by(factor, column) for column in z.T])
        gaps.append(found[-1] - found[-2] if len(found) > 1 else found[-1])
    return float(np.mean(gaps))


def explained_by(factor: Factor, column: np.ndarray) -> float:
    """Share of variance that a factor and one latent dimension have in common."""
    total = column.var()
    if total < 1e-12:
        return 0.0
    if not factor.discrete:
        return float(np.corrcoef(column, factor.values)[0, 1] ** 2) if factor.values.std() > 1e-12 else 0.0
    ids = factor.classes()
    count = np.bincount(ids)
    means = np.bincount(ids, column) / count
    return float((count * np.square(means - column.mean())).sum() / len(column) / total)


def mig(z: np.ndarray, factors: Sequence[Factor], bins: int = BINS) -> float:
    """Mutual information gap (Chen et al. 2018, equation 6): (I(z_first; v) - I(z_second; v)) / H(v) for the two
    dimensions that tell most about factor v, averaged over factors; latents cut into `bins` bins of equal width."""
    cut = np.stack([np.digitize(c, np.linspace(c.min(), c.max(), bins + 1)[1:-1]) for c in z.T], 1)
    gaps = []
    for factor in factors:
        ids = factor.classes()
        found = np.sort([mutual_information(column, ids) for column in cut.T])
        second = found[-2] if len(found) > 1 else 0.0
        gaps.append((found[-1] - second) / max(entropy(np.bincount(ids)), 1e-12))
    return float(np.mean(gaps))


def mutual_information(a: np.ndarray, b: np.ndarray) -> float:
    """Plug-in estimate in nats, of two arrays of ids."""
    joint = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(joint, (a, b), 1)
    return entropy(joint.sum(1)) + entropy(joint.sum(0)) - entropy(joint.ravel())


def entropy(counts: np.ndarray) -> float:
    """Nats."""
    p = counts[counts > 0] / counts.sum()
    return float(-(p * np.log(p)).sum())


def selectivity(
    fit_z: np.ndarray, fit_factors: Sequence[Factor], z: np.ndarray, factors: Sequence[Factor], groups: Groups
) -> np.ndarray:
    """[factors, groups]: how well each group alone predicts each factor on held-out rows, 0 by luck and 1 at best.

    Ridge regression on the group's dimensions, their squares and products. Numbers: R^2, not below 0. Classes: top-1 of
    one-hot targets, as (accuracy - chance) / (1 - chance), chance being the commonest class; not below 0.
    """
    out = np.zeros((len(factors), len(groups)))
    for column, span in enumerate(spans(groups)):
        learnt, held = (quadratic(part[:, span], fit_z[:, span]) for part in (fit_z, z))
        for row, (fit, test) in enumerate(zip(fit_factors, factors, strict=True)):
            out[row, column] = predicted(learnt, fit, held, test)
    return out


def quadratic(z: np.ndarray, like: np.ndarray) -> np.ndarray:
    """1, the dimensions standardised as `like`, and their products [N, 1 + D + D (D + 1) / 2]."""
    z = (z - like.mean(0)) / like.std(0).clip(1e-6)
    first, second = np.triu_indices(z.shape[1])
    return np.concatenate([np.ones((len(z), 1)), z, z[:, first] * z[:, second]], 1)


def predicted(learnt: np.ndarray, fit: Factor, held: np.ndarray, test: Factor) -> float:
    """The score of one factor from one group's features."""
    if fit.discrete:
        names = np.unique(np.concatenate([fit.values, test.values]))
        chosen = names[ridge(learnt, np.eye(len(names))[np.searchsorted(names, fit.values)], held).argmax(1)]
        chance = np.unique(test.values, return_counts=True)[1].max() / len(test.values)
        accuracy = (chosen == test.values).mean()
        return float(max(0.0, (accuracy - chance) / max(1e-9, 1 - chance)))
    found = ridge(learnt, fit.values[:, None].astype(float), held)[:, 0]
    return float(max(0.0, 1 - np.square(test.values - found).mean() / max(1e-12, test.values.var())))


def ridge(x: np.ndarray, y: np.ndarray, new: np.ndarray, penalty: float = 1e-2) -> np.ndarray:
    """Predictions at `new` [M, F] from x [N, F] and y [N, K]; the first feature is the constant and pays nothing."""
    gram = x.T @ x / len(x)
    gram[np.arange(1, len(gram)), np.arange(1, len(gram))] += penalty
    return new @ np.linalg.solve(gram, x.T @ y / len(x))
