"""The descent of Bauer, Margrie & Clopath (eLife 105081), as their code has it: one update of stills or movies.

    g = dL/dx of a sub-window;  g /= ||g|| + 1e-6
    G = nanmean of g over overlapping sub-windows (and over models, where gradients are ensembled)
    G *= (mask >= threshold);  G = clip(G, -1, 1)
    m = 0.9 m + 0.1 G;  x -= lr_t m / (1 - 0.9^t);  x = clip(x, low, high)

lr_t rises linearly over the first iterations. Only the first moment of Adam is kept.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

KEEP = 0.9
SMALL = 1e-6
TRAIN_THRESHOLD, EVALUATION_THRESHOLD = 0.5, 1.0
"""Of the receptive-field mask: where pixels are optimised, and where they are judged."""


@dataclass(frozen=True)
class Descent:
    """Rate of learning, iterations of warm-up, and the range of a picture.

    In their code, for movies of grey levels 0 to 255: 1000, 10, 0 and 255. In the range [-1, 1] the same step is
    1000 / 127.5.
    """

    rate: float = 1000.0
    warm_up: int = 10
    low: float = 0.0
    high: float = 255.0

    @property
    def middle(self) -> float:
        """The grey that a descent begins with."""
        return (self.low + self.high) / 2


def normalised(gradient: Tensor) -> Tensor:
    """Each gradient [N, ...] over its own norm."""
    norm = gradient.flatten(1).norm(dim=1).view(-1, *[1] * (gradient.ndim - 1))
    return gradient / (norm + SMALL)


def step(
    picture: Tensor, momentum: Tensor, gradient: Tensor, age: Tensor | float, mask: Tensor | None, o: Descent
) -> tuple[Tensor, Tensor]:
    """Picture and momentum after iteration number `age` (from 1), for a normalised gradient of any shape.

    `mask`, where there is one, is 1 where pixels may change and 0 elsewhere.
    """
    allowed = (gradient if mask is None else gradient * mask).clamp(-1, 1)
    momentum = KEEP * momentum + (1 - KEEP) * allowed
    age = torch.as_tensor(age, dtype=picture.dtype, device=picture.device)
    rate = o.rate * (age / max(1, o.warm_up)).clamp(max=1)
    corrected = momentum / (1 - KEEP**age)
    return (picture - rate * corrected).clamp(o.low, o.high), momentum


def window_starts(frames: int, length: int, stride: int) -> list[int]:
    """Starts of the overlapping sub-windows of a movie; the last one is aligned to the end."""
    starts = list(range(0, max(1, frames - length + 1), stride))
    return starts if starts[-1] + length >= frames else [*starts, frames - length]


def cover(parts: Tensor, starts: list[int], frames: int) -> Tensor:
    """Mean over the sub-windows that cover each frame: parts [S, N, L, ...] -> [N, frames, ...].

    Values that are not finite count as missing, as `nanmean` has it.
    """
    total = torch.zeros(parts.shape[1], frames, *parts.shape[3:], device=parts.device)
    count = torch.zeros_like(total)
    there = torch.isfinite(parts)
    for part, known, start in zip(parts, there, starts, strict=True):
        total[:, start : start + part.shape[1]] += torch.where(known, part, 0.0)
        count[:, start : start + part.shape[1]] += known
    return total / count.clamp(min=1)
