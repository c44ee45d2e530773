"""A bundle of one session: the group VAE and the denoiser on the training side of one fold, simulated responses beside
measured ones."""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..bundle import Bundle, write_bundle, write_json
from ..denoiser import Denoiser, DenoiserOptions
from ..diffusion import TIMESTEPS
from ..distil import Distillation, distil
from ..evidence_kinds import calibrate_kinds
from ..fit.train import coarse_distance
from ..golden import Normalisation
from ..half import round_to_half
from ..train_denoiser import DenoiserTraining, train_denoiser
from ..train_vae import VaeTraining, train_vae
from ..vae import GroupVae, VaeOptions
from ..vae_loss import VaeBatch, VaeWeights
from .batches import CLIP, Batches, Member
from .bundle_measure import measure, score_counts
from .encoding import Encoding
from .task import Task

GROUPS = tuple((f"content-{i + 1}", 16) for i in range(4))
WEIGHTS = VaeWeights(kl=0.1, correlation=0.1, picture=200.0)
SOURCE = "macaque V4 (Cowley, Stan, Pillow, Smith 2023; cowleygroup/V4_compact_models)"


@dataclass(frozen=True)
class BundleOptions:
    """Steps of VAE, teacher and student (0: the teacher is shipped), and the denoiser's size."""

    vae_steps: int = 4000
    steps: int = 5000
    student_steps: int = 1500
    width: int = 256
    blocks: int = 5
    batch: int = 128
    seed: int = 0


@dataclass(frozen=True)
class Source:
    """Where training windows come from: a task, its encoding models, the pool's pictures [pool, 3, 64, 64]."""

    batches: Batches
    pictures: Tensor
    norm: Normalisation

    def window(self, size: int) -> tuple[Tensor, Tensor, Tensor]:
        """Windows [B, 1, U], components [B, n], pool places [B]."""
        window, target, place = self.batches.draw(size)
        return window.transpose(0, 1), target[0], place[0]


def make_source(task: Task, encoding: Encoding, flat: Tensor, seed: int) -> Source:
    """The normalisation of the batches is that of the manifest, rounded as it is written."""
    batches = Batches([Member(task, encoding)], 0.3, seed)
    batches.mean, batches.std = batches.mean.double().round(decimals=6).float(), batches.std.double().round(decimals=6)
    batches.std = batches.std.float()
    mean, std = (np.round(x[0, 0].double().cpu().numpy(), 6) for x in (batches.mean, batches.std))
    return Source(batches, flat.unflatten(1, (3, 64, 64)), Normalisation(mean, std, CLIP))


def fit_vae(source: Source, options: BundleOptions) -> GroupVae:
    """The VAE whose latents predict the picture's components."""
    torch.manual_seed(options.seed)
    components = source.batches.targets.shape[-1]
    shape = VaeOptions(source.batches.units, 1, GROUPS, (), 512, 0.3, components)

    def batch() -> VaeBatch:
        window, target, _ = source.window(options.batch * 2)
        return VaeBatch(window, {}, torch.ones(len(window), device=window.device), target)

    training = VaeTraining(options.vae_steps, 1e-3, weights=WEIGHTS)
    return train_vae(GroupVae(shape).to(source.pictures.device), batch, training)


def pairs_of(source: Source, vae: GroupVae, size: int) -> Callable[[], tuple[Tensor, Tensor]]:
    """(picture, latents) for the denoiser."""

    @torch.no_grad()
    def pair() -> tuple[Tensor, Tensor]:
        window, _, place = source.window(size)
        return source.pictures[place], vae.encode(window)[0]

    return pair


def fit_denoiser(source: Source, vae: GroupVae, options: BundleOptions) -> Denoiser:
    """The teacher, and with student steps its few-step student."""
    shape = DenoiserOptions(
        tuple(s for _, s in GROUPS), 64, 8, options.width, options.blocks, 8 if options.width > 64 else 4
    )
    pairs = pairs_of(source, vae, options.batch)
    training = DenoiserTraining(options.steps)
    teacher = train_denoiser(Denoiser(shape).to(source.pictures.device), pairs, training, TIMESTEPS)
    if not options.student_steps:
        return teacher
    distillation = Distillation(
        options.student_steps, options.batch, trajectories=128 * options.batch, chunk=4 * options.batch
    )
    return distil(teacher, copy.deepcopy(teacher), pairs, distillation, TIMESTEPS, coarse_distance)


def make_bundle(task: Task, encoding: Encoding, flat: Tensor, options: BundleOptions, out: Path) -> dict:
    """Train, measure on the fold's held-out pictures, write; returns the figures."""
    source = make_source(task, encoding, flat, options.seed)
    vae = round_to_half(fit_vae(source, options)).eval()
    denoiser = round_to_half(fit_denoiser(source, vae, options)).eval()
    figures = measure(vae, denoiser, source.norm, task, TIMESTEPS)
    real, others = score_counts(vae, source.norm, task.test, options.seed)
    evidence = calibrate_kinds(real, others, loss=0.05)
    side, rng = 64, np.random.default_rng(options.seed)
    bundle = Bundle(
        f"macaque-v4-{task.session}", vae.cpu(), denoiser.cpu(), labels(task), source.norm, 100.0, TIMESTEPS, evidence,
        task.test[:2, None].cpu().numpy(), rng.standard_normal((2, 3, side, side)).astype(np.float32),
        provenance={
            "generator": "phosphene-train", "seed": options.seed, "data": f"{SOURCE}, session {task.session}",
            "licence": "recording: GPL-3 repository; weights made from it are not to be redistributed",
            "command": "phosphene-train v4 --bundle", "options": vars(options) | {"fold": task.fold},
        },
        metrics={"twoWay": figures["4"]["one sample"], "twoWayMean": figures["4"]["mean of samples"]},
    )  # fmt: skip
    write_bundle(bundle, out)
    write_json(out.parent / "bundle.json", {"session": task.session, "fold": task.fold, "figures": figures}, indent=1)
    (out / "MODEL_CARD.md").write_text(model_card(task, figures))
    return json.loads(json.dumps(figures))


def labels(task: Task) -> list[str]:
    """One sorted unit an electrode, in the order of the response file."""
    return [f"neuron{k}.1" for k in range(task.train.shape[1])]


def model_card(task: Task, figures: dict) -> str:
    """Data, figures, limits, use."""
    lines = [
        f"# macaque-v4-{task.session}",
        "",
        f"Pictures from counts of {task.train.shape[1]} V4 neurons in 100 ms. Data: {SOURCE}.",
        f"Held out: the {len(task.held.flat)} pictures of fold {task.fold} (by picture, in all sessions).",
        "",
        "| DDIM steps | figure | two-way identification |",
        "|---|---|---|",
        *(f"| {k} | {name} | {value} |" for k, part in figures.items() for name, value in part.items()),
        "",
        "Use: research on this recording. Counts were averaged over repeats; single trials are noisier.",
        "The weights are made from data that may not be redistributed: do not publish them.",
    ]
    return "\n".join(lines) + "\n"
