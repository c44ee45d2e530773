"""The trained stages of the demo: VAE, teacher, student."""

import copy

import torch

from .demo_data import LatentPool, VaeData, latent_pool, thumbnails
from .demo_run import TIMESTEPS, Run, fit_vision
from .denoiser import Denoiser
from .distil import Distillation, distil
from .random_bundle import demo_options
from .stage_files import load_state, save_state
from .train_denoiser import DenoiserTraining, train_denoiser
from .train_vae import VaeTraining, train_vae
from .vae import GroupVae
from .vision import perceptual_distance


def fit_vae(run: Run) -> GroupVae:
    """The VAE, trained or read."""
    torch.manual_seed(run.options.seed)
    model = GroupVae(demo_options()[0]).to(run.device)
    if not load_state(model, "vae", run.resume):
        scale_poses(model, run)
        training = VaeTraining(run.options.vae_steps, count=len(run.pools.train))
        model = train_vae(model, vae_data(run, model), training)
    save_state(model, "vae", run.out)
    return model.eval().requires_grad_(False)


def scale_poses(model: GroupVae, run: Run) -> None:
    """Tell the readouts the units that poses are reported in."""
    pose = run.pools.train.pose
    for name, part in (("pose", slice(0, 3)), ("rotation", slice(3, 4))):
        getattr(model, f"{name}_mean").copy_(pose.mean(0)[part])
        getattr(model, f"{name}_std").copy_(pose.std(0)[part])


def vae_data(run: Run, model: GroupVae) -> VaeData:
    """Endless windows of the training scenes."""
    pool = run.pools.train
    descriptor = thumbnails(pool, model.options.picture_features)
    fixed = (run.population, run.normalisation, descriptor, run.generator)
    return VaeData(pool, run.driven, *fixed, run.options.vae_batch)


def fit_denoiser(run: Run, vae: GroupVae) -> tuple[Denoiser, Denoiser]:
    """Teacher and student; each trained or read."""
    torch.manual_seed(run.options.seed)
    teacher, student = (Denoiser(demo_options()[1]).to(run.device) for _ in range(2))
    have_teacher, have_student = load_state(teacher, "teacher", run.resume), load_state(student, "student", run.resume)
    if not (have_teacher and have_student):
        pairs = latent_pool(vae, vae_data(run, vae), run.options.windows, run.options.batch)
        if not have_teacher:
            training = DenoiserTraining(run.options.teacher_steps)
            teacher = train_denoiser(teacher, pairs, training, TIMESTEPS, run.out)
        save_state(teacher.eval().requires_grad_(False), "teacher", run.out)
        student = learn_few_steps(run, teacher, copy.deepcopy(teacher), pairs)
    for name, model in (("teacher", teacher), ("student", student)):
        save_state(model.eval().requires_grad_(False), name, run.out)
    return teacher, student


def learn_few_steps(run: Run, teacher: Denoiser, student: Denoiser, pairs: LatentPool) -> Denoiser:
    """Distillation, compared by a picture network of its own: not the one inside the cortex."""
    o = run.options
    critic = fit_vision(run.objects, lambda: run.pools.train, o, "critic", o.seed + 1, run.out, run.resume)

    def distance(decoded: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return perceptual_distance(critic, decoded, target)

    options = Distillation(o.student_steps, batch=min(512, o.batch), trajectories=o.trajectories)
    return distil(teacher, student, pairs, options, TIMESTEPS, distance, run.out)
