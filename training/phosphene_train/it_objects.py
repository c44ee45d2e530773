"""phosphene-train it-objects: the bundle of seven objects at three positions, from macaque IT rasters."""

import argparse
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from rich.console import Console

from .bundle import Bundle, write_bundle, write_json
from .denoiser import Denoiser
from .diffusion import TIMESTEPS
from .evidence import Evidence, score
from .evidence_kinds import calibrate_kinds
from .golden import Normalisation
from .half import round_to_half
from .it_evaluate import best_end, held_out_windows, shuffled, windows_at
from .it_fit import FitOptions, fit_denoiser, fit_vae, stream_normalisation
from .it_pictures import find_assets, render, targets
from .it_recording import ONSET_MS, TRIAL_MS, Recording, load_recording
from .it_report import measure
from .it_session import write_recording_session
from .it_show import grid, model_card, print_tables
from .it_windows import LATENCY_MS, Trials, select
from .vae import GroupVae
from .windows import normalise, shuffle_moments

DATA = "macaque IT, 132 single neurons, 7 objects x 3 positions (Zhang, Meyers et al. 2011; emeyers/NeuroDecodeR)"
LICENCE = "recording: GPL-3 package; weights made from it are not to be redistributed"

LOSS = 0.1  # share of response windows that may be refused: the late response is weak in single trials


@dataclass(frozen=True)
class Model:
    """What training makes."""

    vae: GroupVae
    denoiser: Denoiser
    norm: Normalisation


def fit_options(options: argparse.Namespace) -> FitOptions:
    base = FitOptions(bins=(20, options.bins), seed=options.seed)
    steps = {name: max(1, round(getattr(base, name) * options.steps)) for name in ("vae_steps", "denoiser_steps")}
    return replace(base, **steps)


def run(options: argparse.Namespace) -> None:
    """Load, train, calibrate, measure, write."""
    started, console = time.monotonic(), Console()
    device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    recording = load_recording(options.recording)
    pictures = render(find_assets(options.emoji))
    fit = fit_options(options)
    shown = targets(pictures, device)
    train = select(recording, ~recording.held_out, device)
    test = select(recording, recording.held_out, device)
    model = train_model(train, shown, fit)
    console.print(f"trained on {device} in {time.monotonic() - started:.0f} s")
    evidence = calibrate_evidence(model, test, fit, 40 * options.each)
    report = measure(model, recording, (train, test), shown[:-1], fit, options.each, curves=not options.no_curves)
    report["trainingSeconds"] = round(time.monotonic() - started, 1)
    report["evidence"] = evidence.calibration
    grid(model, test, pictures, shown, fit).save(make(options.out) / "decoded.png")
    write(options, fit, recording, model, evidence, report, pictures, test)
    print_tables(console, report)


def make(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def train_model(train: Trials, shown: torch.Tensor, fit: FitOptions) -> Model:
    """Normalisation, VAE and denoiser from training trials; weights rounded as the bundle stores them."""
    norm = stream_normalisation(train, fit)
    vae = round_to_half(fit_vae(train, norm, fit))
    return Model(vae, round_to_half(fit_denoiser(vae, train, norm, shown, fit)).eval(), norm)


def calibrate_evidence(model: Model, test: Trials, fit: FitOptions, count: int) -> Evidence:
    """Windows wholly inside the response against baseline windows, and against others with shuffled units or times."""
    length = fit.bins[0] * fit.bins[1]
    inside = (ONSET_MS + LATENCY_MS + length, TRIAL_MS)
    moments = torch.Generator(test.cumulative.device).manual_seed(16)
    counts = {
        "real": windows_at(test, *inside, count, fit, seed=11).counts,
        "blank": windows_at(test, min(length, ONSET_MS), ONSET_MS, count, fit, seed=12).counts,
        "unitShuffled": shuffled(windows_at(test, *inside, count, fit, seed=13).counts, seed=14),
        "timeShuffled": shuffle_moments(windows_at(test, *inside, count, fit, seed=15).counts, moments),
    }
    scores = {name: score(model.vae, normalise(c, model.norm)) for name, c in counts.items()}
    return calibrate_kinds(scores.pop("real"), scores, loss=LOSS)


def write(options, fit, recording: Recording, model: Model, evidence: Evidence, report: dict, pictures, test) -> None:
    """The bundle folder, its session, metrics.json and model card."""
    rng = np.random.default_rng(options.seed)
    counts = held_out_windows(test, best_end(fit), 1, fit, seed=21).counts[[2, 10]].cpu().numpy()
    noise = rng.standard_normal((2, *pictures.shape[1:])).transpose(0, 3, 1, 2).astype(np.float32)
    keys = ("bins", "steps", "seed")
    bundle = Bundle(
        "it-objects", model.vae.cpu(), model.denoiser.cpu(), list(recording.labels), model.norm, fit.bins[0],
        TIMESTEPS, evidence, counts, noise,
        provenance={
            "generator": "phosphene-train", "seed": options.seed, "data": DATA, "licence": LICENCE,
            "command": "phosphene-train it-objects", "options": {key: getattr(options, key) for key in keys},
        },
        metrics=report["headline"],
    )  # fmt: skip
    write_bundle(bundle, options.out)
    write_recording_session(options.out / "session", recording.labels, pictures)
    write_json(options.out / "metrics.json", report, indent=1)
    (options.out / "MODEL_CARD.md").write_text(model_card(report))
