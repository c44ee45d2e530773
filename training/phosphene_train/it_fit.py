"""Fit the group-wise VAE and the denoiser of it-objects to windows drawn afresh from the training trials."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from .denoiser import Denoiser, DenoiserOptions, group_sizes
from .diffusion import TIMESTEPS
from .golden import Normalisation
from .it_recording import OBJECTS, ONSET_MS, POSITIONS, TRIAL_MS
from .it_windows import CONDITIONS, LATENCY_MS, Trials, Windows, draw
from .train_denoiser import DenoiserTraining, train_denoiser
from .train_vae import VaeTraining, train_vae
from .vae import GroupVae, Readout, VaeOptions
from .vae_loss import VaeBatch, VaeWeights
from .windows import fit_normalisation, normalise, silence

GROUPS = (("pose", 6), ("category", 6), ("content-1", 6), ("content-2", 6))
READOUTS = (
    Readout("category", "class", OBJECTS, "category"),
    Readout("position", "class", POSITIONS, "pose"),
)
WEIGHTS = VaeWeights(kl=0.3, blank_kl=4, classes=10, correlation=0.1)


@dataclass(frozen=True)
class FitOptions:
    """How to train; the defaults were chosen on folds of the training trials, never on held-out ones.

    unit_dropout    share of units silenced in a training window, against learning the few training trials by heart
    response_share  of training windows that end in the response; the others end anywhere in the stream
    jitter_ms       each unit's spikes of a training window are moved by up to so much
    """

    bins: tuple[int, int] = (20, 5)  # width in ms, number in a window
    vae_steps: int = 1500
    vae_batch: int = 256
    denoiser_steps: int = 5000
    denoiser_batch: int = 32
    hidden: int = 256
    dropout: float = 0.4
    unit_dropout: float = 0.4
    response_share: float = 0.6
    jitter_ms: int = 20
    clip: float = 4.0
    seed: int = 0


def generator_on(trials: Trials, seed: int) -> torch.Generator:
    return torch.Generator(trials.count.device).manual_seed(seed)


def random_windows(trials: Trials, count: int, options: FitOptions, generator: torch.Generator) -> Windows:
    """Windows of random conditions at random times of the stream, the response over-represented."""
    device = trials.count.device
    condition = torch.randint(CONDITIONS, (count,), generator=generator, device=device)
    anywhere = torch.randint(1, TRIAL_MS + 1, (count,), generator=generator, device=device)
    inside = torch.randint(ONSET_MS + LATENCY_MS, TRIAL_MS + 1, (count,), generator=generator, device=device)
    pick = torch.rand(count, generator=generator, device=device) < options.response_share
    return draw(trials, condition, torch.where(pick, inside, anywhere), options.bins, generator, options.jitter_ms)


def stream_normalisation(trials: Trials, options: FitOptions) -> Normalisation:
    """Mean and standard deviation of one bin's count over the whole stream of training trials."""
    generator = generator_on(trials, options.seed)
    condition = torch.randint(CONDITIONS, (20_000,), generator=generator, device=trials.count.device)
    end = torch.randint(1, TRIAL_MS + 1, condition.shape, generator=generator, device=trials.count.device)
    return fit_normalisation(draw(trials, condition, end, options.bins, generator).counts, options.clip)


def vae_batches(trials: Trials, norm: Normalisation, options: FitOptions) -> Iterator[VaeBatch]:
    """Every batch is drawn anew."""
    generator = generator_on(trials, options.seed)
    while True:
        drawn = random_windows(trials, options.vae_batch, options, generator)
        window = silence(normalise(drawn.counts, norm), options.unit_dropout, generator)
        condition = drawn.target.clamp(min=0)
        labels = {"category": condition // len(POSITIONS), "position": condition % len(POSITIONS)}
        yield VaeBatch(window, labels, (drawn.target >= 0).float())


def fit_vae(trials: Trials, norm: Normalisation, options: FitOptions) -> GroupVae:
    """The VAE and its readouts, in evaluation mode."""
    torch.manual_seed(options.seed)
    units = trials.count.shape[1]
    shape = VaeOptions(units, options.bins[1], GROUPS, READOUTS, options.hidden, options.dropout)
    batches = vae_batches(trials, norm, options)
    training = VaeTraining(options.vae_steps, rate=2e-3, weights=WEIGHTS)
    return train_vae(GroupVae(shape).to(trials.count.device), lambda: next(batches), training)


def pairs(vae: GroupVae, trials: Trials, norm: Normalisation, pictures: Tensor, options: FitOptions) -> Iterator[tuple]:
    """(picture, latents) of windows; `pictures` [22, 3, H, W] ends with the blank one.

    Some units are silenced here too: the VAE has seen the training trials, so their latents are cleaner than any
    held-out trial's, and a denoiser trained on them would be too sure.
    """
    generator = generator_on(trials, options.seed + 1)
    while True:
        drawn = random_windows(trials, options.denoiser_batch, options, generator)
        window = silence(normalise(drawn.counts, norm), options.unit_dropout / 2, generator)
        with torch.no_grad():
            cond, _ = vae.encode(window)
        yield pictures[drawn.target], cond


def fit_denoiser(vae: GroupVae, trials: Trials, norm: Normalisation, pictures: Tensor, options: FitOptions) -> Denoiser:
    """A small denoiser: it has 22 pictures to learn. A third of the times are 1, where only the latents tell."""
    torch.manual_seed(options.seed)
    shape = DenoiserOptions(group_sizes(GROUPS), pictures.shape[-1], patch=16, width=128, blocks=3, heads=4)
    denoiser = Denoiser(shape).to(trials.count.device)
    drawn = pairs(vae, trials, norm, pictures, options)
    training = DenoiserTraining(options.denoiser_steps, rate=1e-3, keep=0.998)
    return train_denoiser(denoiser, lambda: next(drawn), training, {"1": TIMESTEPS["1"]})
