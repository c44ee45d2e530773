"""How strong guidance must be: edits over a range of eta, judged."""

import torch
from torch import Tensor

from .matrix import OWN, dominance, selectivity_matrix, traverse
from .measure import Judge
from .objective import shifted
from .pairs import EditOptions, Networks, edit


@torch.no_grad()
def sweep(
    nets: Networks, judge: Judge, start: Tensor, cond: Tensor, o: EditOptions,
    etas: tuple[float, ...], gammas: tuple[float, ...] = (-2.0, 2.0), objective: str = "information",
) -> list[dict]:  # fmt: skip
    """One row for each eta: selectivity, what the scores gained, how sure the judge still is."""
    guide, rows = nets.guide, []
    for eta in etas:
        gained = []

        def run(rows: Tensor, gamma: Tensor, eta: float = eta, gained: list = gained) -> Tensor:
            weight = torch.full((len(rows),), eta, device=cond.device)
            out = edit(nets, start[rows], cond[rows], gamma, weight, o, objective)
            target = shifted(cond[rows], gamma, guide.options.groups)
            gained += (guide.scores(target, out) - guide.scores(target, start[rows]))[gamma != 0].tolist()
            return out

        walk = traverse(run, judge, len(cond), len(guide.options.groups), gammas, cond.device)
        matrix = selectivity_matrix(walk.changes)
        rows.append(
            {
                "eta": eta,
                "matrix": [[round(v, 3) for v in row] for row in matrix.tolist()],
                "dominance": dominance(matrix),
                "confidence": round(walk.confidence, 4),
                "scoreGained": round(sum(gained) / len(gained), 3),
            }
        )
    return rows


def merit(row: dict) -> float:
    """How well a row of a sweep keeps the groups apart, and how much it moves each factor; below 0 where the judge no
    longer knows what it sees, or guidance missed what it ascends."""
    if row["confidence"] < 0.9 or row["scoreGained"] <= 0:
        return row["confidence"] - 2
    margin = min(row["dominance"]["rows"] + row["dominance"]["columns"])
    own = sum(row["matrix"][group][factor] for group, factor in enumerate(OWN)) / len(OWN)
    return max(0.0, 1 + margin) + own


def choose(found: dict[str, list[dict]]) -> tuple[str, float]:
    """(way, eta) of the largest merit."""
    return max(((merit(row), name, row["eta"]) for name, rows in found.items() for row in rows))[1:]
