"""The demo, end to end: stimuli, simulated cortex, VAE, denoiser, evaluation, bundle."""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .cortex import Cortex, cortex_from_state, cortex_state, make_cortex
from .demo_bundle import write_demo
from .demo_data import LatentPool, VaeData, latent_pool, thumbnails
from .denoiser import Denoiser
from .evaluate import Decoder, evaluate, session_noise
from .export import Timesteps
from .golden import Normalisation
from .half import round_to_half
from .pool import Pools, make_pools
from .population import Population, random_population
from .random_bundle import demo_options
from .sheets import save_pairs
from .stage_files import load_state, load_tensors, save_state, save_tensors
from .stimuli import Objects, categories, load_objects
from .train_denoiser import DenoiserTraining, train_denoiser, tune_few_steps
from .train_vae import VaeTraining, train_vae
from .train_vision import train_vision
from .vae import GroupVae
from .vision import Vision, perceptual_distance
from .windows import fit_normalisation, sample_mixture, sample_windows

TIMESTEPS: Timesteps = {"1": [1.0, 0.0], "2": [1.0, 0.5, 0.0], "4": [1.0, 0.75, 0.5, 0.25, 0.0]}


@dataclass(frozen=True)
class DemoOptions:
    """Sizes of a run. `smoke` of the command line makes all of them small."""

    seed: int = 7
    train: int = 200_000
    test: int = 1024
    vision_steps: int = 1200
    vae_steps: int = 2500
    vae_batch: int = 2048
    windows: int = 2_000_000
    batch: int = 1024
    denoiser_steps: int = 8000
    few_steps: int = 1700


SMOKE = DemoOptions(7, 2048, 64, 6, 20, 64, 4096, 8, 6, 3)


@dataclass
class Run:
    """What the stages hand to one another."""

    options: DemoOptions
    out: Path
    resume: Path | None
    objects: Objects
    pools: Pools
    cortex: Cortex
    population: Population
    driven: Tensor
    normalisation: Normalisation
    generator: torch.Generator


