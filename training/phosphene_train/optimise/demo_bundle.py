"""The demo animal's `optimise` bundle: what the daemon runs, with the threshold of its evidence and a card."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..demo_run import Run
from ..evidence import auc, pearson, separate
from ..session import unit_labels
from ..windows import BIN_MS, BINS, sample_windows, shuffle_units
from .bundle import LADDER, Guidance, OptimiseBundle, write_optimise_bundle
from .demo_run import loss_share
from .encoder import StillEncoder
from .graph import Counts
from .inversion import OUTPUTS, Inversion, InversionOptions
from .plain_encoder import PlainEncoder
from .prior import Prior, guided, times
from .still_data import trials
from .still_evaluate import CHUNK, figures

LIVE = InversionOptions(rate=8.0, smooth=3.0, blur=2.0, ensemble=OUTPUTS)
"""A few iterations a frame must get somewhere: larger steps, and gradients without the detail that is noise."""
GUIDED = InversionOptions(smooth=2.0, blur=0.0)
"""Under a prior, which knows what pictures look like in detail. Both as docs/decoders.md has measured them."""
CALIBRATED = 512
"""Windows of each kind for the threshold."""


@dataclass(frozen=True)
class BundleSizes:
    """Encoders, iterations from grey that the threshold and the figures are of, windows of each kind."""

    encoders: int = 2
    iterations: int = 32
    windows: int = CALIBRATED


def write_demo_bundle(
    run: Run,
    models: list[StillEncoder],
    prior: Prior | None,
    sizes: BundleSizes,
    folder: Path,
    command: str,
    like: Path | None = None,
) -> dict:
    """Write the bundle, with a prior or without; returns its metrics. What is measured is read from the manifest `like`
    of the same bundle that was made elsewhere, where there is one."""
    population, norm = run.main.population, run.main.normalisation
    share = loss_share(population.units, run.device)
    plain = [PlainEncoder(model).to(run.device) for model in models[: sizes.encoders]]
    inversion = Inversion(plain, share, GUIDED if prior else LIVE).to(run.device)
    guidance = Guidance(prior) if prior else None
    if like:
        known = json.loads(like.read_text())
        metrics, evidence = known["metrics"], known["evidence"]
        explained_by = (evidence["explainedThreshold"], evidence["calibration"])
    else:
        find = finder(inversion, guidance, sizes, run)
        metrics = {name: measure(run, name, find, sizes.windows) for name in ("heldOutRenderings", "neverSeenObjects")}
        explained_by = calibrate(run, inversion, find, sizes.windows)
    bundle = OptimiseBundle(
        "demo-optimise-prior" if prior else "demo-optimise", inversion, unit_labels(population.units), norm,
        BIN_MS, BINS, explained_by,
        trials(run.main, run.pools.rendering, run.options.seed + 7)[:1].cpu().numpy(), guidance,
        provenance={
            "generator": "phosphene-train", "seed": run.options.seed, "data": "simulated cortex, emoji (MIT)",
            "licence": "Apache-2.0", "command": command, "options": {**asdict(sizes), "ladder": LADDER},
        },
        metrics=metrics,
    )  # fmt: skip
    write_optimise_bundle(bundle, folder)
    (folder / "MODEL_CARD.md").write_text(card(bundle, metrics))
    return metrics


def finder(inversion: Inversion, guidance: Guidance | None, sizes: BundleSizes, run: Run):
    """Counts [N, U] -> shown pictures [N, C, H, W] from grey, with as much work as the largest step of the ladder."""
    noise = torch.randn(inversion.grey(1)[0].shape[1:], generator=run.generator(70), device=run.device)

    @torch.no_grad()
    def find(counts: Tensor) -> Tensor:
        out = []
        for part in counts.split(CHUNK):
            if guidance:
                path, x = times(1.0, guidance.runs[-1]), noise.expand(len(part), -1, -1, -1)
                found = guided(guidance.prior, inversion, part, x, path, guidance.scale, guidance.inner)[:, None]
            else:
                found = inversion(*inversion.grey(len(part)), 0, part, sizes.iterations)[0]
            out.append(inversion.shown(found))
        return torch.cat(out)

    return find


def measure(run: Run, name: str, find, windows: int) -> dict:
    """Figures of single trials of held-out scenes, from grey."""
    pool = run.pools.rendering if name == "heldOutRenderings" else run.pools.unseen
    counts = trials(run.main, pool, run.options.seed + 100).sum(1)[:windows]
    return figures(find(counts), pool.images(slice(0, len(counts))))


@torch.no_grad()
def calibrate(run: Run, inversion: Inversion, find, windows: int) -> tuple[float, dict]:
    """The threshold of `explained`, the correlation over the units that are kept out of the loss: real windows against
    blanks and windows whose units are shuffled."""
    kinds = calibration_windows(run, windows)
    scores = {name: explained(run, inversion, find, counts) for name, counts in kinds.items()}
    real = scores["real"].numpy()
    threshold = separate(real, scores["unitShuffled"].numpy(), 0.02)
    return threshold, {
        "how": "windows inside responses to held-out scenes against blanks and shuffled units, from grey",
        "windows": windows,
        "rejected": {name: round(float((score < threshold).float().mean()), 4) for name, score in scores.items()},
        "auc": {name: round(auc(real, score.numpy()), 4) for name, score in scores.items() if name != "real"},
        "median": {name: round(float(score.median()), 4) for name, score in scores.items()},
    }


def calibration_windows(run: Run, count: int) -> dict[str, Tensor]:
    """Counts [N, W, U] of each kind."""
    subject, pool, generator = run.main, run.pools.rendering, run.generator(71)
    index = torch.arange(count, device=run.device) % len(pool)
    inside, blank = (
        sample_windows(subject.population, subject.driven(pool), index, kind, generator).counts
        for kind in ("inside", "blank")
    )
    return {"real": inside, "blank": blank, "unitShuffled": shuffle_units(inside, generator)}


def explained(run: Run, inversion: Inversion, find, counts: Tensor) -> Tensor:
    """Correlation over held-out units of observed and expected activity, as the daemon has it [N]."""
    norm = Counts(run.main.normalisation, BINS).to(run.device)
    apart = inversion.share == 0
    expected = inversion.judge(find(counts.sum(1)), counts.sum(1))[0]
    observed = (counts.mean(1) - norm.mean) / norm.std
    return pearson(observed[:, apart], norm.normalised(expected)[:, apart]).cpu()


def card(bundle: OptimiseBundle, metrics: dict) -> str:
    """MODEL_CARD.md."""
    rows = [f"| {name} | {m['correlation']:.3f} | {m['ssim']:.3f} | {m['twoWay']:.3f} |" for name, m in metrics.items()]
    threshold, how = bundle.explained
    prior = "a diffusion prior over the demo's scenes (energy-guided DDIM)" if bundle.guidance else "no prior"
    return f"""# {bundle.name}

Kind `optimise`: pictures of the simulated animal of models/demo, found by descending on the input of
{len(bundle.inversion.encoders)} encoding models that were fitted to its single trials; {prior}.

| single trials, from grey | pixel correlation | SSIM | two-way |
|---|--:|--:|--:|
{chr(10).join(rows)}

A tenth of the units is kept out of the loss; a picture must explain them (correlation at least {threshold:.3f}) to be
shown. Rejected: {how["rejected"]}.

Limits: an encoding model of few units says little about fine detail; what is drawn there without a prior is noise.
"""
