"""A simulated inferotemporal population: pictures -> driven rate of each unit in Hz."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .vision import Vision

OBJECT_AXES, POSE_AXES, LOW_AXES = 32, 4, 20
LOW_SIDE = 8
"""Pixels along the coarse picture that the spatial and colour tuning sees."""


@dataclass(frozen=True)
class Projection:
    """Principal components: (f - mean) @ axes, each of unit variance on the pictures they were fitted to."""

    mean: Tensor
    axes: Tensor

    def __call__(self, features: Tensor) -> Tensor:
        return (features - self.mean) @ self.axes


@dataclass(frozen=True)
class Cortex:
    """Linear-nonlinear units over learned object features and the coarse picture."""

    vision: Vision
    objects: Projection
    low: Projection
    weights: Tensor
    scale: Tensor
    """Standard deviation of each unit's linear drive [U]."""
    threshold: Tensor
    gain: Tensor
    """Hz per standard deviation of the drive above threshold [U]."""
    suppression: Tensor
    """Hz per standard deviation below threshold [U]."""

    @torch.no_grad()
    def drive(self, pictures: Tensor) -> Tensor:
        """Linear drive of every unit in standard deviations [B, U]."""
        seen = self.vision.features(pictures)
        features = torch.cat([self.objects(seen), self.vision.pose(seen), self.low(coarse(pictures))], dim=1)
        return (features @ self.weights) / self.scale

    def rates(self, pictures: Tensor, chunk: int = 2048) -> Tensor:
        """Driven rate in Hz [B, U], to be added to the baseline; negative is suppression."""
        drive = torch.cat([self.drive(part) for part in pictures.split(chunk)])
        above = drive - self.threshold
        return self.gain * F.softplus(above * 3) / 3 - self.suppression * (-above).clamp(0, 2)


def cortex_state(cortex: Cortex) -> dict[str, Tensor]:
    """Everything but the picture network, by name: principal axes may differ between machines, so they are kept."""
    state = {name: getattr(cortex, name) for name in ("weights", "scale", "threshold", "gain", "suppression")}
    for name in ("objects", "low"):
        projection = getattr(cortex, name)
        state |= {f"{name}.mean": projection.mean, f"{name}.axes": projection.axes}
    return state


def cortex_from_state(vision: Vision, state: dict[str, Tensor]) -> Cortex:
    """The inverse of cortex_state."""
    units = {name: value for name, value in state.items() if "." not in name}
    objects, low = (Projection(state[f"{name}.mean"], state[f"{name}.axes"]) for name in ("objects", "low"))
    return Cortex(vision, objects, low, **units)


def coarse(pictures: Tensor) -> Tensor:
    """Pictures [B, 3, H, W] -> their 8x8 average [B, 192]."""
    return F.adaptive_avg_pool2d(pictures, LOW_SIDE).flatten(1)


def principal(features: Tensor, count: int) -> Projection:
    """Whitened principal components of features [N, F]."""
    mean = features.mean(0)
    values, vectors = torch.linalg.eigh(torch.cov((features - mean).double().T))
    top = slice(-count, None)
    axes = (vectors[:, top] / values[top].clamp(min=1e-9).sqrt()).flip(1)
    return Projection(mean, axes.to(features.dtype))


@torch.no_grad()
def make_cortex(vision: Vision, pictures: Tensor, units: int, generator: np.random.Generator) -> Cortex:
    """Draw a population, scaled on the given training pictures.

    Of the units, half follow object features and pose, a fifth the coarse picture, and the rest both. Earlier
    components weigh more; thresholds, peak rates (35-100 Hz at 2.5 standard deviations) and suppression differ.
    """
    objects = principal(torch.cat([vision.features(part) for part in pictures.split(2048)]), OBJECT_AXES)
    low = principal(coarse(pictures), LOW_AXES)
    weights = torch.from_numpy(tuning(units, generator)).to(pictures)
    threshold, peak, suppression = (
        torch.from_numpy(x.astype(np.float32)).to(pictures.device)
        for x in (generator.normal(0.1, 0.5, units), np.exp(generator.uniform(np.log(35), np.log(100), units)),
                  generator.uniform(0, 4, units))
    )  # fmt: skip
    one = torch.ones(units, device=pictures.device)
    draft = Cortex(vision, objects, low, weights, one, threshold, one, suppression)
    scale = torch.cat([draft.drive(part) for part in pictures.split(2048)]).std(0)
    return Cortex(vision, objects, low, weights, scale, threshold, peak / (2.5 - threshold.clamp(max=1)), suppression)


def tuning(units: int, generator: np.random.Generator) -> np.ndarray:
    """Random tuning [object axes + pose + coarse axes, units], float32."""
    objects = OBJECT_AXES + POSE_AXES
    sizes = (np.arange(1, OBJECT_AXES + 1) ** -0.4, np.full(POSE_AXES, 0.8), np.arange(1, LOW_AXES + 1) ** -0.4)
    decay = np.concatenate(sizes)[:, None]
    weights = generator.standard_normal((len(decay), units)) * decay
    kind = generator.permutation(units) / units
    share = np.where(kind < 0.5, 0.95, np.where(kind < 0.7, 0.1, 0.5))
    weights[:objects] *= np.sqrt(share)
    weights[objects:] *= np.sqrt(1 - share)
    return weights.astype(np.float32)
