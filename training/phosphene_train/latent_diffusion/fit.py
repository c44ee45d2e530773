"""All stages in order: contrast, cross-modal, picture autoencoder, embedding, prior, teacher, student."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..half import round_to_half
from .autoencoder import Autoencoder, fit_autoencoder
from .condition import VoxelCondition, components, fit_embedding
from .contrast import ContrastTraining, pretrain
from .corpus import Corpus, any_pattern, as_picture, pick, rows
from .cross import CrossModal, PictureMae, tune
from .denoiser import LatentDenoiser
from .mae import VoxelMae
from .sizes import Sizes
from .stages import Conditioned, conditions, fit_prior, fit_student, fit_teacher, latents_of


@dataclass(frozen=True)
class Fitted:
    """A decoder of patterns: what a bundle is made of. `seconds` that each stage took."""

    condition: VoxelCondition
    autoencoder: Autoencoder
    teacher: LatentDenoiser
    student: LatentDenoiser | None
    classes: tuple[str, ...]
    seconds: dict[str, float]


@dataclass(frozen=True)
class Pictures:
    """What does not depend on voxels, so that several runs can share it: autoencoder, latents, components, prior."""

    autoencoder: Autoencoder
    latents: Tensor
    mean: Tensor
    axes: Tensor
    prior: LatentDenoiser


class Clock:
    """Seconds of each stage, by name."""

    def __init__(self, total: float, shares: dict[str, float]) -> None:
        self.total, self.shares = total, shares
        self.spent: dict[str, float] = {}

    def run(self, stage: str, work: Callable[[float], object]) -> object:
        """Do `work(seconds)` and write down how long it took."""
        started = time.monotonic()
        result = work(self.total * self.shares[stage])
        self.spent[stage] = round(time.monotonic() - started, 1)
        return result


def fit_pictures(corpus: Corpus, sizes: Sizes, clock: Clock, seed: int) -> Pictures:
    """Autoencoder and prior, from the album and the trials' pictures."""
    torch.manual_seed(seed)
    device, album = corpus.device, torch.cat([corpus.album, corpus.pictures])

    def draw() -> Tensor:
        return as_picture(album[rows(len(album), sizes.batch, device)])

    model = Autoencoder(sizes.autoencoder()).to(device)
    model = clock.run("autoencoder", lambda s: fit_autoencoder(model, draw, corpus.distance, sizes.patience, s))
    round_to_half(model)
    everything, latents = latents_of(model, album), latents_of(model, corpus.pictures)
    mean, axes = components(everything[:8192].float().flatten(1), sizes.dimension)
    prior = LatentDenoiser(sizes.denoiser()).to(device)
    prior = clock.run("prior", lambda s: fit_prior(prior, everything, sizes, s))
    return Pictures(model, latents, mean, axes, prior)


def fit_voxels(corpus: Corpus, sizes: Sizes, clock: Clock, seed: int) -> VoxelCondition:
    """Phases 1 and 2; the encoder inside the condition."""
    torch.manual_seed(seed + 1)
    device = corpus.device
    mae = VoxelMae(sizes.mae(corpus.voxels)).to(device)
    mean, std = corpus.moments()
    if sizes.contrast:
        draw = any_pattern(corpus, sizes.batch, mean, std)
        mae = clock.run("contrast", lambda s: pretrain(mae, draw, ContrastTraining(sizes.patience, s)))
    if sizes.cross:
        both = CrossModal(mae.requires_grad_(True), PictureMae(sizes.pictures())).to(device)
        mae = clock.run("cross", lambda s: tune(both, pairs(corpus, sizes, mean, std), sizes.patience, s)).voxels
    condition = VoxelCondition(mae.encoder, sizes.tokens, sizes.context, sizes.groups, len(corpus.classes)).to(device)
    condition.mean.copy_(mean)
    condition.std.copy_(std)
    return condition.eval()


def pairs(corpus: Corpus, sizes: Sizes, mean: Tensor, std: Tensor) -> Callable[[], tuple[Tensor, Tensor]]:
    """Pictures and standardised patterns of random trials."""

    def draw() -> tuple[Tensor, Tensor]:
        at = rows(len(corpus.pictures), sizes.batch, corpus.device)
        age = rows(corpus.patterns.shape[1], sizes.batch, corpus.device)
        pattern = ((corpus.patterns[at, age].float() - mean) / std).clamp(-5, 5)
        return as_picture(corpus.pictures[at]), pattern

    return draw


def fit(
    corpus: Corpus, sizes: Sizes, seconds: float, seed: int, shared: Pictures | None = None, student: bool = True
) -> tuple[Fitted, Pictures]:
    """Everything in about `seconds`; `shared` of an earlier run is taken instead of fitted."""
    clock = Clock(seconds, sizes.shares)
    pictures = shared or fit_pictures(corpus, sizes, clock, seed)
    condition = fit_voxels(corpus, sizes, clock, seed)
    target = (pictures.latents.float().flatten(1) - pictures.mean) @ pictures.axes
    mu = fit_embedding(condition, corpus.patterns, target, corpus.windows, corpus.labels)
    torch.manual_seed(seed + 2)
    denoiser = LatentDenoiser(sizes.denoiser()).to(corpus.device)
    denoiser.load_state_dict(pictures.prior.state_dict())
    model = Conditioned(condition, denoiser, sizes)
    model = clock.run("tune", lambda s: fit_teacher(model, corpus, pictures.latents, mu, s))
    condition = round_to_half(model.condition).eval().requires_grad_(False)
    fitted = Fitted(condition, pictures.autoencoder, model.denoiser, None, corpus.classes, clock.spent)
    if not student:
        return fitted, pictures
    cond = distillation_conditions(condition, corpus, mu)
    few = clock.run("distil", lambda s: fit_student(model.denoiser, cond, decoded(fitted, corpus), sizes, s))
    round_to_half(few)
    return replace(fitted, student=few.eval().requires_grad_(False)), pictures


def distillation_conditions(condition: VoxelCondition, corpus: Corpus, mu: Tensor) -> Tensor:
    """Of trials (mu from the fits to others) and of patterns without pictures, which need none here."""
    age = corpus.patterns.shape[1] // 2
    known = conditions(condition, corpus.patterns[:, age], mu[:, age])
    if corpus.unlabelled is None:
        return known
    return torch.cat([known, conditions(condition, pick(corpus.unlabelled, min(len(corpus.unlabelled), 16_384)))])


def decoded(fitted: Fitted, corpus: Corpus) -> Callable[[Tensor, Tensor], Tensor]:
    """Distance of latents by the pictures that they decode to, as far as there is a distance of pictures."""

    def distance(a: Tensor, b: Tensor) -> Tensor:
        if corpus.distance is None:
            return (a - b).square().mean()
        return corpus.distance(fitted.autoencoder.decode(a), fitted.autoencoder.decode(b))

    return distance
