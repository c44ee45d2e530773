"""All stages in order: contrast, cross-modal, picture autoencoder, embedding, prior, teacher, student."""

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..half import round_to_half
from ..linear.model import Affine
from .autoencoder import Autoencoder, fit_autoencoder
from .condition import VoxelCondition, components, fit_embedding, least, load, thumbnails
from .contrast import ContrastTraining, pretrain
from .corpus import Corpus, any_pattern, as_picture, pick, rows
from .cross import CrossModal, PictureMae, tune
from .denoiser import LatentDenoiser
from .mae import VoxelEncoder, VoxelMae
from .sizes import Sizes
from .stages import Album, Conditioned, conditions, fit_prior, fit_student, fit_teacher, latents_of


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
class Ground:
    """What does not depend on the encoder, so that several runs can share it: autoencoder, latents of the trials'
    pictures, album, the condition with its embedding (its encoder is not trained), prior."""

    autoencoder: Autoencoder
    latents: Tensor
    album: Album
    condition: VoxelCondition
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


def fit_ground(corpus: Corpus, sizes: Sizes, clock: Clock, seed: int) -> Ground:
    """Autoencoder, embedding and prior, from the album, the trials' pictures and the trials."""
    torch.manual_seed(seed)
    device, everything = corpus.device, torch.cat([corpus.album, corpus.pictures])

    def draw() -> Tensor:
        return as_picture(everything[rows(len(everything), min(256, sizes.batch), device)])

    model, steps = Autoencoder(sizes.autoencoder()).to(device), sizes.steps["autoencoder"]
    model = clock.run("autoencoder", lambda s: fit_autoencoder(model, draw, corpus.distance, steps, s))
    round_to_half(model)
    small = torch.cat([thumbnails(as_picture(part), sizes.thumbnail) for part in everything.split(1024)])
    mean, axes = components(small[:8192], sizes.dimension)
    truth, trials = (small - mean) @ axes, len(corpus.album)
    condition = blank_condition(corpus, sizes)
    told = fit_embedding(condition, corpus.patterns, truth[trials:], corpus.labels)
    album = Album(latents_of(model, everything), truth, told)
    prior = LatentDenoiser(sizes.denoiser()).to(device)
    few = slice(0, 20_000)
    weights, bias = least(told.say(truth[few]), album.latents[few].float().flatten(1))
    with torch.no_grad():
        load(prior.hint, Affine(weights.T, bias))
        # It begins with what ridge makes of the estimate, and learns what to add.
        prior.out.weight.zero_()
        prior.out.bias.zero_()
    prior = clock.run("prior", lambda s: fit_prior(prior, album, sizes, s))
    return Ground(model, album.latents[trials:], album, condition, prior)


def blank_condition(corpus: Corpus, sizes: Sizes) -> VoxelCondition:
    """Random weights; patterns are standardised by the training trials'."""
    encoder = VoxelEncoder(sizes.mae(corpus.voxels))
    condition = VoxelCondition(encoder, sizes.tokens, sizes.context, sizes.groups, len(corpus.classes))
    mean, std = corpus.moments()
    condition.to(corpus.device).mean.copy_(mean)
    condition.std.copy_(std)
    return condition


def fit_voxels(corpus: Corpus, sizes: Sizes, clock: Clock, seed: int, start: VoxelMae | None = None) -> VoxelMae:
    """Phases 1 and 2, as far as they are asked for; from `start` where phase 1 is done already."""
    torch.manual_seed(seed + 1)
    mae = copy.deepcopy(start) if start is not None else VoxelMae(sizes.mae(corpus.voxels)).to(corpus.device)
    mean, std = corpus.moments()
    if sizes.contrast and start is None:
        draw, training = any_pattern(corpus, sizes.batch, mean, std), sizes.steps["contrast"]
        mae = clock.run("contrast", lambda s: pretrain(mae, draw, ContrastTraining(training, s)))
    if sizes.cross:
        both = CrossModal(mae.requires_grad_(True), PictureMae(sizes.pictures())).to(corpus.device)
        draw = pairs(corpus, sizes, mean, std)
        mae = clock.run("cross", lambda s: tune(both, draw, sizes.steps["cross"], s)).voxels
    return mae.eval()


