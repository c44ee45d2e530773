"""Train the networks of all members side by side and decode their held-out rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from ..optimiser import Average, adamw, set_rate
from ..progress import Track
from .batches import Batches, Member
from .network import Networks, identification, regression

SHARPNESS = {False: 20.0, True: 5.0}
"""Of the identifying networks, for averaged counts and for single trials, whose noise calls for less certainty. Chosen
on folds 1 and 2 of session 201025 and folds 0 and 1 of the single trials of 210325."""


@dataclass(frozen=True)
class Training:
    """Steps, rows of a batch, hidden width, dropout, share of measured rows, peak rate, weight decay, seed."""

    steps: int = 3000
    batch: int = 128
    hidden: int = 512
    dropout: float = 0.3
    measured: float = 0.3
    rate: float = 1e-3
    decay: float = 0.05
    seed: int = 0


def train_networks(members: Sequence[Member], options: Training) -> list[Tensor]:
    """Decoded components [R, n] of each member's held-out rows, by the moving average of the weights."""
    torch.manual_seed(options.seed)
    batches = Batches(members, options.measured, options.seed)
    components = batches.targets.shape[-1]
    model = Networks(len(members), batches.units, components, options.hidden, options.dropout).to(batches.device)
    optimiser, average = adamw(model, options.rate, options.decay), Average(model, 0.998)
    judged = torch.tensor([i for i, m in enumerate(members) if m.identify], device=batches.device)
    sharpness = torch.tensor([SHARPNESS[m.task.single] for m in members if m.identify], device=batches.device)
    track = Track("networks", options.steps)
    model.train()
    for step in track:
        set_rate(optimiser, options.rate, step, options.steps)
        window, target, place = batches.draw(options.batch)
        decoded = model(window)
        loss = regression(decoded, target)
        if len(judged):
            loss = loss + identification(decoded[judged], target[judged], place[judged], sharpness)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        average.update(model, step)
        if track.due(step):
            track.note(loss=loss.item() / len(members))
    return decode(average.model, batches, [m.task.test for m in members])


@torch.no_grad()
def decode(model: Networks, batches: Batches, tests: Sequence[Tensor]) -> list[Tensor]:
    """Each member's own rows through its own network."""
    rows = pad_sequence([F.pad(t, (0, batches.units - t.shape[1])) for t in tests], True)
    decoded = model.eval()(batches.normalise(rows))
    return [part[: len(test)] for part, test in zip(decoded, tests, strict=True)]
