"""Encoders of the demo's animal, a prior over its pictures, and how its held-out scenes come back."""

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from ..demo_run import Run
from ..denoiser import Denoiser
from ..half import round_to_half
from ..stage_files import load_state, save_state
from .encoder import EncoderOptions, StillEncoder, response_correlation
from .inversion import InversionOptions
from .plain_encoder import PlainEncoder
from .prior import Prior, prior_options, train_prior
from .sheet import picture_rows
from .still_data import record, trials
from .still_evaluate import compare_priors, compare_ways, descend_all, make
from .still_train import StillTraining, fit_still_encoder


@dataclass(frozen=True)
class DemoSizes:
    """Instances of the encoder; single trials they are fitted to; what training takes; scenes that are judged; the
    prior's width, blocks, steps and batch."""

    models: int = 4
    windows: int = 400_000
    training: StillTraining = field(default_factory=StillTraining)
    layers: tuple[tuple[int, int, int], ...] = EncoderOptions(1).layers
    judged: int = 256
    prior: tuple[int, int, int, int] = (256, 4, 12_000, 256)


def held_out(units: int, seed: int = 0) -> Tensor:
    """A tenth of the units, which no descent looks at: their responses tell how good its picture is. Ascending."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randperm(units, generator=generator)[: max(2, round(units / 10))].sort().values


def loss_share(units: int, device: torch.device) -> Tensor:
    """1 for units in the loss, 0 for those that are kept out of it [U]."""
    share = torch.ones(units, device=device)
    share[held_out(units).to(device)] = 0
    return share


def fit_demo(run: Run, sizes: DemoSizes, seconds: float) -> list[StillEncoder]:
    """The ensemble, trained or read from what is resumed; each gets an even share of `seconds` (0: no limit)."""
    units, out, data = run.main.population.units, [], None
    for seed in range(sizes.models):
        options = EncoderOptions(units, layers=sizes.layers)
        model = StillEncoder(options).to(run.device).eval().requires_grad_(False)
        if not load_state(model, f"encoder-{seed}", run.resume):
            data = data or record(run.main, run.pools.train, sizes.windows, run.options.seed)
            training = StillTraining(**{**asdict(sizes.training), "seconds": seconds / sizes.models})
            model = fit_still_encoder(options, data.draw, training, run.device, seed)
        save_state(round_to_half(model), f"encoder-{seed}", run.out)
        out.append(model)
    return out


def fit_prior(run: Run, sizes: DemoSizes, seconds: float) -> Prior:
    """The prior, trained or read."""
    width, blocks, steps, batch = sizes.prior
    options = prior_options(64, width, blocks)
    model = Denoiser(options).to(run.device).eval().requires_grad_(False)
    if not load_state(model, "prior", run.resume):
        model = train_prior(run.pools.train, options, steps, batch, seconds, run.options.seed)
    save_state(round_to_half(model), "prior", run.out)
    return Prior(model).eval()


def run_demo(run: Run, sizes: DemoSizes, seconds: float) -> dict:
    """Fit, judge, and write report.json, pictures and the weights; `seconds` in all (0: as long as it takes)."""
    end = time.monotonic() + seconds if seconds else float("inf")
    report = {"sizes": asdict(sizes)}
    models = fit_demo(run, sizes, 0.3 * seconds)
    plain = [PlainEncoder(model).to(run.device) for model in models]
    share = loss_share(run.main.population.units, run.device)
    views = {"heldOutRenderings": run.pools.rendering, "neverSeenObjects": run.pools.unseen}
    trial = {name: trials(run.main, pool, run.options.seed + 100).sum(1) for name, pool in views.items()}
    report["encoders"] = {
        name: judge_encoders(models, pool.images(slice(None)), trial[name]) for name, pool in views.items()
    }
    prior = fit_prior(run, sizes, 0.3 * seconds)
    for number, (name, pool) in enumerate(views.items()):
        shown, counts = pool.images(slice(0, sizes.judged)), trial[name][: sizes.judged]
        row = report[name] = {"ways": compare_ways(plain, share, counts, shown)}
        write(report, run.out)
        for smooth in (1.0, 2.0, 0.0):
            inversion = make(plain, share, InversionOptions(smooth=smooth, blur=0.0))
            stop = end - 0.02 * seconds - (0.2 * seconds if number == 0 else 0)
            found, sheet = compare_priors(prior, inversion, counts, shown, 0, lambda at=stop: time.monotonic() < at)
            row[f"prior, smooth {smooth:g}"] = found
            write(report, run.out)
            if smooth == 1:
                rows = {"shown": shown[:8], "descent": descend_all(inversion, counts[:8], 32), **sheet}
                picture_rows(rows, run.out / f"ways-{name}.png")
    return report


def write(report: dict, out: Path) -> None:
    (out / "report.json").write_text(json.dumps(report, indent=1))


@torch.no_grad()
def judge_encoders(models: list[StillEncoder], pictures: Tensor, counts: Tensor) -> dict:
    """Correlation with the counts of single trials of held-out scenes, mean over units: each, and their mean."""
    found = [torch.cat([model(part) for part in pictures.split(256)]) for model in models]
    each = [round(float(response_correlation(e, counts).mean()), 4) for e in found]
    mean = round(float(response_correlation(torch.stack(found).mean(0), counts).mean()), 4)
    return {"each": each, "mean": mean, "trials": len(counts)}
