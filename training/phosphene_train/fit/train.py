"""The trained stages of a run: VAE, a plain VAE to compare with, denoiser, student."""

import copy
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from ..data.types import TRAIN
from ..denoiser import Denoiser, DenoiserOptions
from ..diffusion import TIMESTEPS
from ..distil import Distillation, distil
from ..multi_session import MultiSession, set_scale
from ..ranks import start_ranks
from ..train_denoiser import DenoiserTraining, NextPair, train_denoiser
from ..train_vae import VaeTraining, step_seed, train_sessions
from ..vae import GroupVae, VaeOptions
from ..vae_loss import VaeBatch, VaeWeights
from ..windows import normalise, silence
from .pictures import shown_pictures
from .problem import Problem, Recording
from .windows import Windows


def vae_options(problem: Problem, recording: Recording) -> VaeOptions:
    """The shape of one session's VAE."""
    c = problem.config
    groups = tuple((group.name, group.size) for group in c.latents.groups)
    return VaeOptions(
        len(recording.session.labels), c.window.bins, groups, problem.readouts, c.vae.hidden, c.vae.dropout,
        problem.descriptor.shape[1],
    )  # fmt: skip


def new_vae(problem: Problem, plain: bool = False) -> MultiSession:
    """Untrained VAEs of all sessions; a plain one has no readouts and no picture head."""
    torch.manual_seed(problem.config.train.seed)
    options = [vae_options(problem, recording) for recording in problem.recordings]
    if plain:
        options = [replace(o, readouts=(), picture_features=0) for o in options]
    model = MultiSession(options).to(problem.device)
    for name, (mean, std) in {} if plain else problem.scales.items():
        set_scale(model, name, mean, std)
    return model


def fit_vae(problem: Problem, folder: Path | None, plain: bool = False) -> MultiSession:
    """The VAE of all sessions, in evaluation mode. Plain: reconstruction and KL alone, same shape, steps and data."""
    v = problem.config.vae
    weights = VaeWeights(v.kl, v.blank_kl, v.classes, v.values, v.correlation, v.picture)
    if plain:
        weights = replace(weights, blank_kl=v.kl, correlation=0.0)
    count = sum(int((r.split == TRAIN).sum()) for r in problem.recordings)
    training = VaeTraining(
        v.steps, v.rate, count=max(count, v.batch), weights=weights, name="plain" if plain else "vae"
    )
    seed = problem.config.train.seed

    def batch(session: int, step: int) -> VaeBatch:
        recording = problem.recordings[session]
        generator = torch.Generator(problem.device).manual_seed(step_seed(seed, step))
        drawn = mixture(problem, recording, v.batch, generator)
        window = silence(normalise(drawn.counts, recording.norm), v.unit_dropout, generator)
        shown, stimulus = (drawn.stimulus >= 0).float(), drawn.stimulus.clamp(min=0)
        targets = {name: target[stimulus] for name, target in problem.targets.items()}
        picture = problem.descriptor[stimulus] if problem.descriptor.shape[1] else None
        return VaeBatch(window, {} if plain else targets, shown, picture)

    return train_sessions(new_vae(problem, plain), batch, training, seed, folder)


def mixture(problem: Problem, recording: Recording, count: int, generator: torch.Generator) -> Windows:
    """Training windows: a share inside responses, the others anywhere in the stream, blanks as often as they come."""
    inside = round(problem.config.vae.response_share * count)
    if not recording.source.has(TRAIN, "stream"):
        inside = count
    kinds = [(kind, n) for kind, n in (("inside", inside), ("stream", count - inside)) if n]
    drawn = [recording.source.draw(TRAIN, kind, n, generator, jitter=True) for kind, n in kinds]
    return Windows(*(torch.cat([getattr(d, name) for d in drawn]) for name in ("counts", "stimulus", "presentation")))


def latent_pairs(problem: Problem, vae: GroupVae, batch: int, seed: int) -> NextPair:
    """A source of (picture, latents) of the exported session's training windows.

    Some units are silenced here too: the VAE has seen these trials, so their latents are cleaner than any held-out
    trial's, and a denoiser trained on them would be too sure.
    """
    recording, c = problem.exported, problem.config
    generator = torch.Generator(problem.device).manual_seed(step_seed(c.train.seed + seed, 0))

    @torch.no_grad()
    def pair() -> tuple[Tensor, Tensor]:
        drawn = mixture(problem, recording, batch, generator)
        window = silence(normalise(drawn.counts, recording.norm), c.vae.unit_dropout / 2, generator)
        return shown_pictures(problem.pictures, drawn.stimulus), vae.encode(window)[0]

    return pair


def new_denoiser(problem: Problem) -> Denoiser:
    """An untrained teacher."""
    torch.manual_seed(problem.config.train.seed)
    d = problem.config.denoiser
    sizes = tuple(group.size for group in problem.config.latents.groups)
    shape = DenoiserOptions(sizes, d.image, d.patch, d.width, d.blocks, d.heads, d.head_channels)
    return Denoiser(shape).to(problem.device)


def fit_teacher(problem: Problem, vae: GroupVae, folder: Path | None) -> Denoiser:
    """The denoiser after diffusion training."""
    model, d = new_denoiser(problem), problem.config.denoiser
    torch.manual_seed(step_seed(problem.config.train.seed + 1, 0))
    pairs = latent_pairs(problem, vae, d.batch, seed=2)
    return train_denoiser(model, pairs, DenoiserTraining(d.steps, d.rate), TIMESTEPS, folder)


def fit_student(problem: Problem, vae: GroupVae, teacher: Denoiser, folder: Path | None) -> Denoiser:
    """The student for 1, 2 and 4 steps, a copy of the teacher at first; the teacher itself with 0 steps."""
    s, (_, count) = problem.config.student, start_ranks()
    if s.steps == 0:
        return teacher
    torch.manual_seed(step_seed(problem.config.train.seed + 3, 0))
    pairs = latent_pairs(problem, vae, s.batch, seed=4)
    each = max(s.batch, s.trajectories // count)
    options = Distillation(
        s.steps, s.batch, s.rate, trajectories=each, teacher_steps=s.teacher_steps, chunk=min(2048, 4 * s.batch)
    )
    return distil(teacher, copy.deepcopy(teacher), pairs, options, TIMESTEPS, coarse_distance, folder)


def coarse_distance(decoded: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference of both pictures' 2, 4 and 8 times smaller versions: position and colour of large parts
    before grain. No network judges here, since a lab's pictures come without one."""
    return (
        sum(
            (F.avg_pool2d(decoded - target, k).abs().mean() for k in (2, 4, 8)),
            start=torch.zeros((), device=decoded.device),
        )
        / 3
    )
