"""Train a group-wise VAE on any source of windows."""

from collections.abc import Callable
from dataclasses import dataclass, field

from torch.nn.utils import clip_grad_norm_

from .optimiser import Average, adamw, set_rate
from .progress import Track
from .vae import GroupVae
from .vae_loss import VaeBatch, VaeWeights, vae_loss


@dataclass(frozen=True)
class VaeTraining:
    """Steps, peak learning rate, weight decay, size of the data set (for the correlation estimate), weights."""

    steps: int
    rate: float = 1e-3
    decay: float = 0.01
    count: int = 100_000
    weights: VaeWeights = field(default_factory=VaeWeights)


def train_vae(model: GroupVae, next_batch: Callable[[], VaeBatch], options: VaeTraining) -> GroupVae:
    """Returns the moving average of the weights, in evaluation mode."""
    optimiser, average = adamw(model, options.rate, options.decay), Average(model)
    track = Track("vae", options.steps)
    model.train()
    for step in track:
        set_rate(optimiser, options.rate, step, options.steps)
        loss, terms = vae_loss(model, next_batch(), options.weights, options.count)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        clip_grad_norm_(model.parameters(), 20.0)
        optimiser.step()
        average.update(model, step)
        if track.due(step):
            track.note(**{name: term.item() for name, term in terms.items()})
    return average.model
