"""An `optimise` bundle for a lab's own recording: encoders fitted to its training windows, and what they are worth."""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..bundle import write_json
from ..data import read_dataset
from ..data.types import TEST, TRAIN, VALIDATION
from ..evidence import auc, pearson, separate
from ..fit.config import FitConfig
from ..fit.folder import claim, whole_folder
from ..fit.problem import Problem, prepare
from ..fit.run import device_of, golden_inputs, provenance, refuse_broken, write_session
from ..fit.windows import Windows, repeat_draw
from ..windows import shuffle_units
from .bundle import OptimiseBundle, write_optimise_bundle
from .demo_run import loss_share
from .encoder import EncoderOptions, StillEncoder, poisson_loss
from .graph import Counts
from .inversion import Inversion, InversionOptions
from .plain_encoder import PlainEncoder
from .still_evaluate import descend_all, figures
from .still_train import StillTraining, fit_still_encoder

BLANKS = 0.05
"""Share of blanks among the training windows, where the recording has any; a grey picture belongs to them."""


@dataclass(frozen=True)
class OwnOptions:
    """Encoders, training windows, training of each encoder, iterations from grey that figures and threshold are of,
    windows that are measured."""

    encoders: int = 2
    windows: int = 20_000
    steps: int = 1500
    batch: int = 128
    seconds: float = 0.0
    iterations: int = 32
    measured: int = 200


def run_own(config: FitConfig, data: Path, out: Path, options: OwnOptions, descent: InversionOptions) -> dict:
    """Everything; returns what metrics.json holds."""
    torch.manual_seed(config.train.seed)
    problem = prepare(config, read_dataset(data), device_of(config.train.device))
    claimed = {**claim(out, config, data), "optimise": asdict(options)}
    models = fit_encoders(problem, options)
    recording = problem.exported
    share = loss_share(len(recording.session.labels), torch.device(problem.device))
    inversion = Inversion([PlainEncoder(model) for model in models], share, descent).to(problem.device)
    metrics = {"encoders": judge_encoders(problem, models, options.measured), **measure(problem, inversion, options)}
    bundle = OptimiseBundle(
        config.name, inversion, list(recording.session.labels), recording.norm, config.window.bin_ms,
        config.window.bins, calibrate(problem, inversion, options), golden_inputs(problem)[0][:1],
        provenance={**provenance(problem, claimed), "command": "phosphene-train optimise fit"}, metrics=metrics,
    )  # fmt: skip
    with whole_folder(out / "bundle") as draft:
        write_session(problem, draft / "session")
        write_optimise_bundle(bundle, draft)
        (draft / "MODEL_CARD.md").write_text(card(bundle, metrics))
        refuse_broken(draft)
    write_json(out / "metrics.json", metrics, indent=1)
    return metrics


def drawn(problem: Problem, split: int, kind: str, count: int, seed: int) -> Windows:
    """Random windows of the exported session."""
    generator = torch.Generator(problem.device).manual_seed(problem.config.train.seed + seed)
    return repeat_draw(problem.exported.source, split, kind, count, generator)


def pictures_of(problem: Problem, windows: Windows) -> Tensor:
    """What was shown [N, 3, S, S] in [-1, 1]; grey for a blank."""
    shown = problem.pictures[windows.stimulus.clamp(min=0)].float() / 127.5 - 1
    return shown * (windows.stimulus >= 0)[:, None, None, None]


