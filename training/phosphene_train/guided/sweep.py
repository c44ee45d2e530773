"""How strong guidance must be: edits over a range of eta, judged."""

import torch
from torch import Tensor

from ..denoiser import Denoiser
from .edit import edit_times, invert
from .guide import Guide
from .matrix import dominance, selectivity_matrix, traverse
from .measure import Judge
from .network import noise_of
from .objective import shifted
from .pairs import EditOptions, edit


@torch.no_grad()
def sweep(
    free: Denoiser, guide: Guide, judge: Judge, start: Tensor, cond: Tensor, o: EditOptions,
    etas: tuple[float, ...], gammas: tuple[float, ...] = (-2.0, 2.0), objective: str = "information",
) -> list[dict]:  # fmt: skip
    """One row for each eta: selectivity, what the scores gained, how sure the judge still is."""
    state = invert(noise_of(free), start, edit_times(o.steps), o.refine)
    rows = []
    for eta in etas:
        gained = []

        def run(rows: Tensor, gamma: Tensor, eta: float = eta, gained: list = gained) -> Tensor:
            weight = torch.full((len(rows),), eta, device=cond.device)
            out = edit(free, guide, start[rows], cond[rows], gamma, weight, o, objective, state[rows])
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


def choose_eta(rows: list[dict], share: float = 0.9) -> float:
    """The strongest guidance under which the judge is nearly as sure of the edited pictures as of the weakest's."""
    good = [row["eta"] for row in rows if row["confidence"] >= share * rows[0]["confidence"]]
    return max(good)
