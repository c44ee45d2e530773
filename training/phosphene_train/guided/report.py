"""The figures of `report groups`: every way to edit, from the same start pictures, seen by the judge."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..diffusion import TIMESTEPS
from ..metrics import own_correlation
from .matrix import Edit, Traversal, bootstrap, dominance, normalised, selectivity_matrix, traverse
from .measure import Judge
from .network import Editor
from .objective import shifted
from .pairs import EditOptions, Networks, edit, start_pictures
from .student import draw_edits

GAMMAS = (-3.0, -1.5, 1.5, 3.0)
SHOWN = {"information": 5}
"""Start pictures whose traversals are kept as pictures; of the other ways 2."""
Start = Callable[[Tensor, Tensor], Tensor]


def ways(
    teacher: torch.nn.Module, nets: Networks, student: Editor, noise: Tensor, cond: Tensor, o: EditOptions, eta: float,
    etas: dict[str, float],
) -> dict[str, Edit]:  # fmt: skip
    """Name -> edit. All begin with the teacher's unsteered picture of the same latents and noise, but `plain` and the
    student, which draw theirs from that noise."""
    start = start_pictures(teacher, noise, cond, o)

    def exact(objective: str, options: EditOptions, weight: float) -> Edit:
        def draw(rows: Tensor, gamma: Tensor) -> Tensor:
            weights = torch.full((len(rows),), weight, device=cond.device)
            return edit(nets, start[rows], cond[rows], gamma, weights, options, objective)

        return draw

    def plain(rows: Tensor, gamma: Tensor) -> Tensor:
        return start_pictures(teacher, noise[rows], shifted(cond[rows], gamma, nets.guide.options.groups), o)

    def few(times: list[float]) -> Edit:
        def draw(rows: Tensor, gamma: Tensor) -> Tensor:
            weights = torch.full((len(rows),), eta, device=cond.device)
            return draw_edits(student, noise[rows], cond[rows], gamma, weights, times)

        return draw

    paper = replace(o, others=False, hold=False, push="published")
    found = {
        "information": exact("information", o, eta),
        "likelihood": exact("likelihood", o, etas.get("likelihood", eta)),
        "activation": exact("activation", o, etas.get("activation", eta)),
        "published": exact("information", paper, etas.get("published", 0.1)),
        "inverted": exact("information", o, 0.0),
        "plain": plain,
    }
    return found | {f"student-{k}": few(times) for k, times in TIMESTEPS.items()}


def report(found: dict[str, Edit], judge: Judge, count: int, groups: int, out: Path) -> dict:
    """Traverse every way; <out>/<way>.npz of the raw changes and of some pictures; returns the figures."""
    out.mkdir(parents=True, exist_ok=True)
    device, figures = judge.unit.device, {}
    for name, draw in found.items():
        walk = traverse(draw, judge, count, groups, GAMMAS, device)
        save(walk, out / f"{name}.npz", SHOWN.get(name, 2))
        figures[name] = judged(walk)
    return figures


def save(walk: Traversal, path: Path, shown: int) -> None:
    """What the figure is drawn from: changes, the judge's pose and category, the first pictures as bytes."""
    pictures = torch.cat([walk.reference[None, None].expand(len(walk.pictures), 1, -1, -1, -1, -1), walk.pictures], 1)
    some = ((pictures[:, :, :shown].float().clamp(-1, 1) + 1) * 127.5).round().byte()
    np.savez_compressed(
        path,
        gammas=np.array(walk.gammas),
        changes=walk.changes.float().cpu().numpy(),
        pose=walk.pose.half().cpu().numpy(),
        category=walk.category.half().cpu().numpy(),
        pictures=some.cpu().numpy(),
    )


def judged(walk: Traversal) -> dict:
    """The figures of a traversal."""
    matrix, spread = selectivity_matrix(walk.changes), bootstrap(walk.changes, 300)
    return {
        "starts": walk.changes.shape[2],
        "matrix": rounded(matrix),
        "spread": rounded(spread["spread"]),
        "normalised": rounded(normalised(matrix)),
        "dominance": dominance(matrix),
        "dominantShare": spread["dominantShare"],
        "confidence": round(walk.confidence, 4),
        "opposite": opposite(walk.pose),
    }


def rounded(matrix: Tensor) -> list[list[float]]:
    return [[round(v, 4) for v in row] for row in matrix.tolist()]


def opposite(pose: Tensor) -> list[float]:
    """Mean cosine between the changes of pose at the largest gamma and at the smallest, of each group: -1 is opposite.

    pose [G, 1 + V, N, 4], the first of gamma 0.
    """
    low, high = pose[:, 1] - pose[:, 0], pose[:, -1] - pose[:, 0]
    return [round(float(v), 4) for v in torch.nn.functional.cosine_similarity(low, high, dim=2).mean(1)]


def rising(nets: Networks, start: Tensor, cond: Tensor, o: EditOptions, etas: tuple[float, ...]) -> list[dict]:
    """Mean score of the shifted group after edits of gamma +-2, for each eta; and how like the start picture it is."""
    groups, rows = len(nets.guide.options.groups), []
    shift = torch.cat([2 * torch.eye(groups), -2 * torch.eye(groups)]).to(cond.device)
    gamma = shift.repeat_interleave(len(cond), 0)
    first, latents = (part.repeat(2 * groups, *[1] * (part.ndim - 1)) for part in (start, cond))
    for eta in etas:
        weights = torch.full((len(gamma),), eta, device=cond.device)
        picture = edit(nets, first, latents, gamma, weights, o)
        score = nets.guide.scores(shifted(latents, gamma, nets.guide.options.groups), picture)[gamma != 0]
        alike = own_correlation(picture, first)
        rows.append({"eta": eta, "score": round(float(score.mean()), 3), "correlation": round(alike, 4)})
    return rows
