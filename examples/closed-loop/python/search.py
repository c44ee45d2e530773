"""What is searched, and how: smooth pictures by a few numbers, and a natural evolution strategy over these."""

import numpy as np

WAVES = 4
DIMENSION = 3 * WAVES * WAVES


def paint(point: np.ndarray, width: int, height: int) -> np.ndarray:
    """Numbers [48] -> uint8 [height, width, 3]: each colour is a sum of coarse cosines, through a logistic function."""
    u, v = np.meshgrid(np.arange(WAVES), np.arange(WAVES))
    scale = np.where(u > 0, np.sqrt(2), 1) * np.where(v > 0, np.sqrt(2), 1) / (1 + np.hypot(u, v))
    x = np.cos(np.pi * np.outer(np.arange(WAVES), np.arange(width) + 0.5) / width)
    y = np.cos(np.pi * np.outer(np.arange(WAVES), np.arange(height) + 0.5) / height)
    level = np.einsum("cvu,vh,uw->hwc", point.reshape(3, WAVES, WAVES) * scale, y, x)
    return np.round(255 / (1 + np.exp(-2 * level))).astype(np.uint8)


class Search:
    """SNES (Schaul, Glasmachers and Schmidhuber 2011): a normal distribution moves along the natural gradient.

    It wants no gradients and stands noise, as spike counts have it. Candidates come in mirrored pairs.
    """

    def __init__(self, dimension: int = DIMENSION, pairs: int = 12, sigma: float = 0.6, seed: int = 1) -> None:
        self.mean = np.zeros(dimension)
        self.sigma = np.full(dimension, sigma)
        self._pairs = pairs
        self._random = np.random.default_rng(seed)
        ranks = np.arange(1, 2 * pairs + 1)
        raw = np.maximum(0, np.log(pairs + 1) - np.log(ranks))
        self._utilities = raw / raw.sum() - 1 / (2 * pairs)
        self._directions = np.zeros((0, dimension))

    def ask(self) -> np.ndarray:
        """The points of the next generation: [2 pairs, dimension]."""
        half = self._random.standard_normal((self._pairs, self.mean.size))
        self._directions = np.concatenate([half, -half])
        return self.mean + self.sigma * self._directions

    def tell(self, scores: np.ndarray) -> None:
        """Scores of the points asked last; higher is better. Only ranks count, and equal scores share theirs."""
        scores = np.asarray(scores)
        if scores.shape != self._directions.shape[:1]:
            raise ValueError(f"tell: expected {len(self._directions)} scores, got {scores.shape}")
        order = np.argsort(-scores, kind="stable")
        weights = np.empty(len(scores))
        weights[order] = self._utilities
        for score in np.unique(scores):
            weights[scores == score] = weights[scores == score].mean()
        learning = (3 + np.log(self.mean.size)) / (5 * np.sqrt(self.mean.size))
        self.mean = self.mean + self.sigma * (weights @ self._directions)
        self.sigma = self.sigma * np.exp(learning / 2 * (weights @ (self._directions**2 - 1)))
