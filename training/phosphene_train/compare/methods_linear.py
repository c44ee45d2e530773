"""The linear decoder in the table: ridge from windows to the picture's components, and receptive fields inverted."""

import numpy as np
import torch

from ..linear.method import Estimate, Estimator, by_receptive_fields, by_ridge
from ..linear.ridge import PARTS, one_penalty
from ..linear.targets import components
from ..metrics import two_way
from .bundles import bundle_of, bundle_windows
from .types import Reconstruct, Split

COMPONENTS = 256
"""Of the training pictures, at most."""
LEAST_PICTURES = 2 * PARTS
MOST_RESPONSES = 1000
"""Fields are inverted for at most so many voxels."""


class Linear:
    """Latents are the principal components of the training pictures; seconds, in closed form."""

    kind, refits = "linear", True

    def __init__(self, name: str, fields: bool) -> None:
        self.name, self.fields = name, fields

    def refuses(self, split: Split) -> str | None:
        if (count := len(np.unique(split.train.stimulus))) < LEAST_PICTURES:
            return f"cross-validation over pictures needs {LEAST_PICTURES} of them, there are {count}"
        return None

    def fit(self, split: Split, device: str, seconds: float, seed: int, units: np.ndarray | None) -> Reconstruct:
        kept = np.arange(split.units) if units is None else units
        train = split.train
        _, first, which = np.unique(train.stimulus, return_index=True, return_inverse=True)
        pictures = torch.from_numpy(train.pictures[first])
        flat = pictures.flatten(1)
        mean = flat.mean(0)
        axes, scale = components(flat - mean, COMPONENTS)
        latents = ((flat - mean) @ axes) / scale
        picture = torch.from_numpy(which)
        part = parts(len(first), seed)[picture]
        x = windows_of(train.windows, kept)
        axes_in = wide(x, (flat - mean)[picture], self.fields)
        basis = (axes * scale).T
        estimator = self.estimator(pictures, basis, axes_in is not None)
        estimate = estimator(into(x, axes_in), latents[picture], picture, part)

        def reconstruct(windows: np.ndarray) -> np.ndarray:
            mu = estimate.fit(into(windows_of(windows, kept), axes_in))
            return (mu @ basis + mean).clamp(-1, 1).unflatten(1, pictures.shape[1:]).numpy()

        return reconstruct

    def estimator(self, pictures: torch.Tensor, basis: torch.Tensor, few: bool) -> Estimator:
        if self.fields:
            return by_receptive_fields(pictures)
        return by_identity(basis) if few else by_ridge


class LinearBundle:
    """models/demo-linear as it is: the same ridge, from many more trials and with labels."""

    name, kind, refits = "linear-bundle", "linear", False

    def refuses(self, split: Split) -> str | None:
        found = bundle_of(split, "demo-linear")
        return None if found else "no linear bundle was trained for this population"

    def fit(self, split: Split, device: str, seconds: float, seed: int, units: np.ndarray | None) -> Reconstruct:
        from ..linear.bundle import read_linear_model

        folder = bundle_of(split, "demo-linear")
        model, _ = read_linear_model(folder)

        def reconstruct(windows: np.ndarray) -> np.ndarray:
            mu, _ = model.encode(torch.from_numpy(bundle_windows(split, folder, windows)))
            return model.pictures(mu).numpy()

        return reconstruct


def by_identity(basis: torch.Tensor) -> Estimator:
    """Ridge of fewer windows than numbers in each: one penalty, by which left-out pictures are told apart best."""

    def estimate(x: torch.Tensor, truth: torch.Tensor, picture: torch.Tensor, part: torch.Tensor) -> Estimate:
        ridge = one_penalty(x, truth, part, lambda a, b: two_way(a @ basis, b @ basis))
        return Estimate(ridge.fit, ridge.left_out, None)

    return estimate


def windows_of(windows: np.ndarray, kept: np.ndarray) -> torch.Tensor:
    """[N, W * units kept]."""
    return torch.from_numpy(np.ascontiguousarray(windows[:, :, kept], dtype=np.float32)).flatten(1)


def into(x: torch.Tensor, axes: torch.Tensor | None) -> torch.Tensor:
    return x if axes is None else x @ axes


def wide(x: torch.Tensor, pictures: torch.Tensor, fields: bool) -> torch.Tensor | None:
    """A change of coordinates [F, d] for windows x [n, F] of more numbers than there are windows (fMRI), else None.

    What a number tells of the pictures [n, P] is its mean squared correlation with them beyond what luck gives. Fields
    keep the numbers that tell most; ridge takes each at the root of what it tells, as its weights' prior, and then the
    principal axes of the windows, which lose nothing and are as many as there are windows.
    """
    if x.shape[1] < len(x):
        return None
    z = (x - x.mean(0)) / x.std(0).clamp(min=1e-6)
    told = (z.T @ pictures / len(z)).square().sum(1) / pictures.square().mean(0).sum()
    told = (told - 1 / len(z)).clamp(min=1e-9)
    if fields:
        return torch.eye(x.shape[1])[:, told.argsort(descending=True)[:MOST_RESPONSES]]
    weight = told.sqrt()
    return weight[:, None] * torch.linalg.svd((x - x.mean(0)) * weight, full_matrices=False).Vh[:-1].T


def parts(count: int, seed: int) -> torch.Tensor:
    """A part for each of `count` pictures, as even as can be."""
    generator = torch.Generator().manual_seed(seed)
    return (torch.arange(count) % PARTS)[torch.randperm(count, generator=generator)]


METHODS = (Linear("ridge", fields=False), Linear("receptive-field", fields=True), LinearBundle())