def run_demo(emoji: Path, out: Path, device: str, options: DemoOptions, resume: Path | None = None) -> dict:
    """Train, evaluate, export; returns the metrics. Stages whose files lie in `resume` are read from there."""
    began = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    (out / "options.json").write_text(json.dumps(asdict(options), indent=1) + "\n")
    torch.set_float32_matmul_precision("high")
    run = prepare(emoji, out, device, options, resume)
    vae = fit_vae(run)
    denoiser = fit_denoiser(run, vae)
    decoder = Decoder(vae, denoiser, run.normalisation, TIMESTEPS)
    metrics = measure(run, decoder)
    metrics["trainingSeconds"] = round(time.monotonic() - began)
    (out / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n")
    write_demo(run, decoder, metrics)
    return metrics


def prepare(emoji: Path, out: Path, device: str, options: DemoOptions, resume: Path | None) -> Run:
    """Scenes, the simulated population and its rates, and the normalisation of its counts."""
    objects = load_objects(emoji).to(device)
    pools = make_pools(objects, options.train, options.test, 64, options.seed)
    vision = fit_vision(pools, len(objects.names), options, options.seed, "cortex", out, resume)
    units = demo_options()[0].units
    population = random_population(units, np.random.default_rng(options.seed)).to(device)
    kept = load_tensors("population", resume, device)
    cortex = fit_cortex(vision, pools, units, options.seed, kept)
    driven = torch.cat([cortex.rates(pools.train.images(slice(at, at + 4096))) for at in range(0, options.train, 4096)])
    generator = torch.Generator(device).manual_seed(options.seed)
    counts = sample_mixture(population, driven, {"stream": 1.0}, min(20_000, options.train), generator).counts
    norm = fit_normalisation(counts)
    if kept:
        norm = Normalisation(*(kept[name].cpu().numpy() for name in ("norm.mean", "norm.std")))
    fitted = {"norm.mean": torch.from_numpy(norm.mean), "norm.std": torch.from_numpy(norm.std)}
    save_tensors(cortex_state(cortex) | fitted, "population", out)
    return Run(options, out, resume, objects, pools, cortex, population, driven, norm, generator)


def fit_cortex(vision: Vision, pools: Pools, units: int, seed: int, kept: dict[str, Tensor] | None) -> Cortex:
    """The population's tuning, drawn anew or as kept."""
    if kept:
        return cortex_from_state(vision, {name: value for name, value in kept.items() if not name.startswith("norm.")})
    return make_cortex(vision, pools.train.images(slice(0, 20_000)), units, np.random.default_rng(seed + 1))


def fit_vision(
    pools: Pools, objects: int, o: DemoOptions, seed: int, name: str, out: Path, resume: Path | None
) -> Vision:
    """The picture network `name`, trained or read."""
    model = Vision(len(categories()), objects).to(pools.train.pictures.device).eval().requires_grad_(False)
    if not load_state(model, name, resume):
        model = train_vision(pools.train, len(categories()), objects, o.vision_steps, min(512, o.batch), seed)
    save_state(round_to_half(model), name, out)
    return model


def fit_vae(run: Run) -> GroupVae:
    """The VAE, trained or read."""
    torch.manual_seed(run.options.seed)
    device = run.driven.device
    model = GroupVae(demo_options()[0]).to(device)
    pose = run.pools.train.pose
    for name, part in (("pose", slice(0, 3)), ("rotation", slice(3, 4))):
        getattr(model, f"{name}_mean").copy_(pose.mean(0)[part])
        getattr(model, f"{name}_std").copy_(pose.std(0)[part])
    if not load_state(model, "vae", run.resume):
        data = vae_data(run, model.options.picture_features)
        model = train_vae(model, data, VaeTraining(run.options.vae_steps, count=len(run.pools.train)))
    save_state(model, "vae", run.out)
    return model.eval().requires_grad_(False)


def vae_data(run: Run, features: int) -> VaeData:
    pool = run.pools.train
    descriptor = thumbnails(pool, features)
    return VaeData(
        pool, run.driven, run.population, run.normalisation, descriptor, run.generator, run.options.vae_batch
    )


def fit_denoiser(run: Run, vae: GroupVae) -> Denoiser:
    """Diffusion training, then tuning on few steps; either is read where its file lies in `resume`."""
    torch.manual_seed(run.options.seed)
    o = run.options
    training = DenoiserTraining(o.denoiser_steps, o.few_steps)
    model = Denoiser(demo_options()[1]).to(run.driven.device)
    if load_state(model, "few", run.resume):
        save_state(model, "few", run.out)
        return model.eval().requires_grad_(False)
    pairs = latent_pool(vae, vae_data(run, vae.options.picture_features), o.windows, o.batch)
    if not load_state(model, "denoiser", run.resume):
        model = train_denoiser(model, pairs, training, TIMESTEPS)
    save_state(model, "denoiser", run.out)
    preview(run, vae, model, "diffusion")
    return tune(run, model, pairs, training)


def tune(run: Run, model: Denoiser, pairs: LatentPool, training: DenoiserTraining) -> Denoiser:
    """Few-step tuning, compared by a network of its own: not the one inside the cortex."""
    count = len(run.objects.names)
    critic = fit_vision(run.pools, count, run.options, run.options.seed + 1, "critic", run.out, run.resume)
    distance = lambda a, b: perceptual_distance(critic, a, b)  # noqa: E731
    model = tune_few_steps(model, pairs, training, TIMESTEPS, distance).eval().requires_grad_(False)
    save_state(model, "few", run.out)
    return model


def measure(run: Run, decoder: Decoder) -> dict:
    """The figures of both held-out pools; sheets beside them."""
    seed = run.options.seed + 10
    preview(run, decoder.vae, decoder.denoiser, "final")
    return {
        "heldOutRenderings": evaluate(decoder, run.cortex, run.population, run.pools.rendering, seed),
        "neverSeenObjects": evaluate(decoder, run.cortex, run.population, run.pools.unseen, seed + 1),
    }


def preview(run: Run, vae: GroupVae, denoiser: Denoiser, name: str) -> None:
    """Sheets of 32 held-out renderings and 32 scenes of unseen objects, at every number of steps."""
    decoder = Decoder(vae, denoiser, run.normalisation, TIMESTEPS)
    generator = torch.Generator(run.driven.device).manual_seed(0)
    for kind, pool in (("rendering", run.pools.rendering), ("unseen", run.pools.unseen)):
        true = pool.images(slice(0, 32))
        index = torch.arange(len(true), device=true.device)
        counts = sample_windows(run.population, run.cortex.rates(true), index, "inside", generator).counts
        for steps in TIMESTEPS:
            decoded = decoder.decode(counts, session_noise(64, true.device), steps)
            save_pairs(true, decoded, run.out / "sheets" / f"{name}-{kind}-{steps}.png")
