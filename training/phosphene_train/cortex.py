"""A simulated inferotemporal population: pictures -> driven rate of each unit in Hz."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .vision import Vision

OBJECT_AXES, COARSE_AXES = 32, 20
LOW_SIDE = 8
"""Pixels along the coarse picture that the spatial and colour tuning sees."""
SHARES = {"objects": 0.33, "category": 0.1, "pose": 0.2, "coarse": 0.37}
"""Mean share of the variance of a unit's drive that comes from each kind of feature."""
CONCENTRATION = 2.0
"""Of the Dirichlet distribution of the shares: low makes specialists, high makes every unit alike."""
DECAYS = {"objects": 0.4, "category": 0.0, "pose": 0.0, "coarse": 0.4}
"""Power with which the weight of later axes of a kind falls."""
SATURATION_HZ = 120.0
"""No picture drives a unit beyond this."""
UNIT_TENSORS = ("weights", "scale", "threshold", "gain", "suppression")


@dataclass(frozen=True)
class Projection:
    """Affine axes: (f - mean) @ axes, each of unit variance on the pictures they were fitted to."""

    mean: Tensor
    axes: Tensor

    def __call__(self, features: Tensor) -> Tensor:
        return (features - self.mean) @ self.axes


@dataclass(frozen=True)
class Cortex:
    """Linear-nonlinear units over object features, category, pose and the coarse picture.

    The first three are read from the animal's own picture network, which has learned all objects (`Pools.life`).
    """

    vision: Vision
    objects: Projection
    category: Projection
    coarse: Projection
    weights: Tensor
    scale: Tensor
    """Standard deviation of each unit's linear drive [U]."""
    threshold: Tensor
    gain: Tensor
    """Hz per standard deviation of the drive above threshold [U]."""
    suppression: Tensor
    """Hz per standard deviation below threshold [U]."""

    def drive(self, pictures: Tensor) -> Tensor:
        """Linear drive of every unit in standard deviations [B, U]; differentiable in the pictures."""
        seen = self.vision.features(pictures)
        parts = [
            self.objects(seen),
            self.category(self.vision.category(seen).softmax(1)),
            self.vision.pose(seen),
            self.coarse(coarse_picture(pictures)),
        ]
        return (torch.cat(parts, dim=1) @ self.weights) / self.scale

    def encode(self, pictures: Tensor) -> Tensor:
        """Driven rate in Hz [B, U] of pictures [B, 3, H, W] in [-1, 1]; differentiable. Negative is suppression."""
        above = self.drive(pictures) - self.threshold
        excited = SATURATION_HZ * torch.tanh(self.gain * F.softplus(above * 3) / (3 * SATURATION_HZ))
        return excited - self.suppression * (-above).clamp(0, 2)

    @torch.no_grad()
    def rates(self, pictures: Tensor, chunk: int = 2048) -> Tensor:
        """`encode` in chunks, without a graph."""
        return torch.cat([self.encode(part) for part in pictures.split(chunk)])


def cortex_state(cortex: Cortex) -> dict[str, Tensor]:
    """Everything but the picture network, by name: principal axes may differ between machines, so they are kept."""
    state = {name: getattr(cortex, name) for name in UNIT_TENSORS}
    for name in ("objects", "category", "coarse"):
        projection = getattr(cortex, name)
        state |= {f"{name}.mean": projection.mean, f"{name}.axes": projection.axes}
    return state


def cortex_from_state(vision: Vision, state: dict[str, Tensor]) -> Cortex:
    """The inverse of cortex_state."""
    units = {name: state[name] for name in UNIT_TENSORS}
    names = ("objects", "category", "coarse")
    return Cortex(vision, *(Projection(state[f"{name}.mean"], state[f"{name}.axes"]) for name in names), **units)


def coarse_picture(pictures: Tensor) -> Tensor:
    """Pictures [B, 3, H, W] -> their 8x8 average [B, 192]."""
    return F.adaptive_avg_pool2d(pictures, LOW_SIDE).flatten(1)


def principal(features: Tensor, count: int) -> Projection:
    """Whitened principal components of features [N, F]."""
    mean = features.mean(0)
    values, vectors = torch.linalg.eigh(torch.cov((features - mean).double().T))
    top = slice(-count, None)
    axes = (vectors[:, top] / values[top].clamp(min=1e-9).sqrt()).flip(1)
    return Projection(half(mean), half(axes.to(features.dtype)))


def standard(features: Tensor) -> Projection:
    """Each feature over its standard deviation."""
    return Projection(half(features.mean(0)), half(torch.diag(1 / features.std(0).clamp(min=1e-3))))


def half(tensor: Tensor) -> Tensor:
    """Rounded to what the encoding model stores, so that it gives exactly these rates."""
    return tensor.half().to(tensor.dtype)


@torch.no_grad()
def make_cortex(vision: Vision, pictures: Tensor, units: int, generator: np.random.Generator) -> Cortex:
    """Draw a population, scaled on the given pictures (of all objects).

    Earlier components weigh more; thresholds, peak rates (50-120 Hz at 2.5 standard deviations, before saturation) and
    suppression differ between units.
    """
    parts = pictures.split(2048)
    seen = torch.cat([vision.features(part) for part in parts])
    objects = principal(seen, OBJECT_AXES)
    category = standard(vision.category(seen).softmax(1))
    coarse = principal(torch.cat([coarse_picture(part) for part in parts]), COARSE_AXES)
    axes = (objects.axes.shape[1], len(category.mean), vision.pose.out_features, coarse.axes.shape[1])
    weights = tuning(units, axes, generator)
    threshold, peak, suppression = (
        torch.from_numpy(x.astype(np.float32)).to(pictures.device)
        for x in (generator.normal(0.1, 0.5, units), np.exp(generator.uniform(np.log(50), np.log(120), units)),
                  generator.uniform(0, 4, units))
    )  # fmt: skip
    fixed = (vision, objects, category, coarse, half(torch.from_numpy(weights).to(pictures)))
    one = torch.ones(units, device=pictures.device)
    draft = Cortex(*fixed, one, threshold, one, suppression)
    scale = torch.cat([draft.drive(part) for part in parts]).std(0)
    gain = peak / (2.5 - threshold.clamp(max=1))
    return Cortex(*fixed, *(half(x) for x in (scale, threshold, gain, suppression)))


def tuning(units: int, axes: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    """Random tuning [object + category + pose + coarse axes, units], float32; every kind has its share of variance."""
    shares = generator.dirichlet([CONCENTRATION * share for share in SHARES.values()], units)
    blocks = []
    for share, count, decay in zip(shares.T, axes, DECAYS.values(), strict=True):
        block = generator.standard_normal((count, units)) * np.arange(1, count + 1)[:, None] ** -decay
        blocks.append(block / np.linalg.norm(block, axis=0) * np.sqrt(share))
    return np.concatenate(blocks).astype(np.float32)
