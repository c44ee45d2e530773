"""The demo, end to end: stimuli, simulated cortex, VAE, denoiser, evaluation, bundle."""

import json
from dataclasses import asdict
from pathlib import Path

import torch

from .demo_bundle import write_demo
from .demo_run import IMAGE, TIMESTEPS, DemoOptions, Run, prepare
from .demo_stages import fit_denoiser, fit_vae
from .evaluate import Decoder, evaluate, session_noise
from .sheets import save_pairs
from .windows import sample_windows


def run_demo(emoji: Path, out: Path, device: str, options: DemoOptions, resume: Path | None = None) -> dict:
    """Train, evaluate, export; returns the metrics."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "options.json").write_text(json.dumps(asdict(options), indent=1) + "\n")
    torch.set_float32_matmul_precision("high")
    run = prepare(emoji, out, device, options, resume)
    vae = fit_vae(run)
    teacher, student = fit_denoiser(run, vae)
    preview(run, Decoder(vae, teacher, run.normalisation, TIMESTEPS), "teacher")
    decoder = Decoder(vae, student, run.normalisation, TIMESTEPS)
    preview(run, decoder, "student")
    metrics = measure(run, decoder)
    write_demo(run, decoder, metrics)
    (out / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n")
    return metrics


def measure(run: Run, decoder: Decoder) -> dict:
    """The figures of both held-out pools."""
    seed = run.options.seed + 10
    return {
        "heldOutRenderings": evaluate(decoder, run.cortex, run.population, run.pools.rendering, seed),
        "neverSeenObjects": evaluate(decoder, run.cortex, run.population, run.pools.unseen, seed + 1),
    }


def preview(run: Run, decoder: Decoder, name: str) -> None:
    """Sheets of 32 held-out renderings and 32 scenes of unseen objects, at every number of steps."""
    generator = torch.Generator(run.device).manual_seed(0)
    for kind, pool in (("rendering", run.pools.rendering), ("unseen", run.pools.unseen)):
        true = pool.images(slice(0, 32))
        index = torch.arange(len(true), device=true.device)
        counts = sample_windows(run.population, run.cortex.rates(true), index, "inside", generator).counts
        for steps in TIMESTEPS:
            decoded = decoder.decode(counts, session_noise(IMAGE, true.device), steps)
            save_pairs(true, decoded, run.out / "sheets" / f"{name}-{kind}-{steps}.png")
