"""Two-way identification by pixel correlation, as the table defines it."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class HeldOut:
    """The held-out pictures of one fold: `flat` [N, 12288] in [-1, 1]; `kind` [N] equal for two showings of the same
    picture; `own` [R] which of them each decoded row is to be; `mean` [12288] the mean training picture."""

    flat: Tensor
    kind: Tensor
    own: Tensor
    mean: Tensor


def identify(decoded: Tensor, held: HeldOut, centred: bool = True) -> Tensor:
    """For each decoded row [R, 12288] the share of other pictures with which it correlates less than with its own.

    `centred`: both are deviations from the mean training picture; otherwise plain pixels. Ties count half; another
    showing of the same picture is no other picture.
    """
    shift = held.mean if centred else torch.zeros_like(held.mean)
    a, b = (unit(x - shift) for x in (decoded, held.flat))
    table = a @ b.T
    mine = table.gather(1, held.own[:, None])
    others = held.kind[held.own][:, None] != held.kind[None]
    wins = (mine > table).float() + 0.5 * (mine == table).float()
    return (wins * others).sum(1) / others.sum(1).clamp(min=1)


def own_correlation(decoded: Tensor, held: HeldOut) -> Tensor:
    """Centred pixel correlation of each row with its own picture [R]."""
    return (unit(decoded - held.mean) * unit(held.flat[held.own] - held.mean)).sum(1)


def unit(x: Tensor) -> Tensor:
    """Rows with mean 0 and norm 1."""
    return F.normalize(x - x.mean(1, keepdim=True), dim=1)
