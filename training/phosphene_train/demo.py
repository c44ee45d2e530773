"""The demo, end to end: stimuli, simulated animals, VAE, teacher, student, evaluation, bundle."""

import json
import time
from dataclasses import asdict, replace
from pathlib import Path

import torch

from .demo_bundle import write_demo
from .demo_guide import bench, choose_weight
from .demo_measure import calibrate_posterior, disentanglement, fit_evidence, neural
from .demo_run import IMAGE, DemoOptions, Run, prepare
from .demo_stages import fit_denoiser, fit_vae
from .diffusion import TIMESTEPS
from .evaluate import Decoder, evaluate, session_noise
from .ladder import ladder
from .multi_session import single
from .pool import Pools
from .sheets import save_pairs
from .windows import sample_windows


def run_demo(emoji: Path, out: Path, device: str, options: DemoOptions, resume: Path | None = None) -> dict:
    """Train, evaluate, export; returns the metrics."""
    started = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    (out / "options.json").write_text(json.dumps(asdict(options), indent=1) + "\n")
    torch.set_float32_matmul_precision("high")
    run = prepare(emoji, out, device, options, resume)
    shared = fit_vae(run)
    vae = single(shared, run.subjects.index(run.main))
    teacher, student = fit_denoiser(run, vae)
    plain = fit_vae(run, plain=True)
    metrics = {"trainingSeconds": round(time.monotonic() - started, 1), "neural": neural(run, shared, plain)}
    decoder = Decoder(vae, student, run.main.normalisation, TIMESTEPS, choose_weight(run, vae, student, TIMESTEPS))
    preview(run, replace(decoder, denoiser=teacher, guidance=1.0), "teacher")
    preview(run, decoder, "student")
    metrics |= measure(run, decoder, teacher)
    write_demo(run, decoder, metrics)
    metrics["totalSeconds"] = round(time.monotonic() - started, 1)
    (out / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n")
    return metrics


def measure(run: Run, decoder: Decoder, teacher: torch.nn.Module) -> dict:
    """The figures of the main animal; its posterior is calibrated on the way, which changes no mu."""
    seed, s = run.options.seed + 10, run.main
    many = Pools(run.objects, 0, run.options.ladder, IMAGE, run.options.seed + 100).rendering
    held = bench(run, decoder.vae, many, 70)
    return {
        "posterior": calibrate_posterior(run, decoder.vae),
        "guidance": decoder.guidance,
        "heldOutRenderings": evaluate(decoder, s.cortex, s.population, run.pools.rendering, seed),
        "neverSeenObjects": evaluate(decoder, s.cortex, s.population, run.pools.unseen, seed + 1),
        "disentanglement": disentanglement(run, decoder.vae),
        "ladder": {
            "windows": len(held.cond),
            "rows": ladder(held, teacher, decoder.denoiser, decoder.guidance, decoder.timesteps),
        },
        "evidence": fit_evidence(run, decoder.vae),
    }


def preview(run: Run, decoder: Decoder, name: str) -> None:
    """Sheets of 32 held-out renderings and 32 scenes of unseen objects, at every number of steps."""
    s = run.main
    for kind, pool in (("rendering", run.pools.rendering), ("unseen", run.pools.unseen)):
        true = pool.images(slice(0, 32))
        index = torch.arange(len(true), device=true.device)
        counts = sample_windows(s.population, s.cortex.rates(true), index, "inside", run.generator(30)).counts
        for steps in TIMESTEPS:
            decoded = decoder.decode(counts, session_noise(IMAGE, true.device), steps)
            save_pairs(true, decoded, run.out / "sheets" / f"{name}-{kind}-{steps}.png")
