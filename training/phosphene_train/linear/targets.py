"""What a linear decoder's latents stand for: labels where a group is supervised, principal components of the pictures
elsewhere. Every latent has mean 0 and variance 1 over the training pictures, as the prior of the evidence has it."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ..vae import Readout
from .model import Affine

MOST_PICTURES = 8192
"""Training pictures that the components are taken from, at most."""
FLAT = 1e-6
"""Directions with less than this share of the largest variance carry nothing."""

Groups = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Labels:
    """One label set: its readout, and per picture class ids [P] (-1: unknown) or values [P, n] (NaN: unknown)."""

    readout: Readout
    values: Tensor


@dataclass(frozen=True)
class Targets:
    """latents [P, D] of every picture, the groups they fall into, and the picture that latents stand for."""

    latents: Tensor
    groups: Groups
    picture: Affine


def make_targets(pictures: Tensor, train: Tensor, groups: Groups, labels: list[Labels]) -> Targets:
    """Pictures uint8 [P, 3, S, S], indices of the training ones [T], wanted groups with their sizes.

    A group with labels gets as many latents as its labels have independent directions, its size at most; the others
    share the components of what the labelled latents leave of the pictures, in the order of their variance.
    """
    own = {name: [each for each in labels if each.readout.group == name] for name, _ in groups}
    told = {name: labelled(own[name], train, size) for name, size in groups if own[name]}
    flat = flatten(pictures)
    mean = flat[train].mean(0)
    z = torch.cat([*told.values(), torch.zeros(len(flat), 0)], 1)
    basis = torch.linalg.lstsq(z[train].double(), (flat[train] - mean).double()).solution.float()
    rest = flat.sub_(mean).addmm_(z, basis, alpha=-1)
    free = {name: size for name, size in groups if name not in told}
    axes, scale = components(rest[train[:MOST_PICTURES]], sum(free.values()))
    blocks = named(told, z, basis) | named(free, (rest @ axes) / scale, (axes * scale).T)
    kept = tuple((name, blocks[name][0].shape[1]) for name, _ in groups if blocks[name][0].shape[1])
    latents, rows = (torch.cat([blocks[name][at] for name, _ in kept], 1 - at) for at in (0, 1))
    return Targets(latents, kept, Affine(rows.T.contiguous(), mean))


def named(widths: dict[str, Tensor | int], z: Tensor, basis: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
    """Columns of z [P, d] and rows of the basis [d, F] for each group in order, as wide as it is or is to be."""
    out, at = {}, 0
    for name, width in widths.items():
        end = at + (width if isinstance(width, int) else width.shape[1])
        out[name] = (z[:, at:end], basis[at:end])
        at = end
    return out


def flatten(pictures: Tensor) -> Tensor:
    """[P, 3 * S * S] in [-1, 1]."""
    return torch.cat([part.float().flatten(1) / 127.5 - 1 for part in pictures.split(1024)])


def labelled(labels: list[Labels], train: Tensor, size: int) -> Tensor:
    """White scores [P, d] of a group's labels."""
    columns = torch.cat([numbers(each) for each in labels], 1).double()
    known = columns[train]
    columns = columns - known.nanmean(0)
    columns = (columns / columns[train].square().nanmean(0).sqrt().clamp(min=1e-9)).nan_to_num(0.0)
    return white(columns, train, size).float()


def numbers(labels: Labels) -> Tensor:
    """[P, n]: values as they are, a class as one column each; NaN where it is unknown."""
    if labels.readout.kind == "value":
        return labels.values.float()
    one_hot = F.one_hot(labels.values.clamp(min=0), len(labels.readout.labels)).float()
    return torch.where(labels.values[:, None] >= 0, one_hot, torch.nan)


def white(columns: Tensor, train: Tensor, size: int) -> Tensor:
    """Uncorrelated columns of variance 1 over the training rows. Where all fit, each stays nearest to its own label."""
    values, vectors = torch.linalg.eigh(columns[train].T @ columns[train] / len(train))
    use = values > FLAT * values.max()
    if bool(use.all()) and len(values) <= size:
        return columns @ (vectors / values.sqrt()) @ vectors.T
    values, vectors = values[use].flip(0)[:size], vectors[:, use].flip(1)[:, :size]
    return columns @ (vectors / values.sqrt())


def components(rows: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The first `count` principal axes of centred rows [T, F] as columns [F, d], and the deviation along each [d]."""
    count = min(count, len(rows) - 1, rows.shape[1])
    if count < 1:
        return torch.zeros(rows.shape[1], 0), torch.zeros(0)
    torch.manual_seed(0)  # the only random numbers here: the start of the subspace iteration
    _, values, vectors = torch.svd_lowrank(rows, q=min(len(rows), rows.shape[1], count + 10), niter=4)
    values, vectors = values[:count], vectors[:, :count]
    use = values > FLAT * values[0].clamp(min=1e-12)
    return vectors[:, use], values[use] / len(rows) ** 0.5
