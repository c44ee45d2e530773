"""The training loop that every model here shares: AdamW, a moving average, checkpoints, a history of the loss."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from .optimiser import Average, adamw, set_rate
from .progress import Track
from .ranks import average_gradients, latest, rank, share_weights

Loss = Callable[[int], tuple[Tensor, dict[str, Tensor]]]
"""step -> the loss to descend and the terms to report."""
CHECKPOINT_SECONDS = 60.0


@dataclass(frozen=True)
class LoopOptions:
    """Name (of the progress line and of the files), steps, peak learning rate, weight decay, memory of the moving
    average, largest gradient norm; and seconds after which it ends even before the last step (0: never)."""

    name: str
    steps: int
    rate: float
    decay: float = 0.01
    keep: float = 0.999
    clip: float = 1.0
    seconds: float = 0.0


def train(model: nn.Module, loss: Loss, options: LoopOptions, folder: Path | None = None) -> nn.Module:
    """Descend; returns the moving average of the weights, in evaluation mode.

    With a `folder` it keeps <name>.checkpoint.pt there about once a minute, goes on from one that it finds, and
    writes <name>.jsonl, a line of figures for each of about a hundred steps. Under torchrun the gradients are
    averaged over the ranks and rank 0 writes.
    """
    share_weights(model)
    optimiser, average = adamw(model, options.rate, options.decay), Average(model, options.keep)
    kept = Checkpoint(options.name, folder, model, optimiser, average)
    model.train()
    track = Track(options.name, options.steps, kept.load())
    for step in track:
        spent = latest(kept.seconds() / options.seconds) if options.seconds else 0.0
        if spent >= 1:
            break
        set_rate(optimiser, options.rate, step, options.steps, spent)
        value, terms = loss(step)
        descend(model, optimiser, value, options.clip)
        average.update(model, step)
        if track.due(step):
            figures = {name: term.item() for name, term in terms.items()}
            track.note(**figures)
            kept.record(step, figures)
        kept.save_if_due(step + 1)
    kept.remove()
    return average.model


def descend(model: nn.Module, optimiser: torch.optim.Optimizer, loss: Tensor, clip: float) -> None:
    """One clipped optimiser step."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    average_gradients(model)
    clip_grad_norm_(model.parameters(), clip)
    optimiser.step()


class Checkpoint:
    """The state of one loop in <folder>/<name>.checkpoint.pt, and its figures in <name>.jsonl."""

    def __init__(
        self, name: str, folder: Path | None, model: nn.Module, optimiser: torch.optim.Optimizer, average: Average
    ) -> None:
        self.path = folder / f"{name.replace(' ', '-')}.checkpoint.pt" if folder else None
        self.history = folder / f"{name.replace(' ', '-')}.jsonl" if folder else None
        self.parts = {"model": model, "optimiser": optimiser, "average": average.model}
        self.saved_at = self.started_at = time.monotonic()

    def seconds(self) -> float:
        """Time spent in this stage, before a stop too."""
        return time.monotonic() - self.started_at

    def load(self) -> int:
        """Fill the parts from the file; the step to go on with, 0 where there is no file."""
        step = 0
        if self.path and self.path.exists():
            device = next(self.parts["model"].parameters()).device
            state = torch.load(self.path, weights_only=True, map_location=device)
            for name, part in self.parts.items():
                part.load_state_dict(state[name])
            step, self.started_at = state["step"], time.monotonic() - state["seconds"]
        self.forget_after(step)
        return step

    def forget_after(self, step: int) -> None:
        """Drop the figures of steps that will be done again."""
        if self.history and rank() == 0:
            lines = self.history.read_text().splitlines() if self.history.exists() and step else []
            self.history.write_text("".join(f"{line}\n" for line in lines if json.loads(line)["step"] < step))

    def record(self, step: int, figures: dict[str, float]) -> None:
        """Append a line to the history."""
        if self.history and rank() == 0:
            with self.history.open("a") as file:
                file.write(json.dumps({"step": step, **figures}) + "\n")

    def save_if_due(self, step: int) -> None:
        """Write the state when the last was a while ago; whole or not at all."""
        if self.path is None or rank() != 0 or time.monotonic() - self.saved_at < CHECKPOINT_SECONDS:
            return
        draft = self.path.with_suffix(".draft")
        parts = {name: part.state_dict() for name, part in self.parts.items()}
        torch.save({"step": step, "seconds": self.seconds(), **parts}, draft)
        draft.replace(self.path)
        self.saved_at = time.monotonic()

    def remove(self) -> None:
        """The stage is finished."""
        if self.path and rank() == 0:
            self.path.unlink(missing_ok=True)
