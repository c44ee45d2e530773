"""A direct decoder from a few hundred to a few thousand trials, in seconds: a small network that decodes at 32 x 32 at
most, more trials by augmentation, and stimuli kept apart that say when to stop.

Nothing is known of such data but windows and pictures: there is no VAE. The latents that modulate the painter come from
an encoder that learns with it, for the picture alone (they have no likelihood, and no evidence comes of them).
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional as F

from ..vae import GroupVae, VaeOptions
from .augment import Repeats, exchange_units, thin
from .mei import MeiOptions, fit_maps, resize
from .model import DirectModel, DirectOptions
from .objective import Weights, objective
from .painter import PainterOptions
from .watched import Watched, train_watched

MOST_SIDE = 32
VALIDATION = 0.12
"""Share of the stimuli (of the trials, where there are few stimuli) that are kept apart."""


@dataclass(frozen=True)
class FewOptions:
    """steps and batch; seconds: ends earlier when they have gone (0: never); maps: `mei` (most exciting inputs),
    `fixed` (the same, not trained further), `random` (learned from noise) or `none`; encoding_steps of the network
    behind the maps (0: receptive fields by ridge regression)."""

    steps: int = 1200
    batch: int = 48
    seconds: float = 0.0
    seed: int = 0
    maps: str = "mei"
    encoding_steps: int = 300
    latents: int = 16
    hidden: int = 96
    context: int = 6
    widths: tuple[int, int, int, int] = (64, 48, 24, 12)
    unit_dropout: float = 0.15
    weights: Weights = field(default_factory=lambda: Weights(perceptual=0.0))


@dataclass(frozen=True)
class Trials:
    """window [N, W, U] normalised, counts [N, W, U], mean and std [U] that relate them, picture [N, C, H, W],
    stimulus [N]."""

    window: Tensor
    counts: Tensor
    mean: Tensor
    std: Tensor
    picture: Tensor
    stimulus: Tensor


class FewDecoder:
    """Windows to pictures of the size that training had."""

    def __init__(self, model: DirectModel, shape: tuple[int, int]) -> None:
        self.model, self.shape = model, shape

    @torch.no_grad()
    def __call__(self, window: Tensor) -> Tensor:
        """[N, W, U] -> [N, C, H, W] in [-1, 1]."""
        pictures = torch.cat([decoded(self.model, part) for part in window.split(512)])
        return F.interpolate(pictures, size=self.shape, mode="bilinear", align_corners=False).clamp(-1, 1)


def decoded(model: DirectModel, window: Tensor) -> Tensor:
    """Pictures at the model's side, unclipped."""
    return model.paint(window, model.vae.encode(window)[0])


def fit_few(trials: Trials, options: FewOptions) -> tuple[FewDecoder, dict]:
    """The decoder of the look at which the trials kept apart were told best, and what was found on the way."""
    torch.manual_seed(options.seed)
    shape = tuple(trials.picture.shape[-2:])
    side = min(MOST_SIDE, 8 * -(-max(shape) // 8))
    pictures = square(trials.picture, side)
    train, held = apart(trials.stimulus, options.seed)
    model, found = new_model(trials, pictures, train, side, options)
    batch = Batches(trials, pictures, train, options)
    best, stopped = train_watched(
        model, batch.loss, lambda average: batch.held_out(average, held), Watched(options.steps, options.seconds)
    )
    return FewDecoder(best, shape), {**found, **stopped}


def new_model(trials: Trials, pictures: Tensor, train: Tensor, side: int, o: FewOptions) -> tuple[DirectModel, dict]:
    """Untrained, with maps fitted to the training trials alone."""
    device, (_, bins, units) = trials.window.device, trials.window.shape
    colours, found = pictures.shape[1], {}
    painter = PainterOptions(side, colours, o.widths, 12)
    maps = torch.randn(units, colours, painter.map_side, painter.map_side)
    if o.maps in ("mei", "fixed"):
        mei = MeiOptions(o.encoding_steps, min(128, len(train)), ascent=40, seed=o.seed)
        maps, found = fit_maps(pictures[train], trials.window[train].mean(1), painter.map_side, mei)
    vae = GroupVae(VaeOptions(units, bins, (("context", o.latents),), (), o.hidden, dropout=0.2))
    shape = DirectOptions(painter, o.context, maps=o.maps != "none", learn=o.maps != "fixed")
    return DirectModel(vae, maps.cpu(), shape, pictures[train].mean(0).cpu()).to(device), found


class Batches:
    """Augmented trials of the training part, and the loss of the part that is kept apart."""

    def __init__(self, trials: Trials, pictures: Tensor, train: Tensor, options: FewOptions) -> None:
        self.trials, self.pictures, self.train, self.o = trials, pictures, train, options
        self.repeats = Repeats(trials.stimulus[train])

    def loss(self, model: DirectModel) -> Tensor:
        """Of one random batch."""
        at = torch.randint(len(self.train), (self.o.batch,), device=self.train.device)
        rows, others = self.train[at], self.train[self.repeats.partner(at)]
        window = exchange_units(self.thinned(rows), self.trials.window[others], 0.5)
        keep = torch.rand(len(window), 1, window.shape[2], device=window.device) >= self.o.unit_dropout
        return self.error(model, window * keep, self.pictures[rows])

    def thinned(self, rows: Tensor) -> Tensor:
        """Windows [B, W, U] of thinned counts, normalised as the data are."""
        t = self.trials
        change = (thin(t.counts[rows], 0.6) - t.counts[rows]) / t.std
        return t.window[rows] + change

    def error(self, model: DirectModel, window: Tensor, pictures: Tensor) -> Tensor:
        terms = objective(decoded(model, window), pictures, self.o.weights, None)
        return torch.stack(list(terms.values())).sum()

    def held_out(self, model: DirectModel, held: Tensor) -> float:
        """Mean over at most 512 trials."""
        rows = held[:512]
        return float(self.error(model, self.trials.window[rows], self.pictures[rows]))


def apart(stimulus: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    """Indices of the trials to learn from, and of those kept apart: other stimuli, or other trials of few stimuli."""
    generator = torch.Generator().manual_seed(seed)
    names, at = stimulus.cpu().unique(return_inverse=True)
    if len(names) >= 24:
        chosen = torch.rand(len(names), generator=generator).argsort() < max(2, round(VALIDATION * len(names)))
        held = chosen[at]
    else:
        held = torch.rand(len(stimulus), generator=generator) < VALIDATION
        held[:2] = True
    order = torch.randperm(len(stimulus), generator=generator)
    held = held[order]
    return order[~held].to(stimulus.device), order[held].to(stimulus.device)


def square(pictures: Tensor, side: int) -> Tensor:
    """Pictures [N, C, side, side]."""
    if pictures.shape[-2] == pictures.shape[-1]:
        return resize(pictures, side)
    return F.interpolate(pictures, size=(side, side), mode="bilinear", align_corners=False, antialias=True)
