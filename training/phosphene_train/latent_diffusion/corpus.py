"""What a run learns from: trials with pictures, patterns without, pictures without."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Distance = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Corpus:
    """All on one device.

    pictures   uint8 [N, 3, S, S] of the trials; labels int64 [N] below `classes`, or None
    patterns   [N, A, V] of the trials, one for each age of the window, not standardised
    unlabelled [M, A, V] patterns whose picture nobody knows; the trials' own are used beside them
    album      uint8 [K, 3, S, S] pictures that nobody was shown in a scanner
    distance   perceptual distance of pictures, or None
    """

    pictures: Tensor
    patterns: Tensor
    album: Tensor
    unlabelled: Tensor | None = None
    labels: Tensor | None = None
    classes: tuple[str, ...] = ()
    distance: Distance | None = None

    @property
    def voxels(self) -> int:
        return self.patterns.shape[2]

    @property
    def device(self) -> torch.device:
        return self.patterns.device

    def moments(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation [V] of the training patterns."""
        flat = self.patterns.flatten(0, 1).float()
        return flat.mean(0), flat.std(0).clamp(min=1e-4)


def as_picture(bytes_: Tensor) -> Tensor:
    """uint8 -> [-1, 1]."""
    return bytes_.float() / 127.5 - 1


def rows(count: int, batch: int, device: torch.device) -> Tensor:
    return torch.randint(count, (batch,), device=device)


def any_pattern(corpus: Corpus, batch: int, mean: Tensor, std: Tensor) -> Callable[[], Tensor]:
    """Standardised patterns [B, V] of any trial at any age, labelled or not, in proportion to their numbers."""
    stores = [corpus.patterns, *([corpus.unlabelled] if corpus.unlabelled is not None else [])]
    counts = torch.tensor([float(len(store)) for store in stores])

    def draw() -> Tensor:
        many = (batch * counts / counts.sum()).round().long().tolist()
        many[0] = batch - sum(many[1:])
        parts = [pick(store, n) for store, n in zip(stores, many, strict=True)]
        return ((torch.cat(parts) - mean) / std).clamp(-5, 5)

    return draw


def pick(store: Tensor, count: int) -> Tensor:
    """Patterns [count, V], float32, of random rows and ages of [N, A, V]."""
    row, age = rows(len(store), count, store.device), rows(store.shape[1], count, store.device)
    return store[row, age].float()
