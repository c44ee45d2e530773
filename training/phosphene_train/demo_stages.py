"""The trained stages of the demo: VAE of all animals, teacher, student."""

import copy
from dataclasses import replace

import torch

from .demo_data import LatentPool, VaeData, latent_pool, thumbnails
from .demo_run import Run, fit_vision
from .denoiser import Denoiser, DenoiserOptions
from .diffusion import TIMESTEPS
from .distil import Distillation, distil
from .multi_session import MultiSession, set_scale
from .random_bundle import demo_options
from .stage_files import load_state, save_state
from .train_denoiser import DenoiserTraining, train_denoiser
from .train_vae import VaeTraining, train_sessions
from .vae import GroupVae
from .vae_loss import VaeWeights
from .vision import perceptual_distance


def fit_vae(run: Run, plain: bool = False) -> MultiSession:
    """The VAE of all animals, trained or read. Plain: the same shape and steps, reconstruction and KL alone."""
    name, o = "plain" if plain else "vae", run.options
    torch.manual_seed(o.seed)
    shape = demo_options()[0]
    if plain:
        shape = replace(shape, readouts=(), picture_features=0)
    model = MultiSession([replace(shape, units=s.population.units) for s in run.subjects]).to(run.device)
    if not load_state(model, name, run.resume):
        if not plain:
            scale_poses(model, run)
        weights = VaeWeights(blank_kl=1.0, correlation=0.0) if plain else VaeWeights()
        training = VaeTraining(o.vae_steps, count=len(run.pools.train), weights=weights, name=name)
        data = VaeData(run.pools.train, run.subjects, descriptor(run), o.vae_batch, o.seed)
        model = train_sessions(model, data, training, o.seed, run.out)
    save_state(model, name, run.out)
    return model.eval().requires_grad_(False)


def descriptor(run: Run) -> torch.Tensor:
    """What the latents are trained to know of each training picture, beside labels."""
    return thumbnails(run.pools.train, demo_options()[0].picture_features)


def scale_poses(model: MultiSession, run: Run) -> None:
    """Tell the readouts the units that poses are reported in."""
    pose = run.pools.train.pose
    for name, part in (("pose", slice(0, 3)), ("rotation", slice(3, 4))):
        set_scale(model, name, pose.mean(0)[part], pose.std(0)[part])


def fit_denoiser(run: Run, vae: GroupVae) -> tuple[Denoiser, Denoiser]:
    """Teacher and student; each trained or read."""
    o = run.options
    shape = replace(demo_options()[1], width=o.width, blocks=o.blocks, heads=max(1, o.width // 64))
    teacher, student = new(run, shape), new(run, shape)
    have_teacher, have_student = load_state(teacher, "teacher", run.resume), load_state(student, "student", run.resume)
    if not (have_teacher and have_student):
        pairs = latents(run, vae)
        if not have_teacher:
            training = DenoiserTraining(o.teacher_steps, seconds=o.teacher_seconds)
            teacher = train_denoiser(teacher, pairs, training, TIMESTEPS, run.out)
        save_state(teacher.eval().requires_grad_(False), "teacher", run.out)
        student = learn_few_steps(run, teacher, pairs)
    for name, model in (("teacher", teacher), ("student", student)):
        save_state(model.eval().requires_grad_(False), name, run.out)
    return teacher, student


def new(run: Run, shape: DenoiserOptions) -> Denoiser:
    torch.manual_seed(run.options.seed)
    return Denoiser(shape).to(run.device)


def latents(run: Run, vae: GroupVae) -> LatentPool:
    """Latents of single trials of the main animal, with their pictures."""
    o = run.options
    return latent_pool(vae, run.pools.train, run.main, o.windows, o.batch, o.seed)


def learn_few_steps(run: Run, teacher: Denoiser, pairs: LatentPool) -> Denoiser:
    """Distillation, compared by a picture network of its own: not the one inside the cortex."""
    o = run.options
    critic = fit_vision(run.objects, lambda: run.pools.train, o, "critic", o.seed + 1, run.out, run.resume)

    def distance(decoded: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return perceptual_distance(critic, decoded, target)

    options = Distillation(o.student_steps, batch=o.batch, trajectories=o.trajectories, seconds=o.student_seconds)
    return distil(teacher, copy.deepcopy(teacher), pairs, options, TIMESTEPS, distance, run.out)