def fit_encoders(problem: Problem, o: OwnOptions) -> list[StillEncoder]:
    """The ensemble; its training windows are drawn once."""
    parts = [drawn(problem, TRAIN, "inside", o.windows, 80)]
    if problem.exported.source.has(TRAIN, "blank"):
        parts.append(drawn(problem, TRAIN, "blank", max(1, round(BLANKS * o.windows)), 81))
    counts = torch.cat([part.counts.sum(1) for part in parts])
    stimulus = torch.cat([part.stimulus for part in parts])

    def draw(size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        at = torch.randint(len(counts), (size,), generator=generator, device=counts.device)
        nothing = torch.zeros(size, 0, device=counts.device)
        return pictures_of(problem, Windows(nothing, stimulus[at], stimulus[at])), counts[at]

    side = problem.config.denoiser.image
    shape = EncoderOptions(counts.shape[1], 3, side, side, dropout=0.2)
    training = StillTraining(o.steps, o.batch, 2e-3, 0.2, o.seconds / o.encoders)
    device, seed = torch.device(problem.device), problem.config.train.seed
    return [fit_still_encoder(shape, draw, training, device, seed + i) for i in range(o.encoders)]


@torch.no_grad()
def judge_encoders(problem: Problem, models: list[StillEncoder], windows: int) -> dict:
    """How well held-out windows are predicted: Poisson loss of the mean encoder and of each unit's mean count."""
    held = drawn(problem, TEST, "inside", windows, 82)
    counts = held.counts.sum(1)
    expected = torch.stack([model(pictures_of(problem, held)) for model in models]).mean(0)
    mean = drawn(problem, TRAIN, "inside", 2000, 83).counts.sum(1).mean(0).clamp(min=1e-3).expand_as(counts)
    losses = (float(poisson_loss(m, counts, 1e-6).mean()) for m in (expected, mean))
    return dict(zip(("loss", "lossOfTheMean"), (round(loss, 4) for loss in losses), strict=True))


def measure(problem: Problem, inversion: Inversion, o: OwnOptions) -> dict:
    """Figures of held-out windows from grey, and of the same with their units shuffled."""
    held = drawn(problem, TEST, "inside", o.measured, 84)
    generator = torch.Generator(problem.device).manual_seed(0)
    shown, shuffled = pictures_of(problem, held), shuffle_units(held.counts, generator)
    pairs = {"test": held.counts, "testUnitShuffled": shuffled}
    return {name: figures(descend_all(inversion, c.sum(1), o.iterations), shown) for name, c in pairs.items()}


@torch.no_grad()
def calibrate(problem: Problem, inversion: Inversion, o: OwnOptions) -> tuple[float, dict]:
    """The threshold of `explained` over the units that are kept out: validation windows against shuffled ones."""
    real = drawn(problem, VALIDATION, "inside", o.measured, 85).counts
    kinds = {"real": real, "unitShuffled": shuffle_units(real, torch.Generator(problem.device).manual_seed(1))}
    if problem.exported.source.has(VALIDATION, "blank"):
        kinds["blank"] = drawn(problem, VALIDATION, "blank", o.measured, 86).counts
    scores = {name: explained(problem, inversion, counts, o.iterations) for name, counts in kinds.items()}
    threshold = separate(scores["real"], scores["unitShuffled"], problem.config.evidence.loss)
    return threshold, {
        "how": "validation windows inside responses against windows whose units are shuffled, from grey",
        "windows": o.measured,
        "rejected": {name: round(float((score < threshold).mean()), 4) for name, score in scores.items()},
        "auc": {name: round(auc(scores["real"], score), 4) for name, score in scores.items() if name != "real"},
    }


def explained(problem: Problem, inversion: Inversion, counts: Tensor, iterations: int) -> np.ndarray:
    """Correlation over the units that are kept out, as the daemon has it [N]."""
    norm = Counts(problem.exported.norm, counts.shape[1]).to(counts.device)
    apart, total = inversion.share == 0, counts.sum(1)
    expected = norm.normalised(inversion.judge(descend_all(inversion, total, iterations), total)[0])
    observed = (counts.mean(1) - norm.mean) / norm.std
    return pearson(observed[:, apart], expected[:, apart]).cpu().numpy()


def card(bundle: OptimiseBundle, metrics: dict) -> str:
    """MODEL_CARD.md."""
    measured = {name: row for name, row in metrics.items() if "ssim" in row}
    rows = [
        f"| {name} | {m['correlation']:.3f} | {m['ssim']:.3f} | {m['twoWay']:.3f} |" for name, m in measured.items()
    ]
    fit, threshold = metrics["encoders"], bundle.explained[0]
    return f"""# {bundle.name}

Kind `optimise`, made by phosphene-train optimise fit: pictures are found by descending on the input of
{len(bundle.inversion.encoders)} encoding models. Held-out windows: Poisson loss {fit["loss"]:.3f}, that of every unit's
mean count {fit["lossOfTheMean"]:.3f}.

| single windows of held-out presentations, from grey | pixel correlation | SSIM | two-way |
|---|--:|--:|--:|
{chr(10).join(rows)}

A tenth of the units is kept out of the loss; a picture must explain them (correlation at least {threshold:.3f}).
"""
