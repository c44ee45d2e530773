"""Group by factor: how much a shift of each latent group changes what the judge sees."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .measure import FACTORS, Judge

OWN = (0, 1, 2, 2)
"""The factor that each of the demo's groups (pose, category, content-1, content-2) is meant to hold."""
Edit = Callable[[Tensor, Tensor], Tensor]
"""(start pictures by number [M], gamma [M, G]) -> edited pictures of them."""
CHUNK = 768


@dataclass(frozen=True)
class Traversal:
    """Changes [G, V, N, 3] of each group at each value of gamma, against the same start at gamma 0; the edited pictures
    [G, V, N, 3, H, W] and those at gamma 0; pose [G, 1 + V, N, 4] and category [G, 1 + V, N, C] that the judge saw, at
    gamma 0 first; and how sure it is of a category in the edited ones."""

    gammas: tuple[float, ...]
    changes: Tensor
    pictures: Tensor
    reference: Tensor
    pose: Tensor
    category: Tensor
    confidence: float


@torch.no_grad()
def traverse(edit: Edit, judge: Judge, starts: int, groups: int, gammas: tuple[float, ...], device: str) -> Traversal:
    """Shift one group after the other, all in one batch."""
    values = torch.tensor(gammas, device=device)
    shifts = torch.einsum("gh,v->gvh", torch.eye(groups, device=device), values).flatten(0, 1)
    gamma = torch.cat([torch.zeros(1, groups, device=device), shifts]).repeat_interleave(starts, 0)
    rows = torch.arange(starts, device=device).repeat(1 + len(shifts))
    parts = zip(rows.split(CHUNK), gamma.split(CHUNK), strict=True)
    pictures = torch.cat([edit(some, shift) for some, shift in parts])
    reference, edited = pictures[:starts], pictures[starts:]
    before, after = judge.see(reference.repeat(len(shifts), 1, 1, 1)), judge.see(edited)
    shape = (groups, len(gammas), starts)
    sure = float(after.category.max(1).values.mean())
    changes = judge.change(before, after).unflatten(0, shape)
    pose, category = (
        torch.cat([a.unflatten(0, shape)[:, :1], b.unflatten(0, shape)], 1)
        for a, b in ((before.pose, after.pose), (before.category, after.category))
    )
    return Traversal(gammas, changes, edited.unflatten(0, shape), reference, pose, category, sure)


def selectivity_matrix(changes: Tensor) -> Tensor:
    """Mean change [G, 3] over gammas and starts of changes [G, V, N, 3]."""
    return changes.mean((1, 2))


def normalised(matrix: Tensor) -> Tensor:
    """Every factor by its largest change: 1 is the group that changes it most."""
    return matrix / matrix.max(0, keepdim=True).values.clamp(min=1e-6)


def dominance(matrix: Tensor, own: tuple[int, ...] = OWN) -> dict:
    """Whether each group's own factor is its largest (rows of the normalised matrix), and whether the group that
    changes each factor most is one that is meant to hold it; the smallest margin of each."""
    scaled = normalised(matrix)
    rows, columns = [], []
    for group, factor in enumerate(own):
        others = [scaled[group, k] for k in range(matrix.shape[1]) if k != factor]
        rows.append(float(scaled[group, factor] - max(others)))
    for factor in range(matrix.shape[1]):
        mine = [scaled[g, factor] for g in range(len(own)) if own[g] == factor]
        others = [scaled[g, factor] for g in range(len(own)) if own[g] != factor]
        columns.append(float(max(mine) - max(others)))
    return {"rows": rows, "columns": columns, "holds": min(rows) > 0 and min(columns) > 0}


def bootstrap(changes: Tensor, times: int = 1000, seed: int = 0, own: tuple[int, ...] = OWN) -> dict:
    """Spread over start pictures, drawn again with replacement: standard deviation of each entry, share of draws in
    which the matrix is diagonal-dominant."""
    generator = torch.Generator().manual_seed(seed)
    each = changes.mean(1).cpu()
    drawn = [each[:, torch.randint(each.shape[1], (each.shape[1],), generator=generator)].mean(1) for _ in range(times)]
    return {
        "spread": torch.stack(drawn).std(0),
        "dominantShare": sum(dominance(m, own)["holds"] for m in drawn) / times,
        "factors": FACTORS,
    }
