"""A data set that a linear decoder can read: pictures of few components, units that see them, repeats and clips."""

import numpy as np

from phosphene_train.compare.trials import make_trials, normalisation
from phosphene_train.compare.types import Split


def toy(pictures: int = 40, units: int = 24, side: int = 8, repeats: int = 4, movie: bool = False) -> Split:
    """Two parts of `pictures` each; no picture in both."""
    random = np.random.default_rng(5)
    basis = random.standard_normal((6, side * side))
    levels = np.clip(random.standard_normal((2 * pictures, 6)) @ basis * 25 + 128, 0, 255).astype(np.uint8)
    shown = levels.reshape(-1, 1, side, side).astype(np.float32) / 127.5 - 1
    fields = random.standard_normal((side * side, units)) / side
    rates = 6 + 3 * shown.reshape(len(shown), -1) @ fields
    counts = random.poisson(rates.clip(0.2)[:, None, None], (2 * pictures, 1 + repeats, 2, units)).astype(np.float32)
    norm = normalisation(counts[:pictures, 0])
    sides = []
    for half in (slice(0, pictures), slice(pictures, 2 * pictures)):
        number = np.arange(pictures)
        known = {"clip": number // 10, "trial": np.zeros_like(number), "frame": number % 10} if movie else {}
        at = np.arange(2 * pictures)[half]
        sides.append(
            make_trials(counts[half, 0], norm, shown[half], at, labels=at % 2, repeats=counts[half, 1:], **known)
        )
    return Split("toy", "one", *sides, 2, 20.0, norm, source="made up")


class Ridge:
    """What the toy's units tell, by least squares."""

    name, kind, refits = "toy-ridge", "linear", True

    def refuses(self, split: Split) -> str | None:
        return "no movies here" if split.test.clip is not None else None

    def fit(self, split, device, seconds, seed, units):
        assert len(split.test.pictures) == 0, "a method is never given the test pictures"
        at = np.arange(split.units) if units is None else units
        into = lambda windows: np.c_[windows.mean(1)[:, at], np.ones(len(windows))]  # noqa: E731
        x, y = into(split.train.windows), split.train.pictures.reshape(len(split.train), -1)
        weights = np.linalg.solve(x.T @ x + 3 * np.eye(x.shape[1]), x.T @ y)
        return lambda windows: (into(windows) @ weights).reshape(-1, *split.shape).clip(-1, 1)


class Broken(Ridge):
    """Gives pictures of another size."""

    name, refits = "toy-broken", False

    def fit(self, split, device, seconds, seed, units):
        return lambda windows: np.zeros((len(windows), 1, 3, 3), np.float32)
