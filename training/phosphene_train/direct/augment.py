"""More trials than there are: windows of one picture exchange units, and spikes are thinned."""

import torch
from torch import Tensor


class Repeats:
    """Partners among windows of the same picture. `picture` [N], any ids."""

    def __init__(self, picture: Tensor) -> None:
        self.order = picture.argsort(stable=True)
        _, at, count = picture.unique(return_inverse=True, return_counts=True)
        self.first, self.count, self.at = count.cumsum(0) - count, count, at

    def partner(self, index: Tensor) -> Tensor:
        """For each window [B] another of its picture at random, itself where there is none [B]."""
        group = self.at[index]
        drawn = (torch.rand(len(index), device=index.device) * self.count[group]).long()
        return self.order[self.first[group] + drawn.clamp(max=self.count[group] - 1)]


def exchange_units(window: Tensor, other: Tensor, share: float) -> Tensor:
    """Windows [B, W, U] in which `share` of the windows have about half of the units from `other`.

    Both show the same picture, so what is told of it stays; what a trial's units have in common beside it is broken.
    """
    mixed = torch.rand(len(window), 1, 1, device=window.device) < share
    taken = torch.rand(len(window), 1, window.shape[2], device=window.device) < 0.5
    return torch.where(mixed & taken, other, window)


def thin(counts: Tensor, least: float) -> Tensor:
    """Each window keeps a random share of its spikes, `least` to all, scaled up again: as many on average, more noise.

    Counts that are no counts (negative, or not whole) are returned as they are.
    """
    if bool((counts < 0).any()) or bool((counts != counts.round()).any()):
        return counts
    keep = least + (1 - least) * torch.rand(len(counts), 1, 1, device=counts.device)
    return torch.binomial(counts, keep.expand_as(counts)) / keep
