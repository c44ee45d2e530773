"""One run of `phosphene-train fit`: data in, every stage, a measured and verified bundle out."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ..bundle import Bundle, write_bundle, write_json
from ..data import read_dataset
from ..data.types import TEST
from ..denoiser import Denoiser
from ..diffusion import TIMESTEPS
from ..multi_session import MultiSession, single
from ..ranks import rank, start_ranks
from ..verify import verify_bundle
from .bundle_decoder import BundleDecoder
from .card import model_card
from .config import FitConfig
from .evaluate import EvalOptions, evaluate_bundle
from .evidence import calibrate_posterior, fit_evidence
from .figures import draw_run
from .folder import claim, stage, whole_folder
from .measure import compare, headline
from .problem import Problem, prepare
from .session import write_fit_session
from .train import fit_student, fit_teacher, fit_vae, new_denoiser, new_vae

EVAL_WINDOWS = {"smoke": EvalOptions(100, 24, 2), "small": EvalOptions(1000, 100, 4), "full": EvalOptions()}


@dataclass(frozen=True)
class Trained:
    """What the stages leave."""

    vae: MultiSession
    plain: MultiSession | None
    teacher: Denoiser
    student: Denoiser


def run_fit(config: FitConfig, data: Path, out: Path) -> dict | None:
    """Everything; the metrics on rank 0, None on the others. A run that was stopped goes on from what `out` has."""
    _, count = start_ranks()
    if config.size == "smoke":
        torch.set_num_threads(1)  # matrices as small gain nothing from more, and lose a lot on a busy machine
    torch.manual_seed(config.train.seed)
    problem = prepare(config, read_dataset(data), device_of(config.train.device))
    options = claim(out, config, data)
    if count > 1:
        torch.distributed.barrier()
    trained = train_stages(problem, out)
    metrics = finish(problem, trained, options, out) if rank() == 0 else None
    if count > 1:
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()
    return metrics


def device_of(wanted: str) -> str:
    """The configured device, or this rank's GPU where there is one, or the CPU."""
    if wanted:
        return wanted
    return f"cuda:{torch.cuda.current_device()}" if torch.cuda.is_available() else "cpu"


def train_stages(problem: Problem, out: Path) -> Trained:
    """VAE, plain VAE, teacher, student: each trained, or read where it is finished."""
    vae = stage(out, "vae", new_vae(problem), lambda: fit_vae(problem, out))
    plain = None
    if problem.config.vae.compare:
        plain = stage(out, "plain", new_vae(problem, plain=True), lambda: fit_vae(problem, out, plain=True))
    first = vae.members[0]
    teacher = stage(out, "denoiser", new_denoiser(problem), lambda: fit_teacher(problem, first, out))
    student = stage(out, "student", new_denoiser(problem), lambda: fit_student(problem, first, teacher, out))
    return Trained(vae, plain, teacher, student)


def finish(problem: Problem, trained: Trained, options: dict, out: Path) -> dict:
    """Calibrate, measure, write the bundle whole, draw the figures; returns what metrics.json holds."""
    vae = single(trained.vae, 0)
    posterior = calibrate_posterior(problem, vae)
    evidence = fit_evidence(problem, vae)
    evidence.calibration["posterior"] = posterior
    metrics: dict = {"posterior": posterior, "evidence": evidence.calibration}
    metrics |= compare(problem, vae, single(trained.plain, 0) if trained.plain else None)
    counts, noise = golden_inputs(problem)
    bundle = Bundle(
        problem.config.name, vae, trained.student, list(problem.exported.session.labels), problem.exported.norm,
        problem.config.window.bin_ms, TIMESTEPS, evidence, counts, noise, guidance=problem.config.student.guidance,
        provenance=provenance(problem, options),
    )  # fmt: skip
    with whole_folder(out / "bundle") as draft:
        write_bundle(bundle, draft)
        metrics["test"] = evaluate_bundle(BundleDecoder(draft), problem.dataset, EVAL_WINDOWS[problem.config.size])
        bundle.metrics = headline(metrics)
        write_manifest_metrics(draft, bundle.metrics)
        write_session(problem, draft / "session")
        (draft / "MODEL_CARD.md").write_text(model_card(problem, metrics))
        refuse_broken(draft)
        write_json(out / "metrics.json", metrics, indent=1)
        draw_run(problem, BundleDecoder(draft), metrics, out)
    return metrics


def write_session(problem: Problem, folder: Path) -> None:
    """The stimuli of the exported session, for the viewer."""
    pictures = problem.pictures.cpu().numpy()
    left = write_fit_session(folder, problem.config.name, problem.dataset, problem.exported.session, pictures)
    if left:
        print(
            f"note: {left} stimuli have names that are no ids (letters, digits, _ and -): the viewer cannot show them"
        )


def write_manifest_metrics(folder: Path, figures: dict) -> None:
    """Put the headline figures into the manifest, which nothing has a digest of."""
    path = folder / "manifest.json"
    write_json(path, {**json.loads(path.read_text()), "metrics": figures}, indent=1)


def refuse_broken(folder: Path) -> None:
    """A bundle that does not reproduce its golden outputs is not written."""
    for check in verify_bundle(folder):
        if not check.ok:
            raise ValueError(f"bundle: expected {check.name} to hold, got an error of {check.error:.2e}")


def golden_inputs(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Counts [2, W, U] of a window inside a held-out response and of a blank (or of a second response); noise."""
    generator = torch.Generator(problem.device).manual_seed(problem.config.train.seed + 70)
    source, side = problem.exported.source, problem.config.denoiser.image
    kinds = ["inside", "blank" if source.has(TEST, "blank") else "inside"]
    counts = torch.cat([source.draw(TEST, kind, 1, generator).counts for kind in kinds]).cpu().numpy()
    noise = np.random.default_rng(problem.config.train.seed).standard_normal((2, 3, side, side))
    return counts, noise.astype(np.float32)


def provenance(problem: Problem, options: dict) -> dict:
    """Where the bundle comes from."""
    return {
        "generator": "phosphene-train 0.1.0",
        "seed": problem.config.train.seed,
        "data": f"{problem.dataset.name}, session {problem.exported.session.name}: {problem.dataset.source}",
        "licence": "as the data's owner decides",
        "command": "phosphene-train fit",
        "options": options,
    }