def pairs(corpus: Corpus, sizes: Sizes, mean: Tensor, std: Tensor) -> Callable[[], tuple[Tensor, Tensor]]:
    """Pictures and standardised patterns of random trials."""

    def draw() -> tuple[Tensor, Tensor]:
        at = rows(len(corpus.pictures), sizes.batch, corpus.device)
        age = rows(corpus.patterns.shape[1], sizes.batch, corpus.device)
        pattern = ((corpus.patterns[at, age].float() - mean) / std).clamp(-5, 5)
        return as_picture(corpus.pictures[at]), pattern

    return draw


def fit_diffusion(
    corpus: Corpus, sizes: Sizes, clock: Clock, seed: int, ground: Ground, encoder: VoxelEncoder
) -> tuple[VoxelCondition, LatentDenoiser]:
    """The teacher, from the prior, with tokens of this encoder."""
    torch.manual_seed(seed + 2)
    condition, denoiser = copy.deepcopy(ground.condition), copy.deepcopy(ground.prior)
    condition.encoder = encoder
    model = Conditioned(condition, denoiser.requires_grad_(True), sizes).to(corpus.device)
    teach = lambda s: fit_teacher(model, corpus, ground.latents, ground.album, sizes, s)  # noqa: E731
    model = clock.run("tune", teach)
    return round_to_half(model.condition).eval().requires_grad_(False), model.denoiser


def fit(
    corpus: Corpus, sizes: Sizes, seconds: float, seed: int, student: bool = True
) -> tuple[Fitted, Ground, tuple[VoxelMae, VoxelMae]]:
    """Everything in about `seconds` (0: all steps): the decoder, and what ablations can share: the ground,
    and the voxels' autoencoder after phase 1 and after phase 2."""
    clock = Clock(seconds, sizes.shares)
    ground = fit_ground(corpus, sizes, clock, seed)
    first = fit_voxels(corpus, replace(sizes, cross=False), clock, seed)
    mae = fit_voxels(corpus, sizes, clock, seed, first)
    condition, teacher = fit_diffusion(corpus, sizes, clock, seed, ground, mae.encoder)
    fitted = Fitted(condition, ground.autoencoder, teacher, None, corpus.classes, clock.spent)
    if not student:
        return fitted, ground, (first, mae)
    cond = distillation_conditions(fitted, corpus, ground)
    few = clock.run("distil", lambda s: fit_student(teacher, cond, decoded(fitted, corpus), sizes, s))
    round_to_half(few)
    return replace(fitted, student=few.eval().requires_grad_(False)), ground, (first, mae)


def distillation_conditions(fitted: Fitted, corpus: Corpus, ground: Ground) -> Tensor:
    """Of trials (mu from the fits to others), of patterns without pictures, which need none here, and of the album."""
    age, mu = corpus.patterns.shape[1] // 2, ground.album.told.mu
    found = [conditions(fitted.condition, corpus.patterns[:, age], mu[:, age])]
    if corpus.unlabelled is not None:
        found.append(conditions(fitted.condition, pick(corpus.unlabelled, min(len(corpus.unlabelled), 16_384))))
    _, said = ground.album.draw(len(found[0]) // 4)
    found.append(torch.cat([fitted.teacher.no_tokens.detach().flatten().expand(len(said), -1), said], 1))
    return torch.cat(found)


def decoded(fitted: Fitted, corpus: Corpus) -> Callable[[Tensor, Tensor], Tensor]:
    """Distance of latents by the pictures that they decode to, as far as there is a distance of pictures."""

    def distance(a: Tensor, b: Tensor) -> Tensor:
        if corpus.distance is None:
            return (a - b).square().mean()
        return corpus.distance(fitted.autoencoder.decode(a), fitted.autoencoder.decode(b))

    return distance
