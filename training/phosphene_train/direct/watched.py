"""Training that is watched: with few trials the best weights are not the last."""

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from ..optimiser import Average, adamw, set_rate
from .model import DirectModel

LOOKS = 40
"""How often what was kept apart is looked at."""


@dataclass(frozen=True)
class Watched:
    """Steps; seconds after which it ends earlier (0: never); peak learning rate, decay, memory of the average."""

    steps: int
    seconds: float = 0.0
    rate: float = 2e-3
    decay: float = 0.05
    keep: float = 0.99


def train_watched(
    model: DirectModel,
    loss: Callable[[DirectModel], Tensor],
    held_out: Callable[[DirectModel], float],
    options: Watched,
) -> tuple[DirectModel, dict]:
    """The moving average of the weights as it was when `held_out` was least, in evaluation mode; when that was."""
    started, o = time.monotonic(), options
    optimiser, average = adamw(model, o.rate, o.decay), Average(model, o.keep)
    best, kept, found = float("inf"), average.model.state_dict(), {}
    for step in range(o.steps):
        spent = (time.monotonic() - started) / o.seconds if o.seconds else 0.0
        set_rate(optimiser, o.rate, step, o.steps, spent)
        value = loss(model.train())
        optimiser.zero_grad(set_to_none=True)
        value.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        average.update(model, step)
        last = spent >= 1 or step == o.steps - 1
        if last or (step + 1) % max(1, o.steps // LOOKS) == 0:
            with torch.no_grad():
                error = held_out(average.model.eval())
            if error < best:
                best, kept = error, copy.deepcopy(average.model.state_dict())
                found = {"steps": step + 1, "heldOutLoss": round(error, 4)}
        if last:
            break
    average.model.load_state_dict(kept)
    return average.model, found
