"""One run of `phosphene-train direct`: training data and the configuration of `fit` in, a direct bundle out."""

from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..bundle import write_json
from ..data import read_dataset
from ..data.types import TEST, TRAIN, VALIDATION
from ..fit.card import model_card
from ..fit.config import FitConfig
from ..fit.evaluate import evaluate_bundle
from ..fit.evidence import calibrate_posterior, fit_evidence
from ..fit.figures import draw_samples
from ..fit.folder import claim, stage, whole_folder
from ..fit.measure import figures, headline, windows_of
from ..fit.pictures import shown_pictures
from ..fit.problem import Problem, prepare
from ..fit.read_config import ConfigError
from ..fit.run import EVAL_WINDOWS, device_of, golden_inputs, provenance, refuse_broken, write_session
from ..fit.train import fit_vae, mixture, new_vae
from ..fit.windows import repeat_draw
from ..multi_session import single
from ..vae import GroupVae
from ..windows import normalise, silence
from .augment import thin
from .bundle import DirectBundle, write_direct_bundle
from .decoder import DirectBundleDecoder
from .few import decoded
from .mei import MeiOptions, fit_maps
from .model import DirectModel, DirectOptions
from .objective import Weights, objective
from .painter import PainterOptions
from .quantise import round_to_int8
from .watched import Watched, train_watched

WEIGHTS = Weights(perceptual=0.0)
"""There is no picture network for a lab's own pictures."""


@dataclass(frozen=True)
class DirectSizes:
    """steps and batch; windows that the maps are fitted to, steps of their encoding network; channels, context."""

    steps: int
    batch: int
    windows: int
    encoding_steps: int
    widths: tuple[int, int, int, int]
    context: int = 8


SIZES = {
    "smoke": DirectSizes(60, 24, 1500, 0, (24, 24, 16, 8), 3),
    "small": DirectSizes(1200, 32, 10_000, 400, (48, 48, 24, 12)),
    "full": DirectSizes(8000, 128, 40_000, 2000, (128, 96, 48, 20)),
}
"""By the configuration's `size`. A small one takes some minutes on two cores."""


def run_direct(config: FitConfig, data: Path, out: Path, seconds: int) -> dict:
    """Everything; returns what metrics.json holds. The VAE of a run that was stopped is kept."""
    torch.manual_seed(config.train.seed)
    sizes, problem = SIZES[config.size], prepare(config, read_dataset(data), device_of(config.train.device))
    options = {**claim(out, config, data), "direct": asdict(sizes)}
    shared = stage(out, "vae", new_vae(problem), lambda: fit_vae(problem, out))
    vae = single(shared, 0)
    metrics: dict = {"posterior": calibrate_posterior(problem, vae)}
    model, metrics["maps"] = new_model(problem, vae, sizes)
    validation = held_pairs(problem)
    model, metrics["training"] = train_watched(
        model,
        lambda current: error(current, *next_pair(problem, sizes)),
        lambda average: float(error(average, *validation)),
        Watched(sizes.steps, seconds),
    )
    round_to_int8(model.eval().requires_grad_(False))
    evidence = fit_evidence(problem, model.vae)
    metrics |= {
        "evidence": evidence.calibration,
        "groupVae": figures(problem, model.vae, *(windows_of(problem, split) for split in (TRAIN, TEST))),
    }
    counts, _ = golden_inputs(problem)
    recording = problem.exported
    bundle = DirectBundle(
        config.name, model, list(recording.session.labels), recording.norm, config.window.bin_ms, evidence, counts,
        {**provenance(problem, options), "command": "phosphene-train direct"},
    )  # fmt: skip
    return finish(problem, bundle, metrics, out)


def new_model(problem: Problem, vae: GroupVae, sizes: DirectSizes) -> tuple[DirectModel, dict]:
    """Maps from training windows inside responses, an untrained painter, the mean picture; the VAE is fixed."""
    recording, side = problem.exported, problem.config.denoiser.image
    if side % 8:
        raise ConfigError(f"denoiser.image: expected a multiple of 8 for a direct decoder, got {side}")
    painter = PainterOptions(side, 3, sizes.widths, 12)
    generator = torch.Generator(problem.device).manual_seed(problem.config.train.seed + 5)
    drawn = repeat_draw(recording.source, TRAIN, "inside", sizes.windows, generator)
    pictures = shown_pictures(problem.pictures, drawn.stimulus)
    responses = normalise(drawn.counts, recording.norm).mean(1)
    mei = MeiOptions(sizes.encoding_steps, sizes.batch, 40, problem.config.train.seed)
    maps, found = fit_maps(pictures, responses, painter.map_side, mei)
    torch.manual_seed(problem.config.train.seed)
    base = pictures.mean(0).half().float().cpu()
    model = DirectModel(vae.requires_grad_(False), maps.cpu(), DirectOptions(painter, sizes.context), base)
    return model.to(problem.device), found


def next_pair(problem: Problem, sizes: DirectSizes) -> tuple[Tensor, Tensor]:
    """Training windows (thinned, moved, some units silent) and their pictures, mid-grey for a blank."""
    recording, config = problem.exported, problem.config
    seed = int(torch.randint(2**31, ()))
    generator = torch.Generator(problem.device).manual_seed(seed)
    drawn = mixture(problem, recording, sizes.batch, generator)
    window = normalise(thin(drawn.counts, 0.7), recording.norm)
    window = silence(window, max(0.1, config.vae.unit_dropout), generator)
    return window, shown_pictures(problem.pictures, drawn.stimulus)


def held_pairs(problem: Problem) -> tuple[Tensor, Tensor]:
    """Windows of the validation split inside responses, with their pictures."""
    generator = torch.Generator(problem.device).manual_seed(problem.config.train.seed + 6)
    drawn = repeat_draw(problem.exported.source, VALIDATION, "inside", 256, generator)
    return normalise(drawn.counts, problem.exported.norm), shown_pictures(problem.pictures, drawn.stimulus)


def error(model: DirectModel, window: Tensor, pictures: Tensor) -> Tensor:
    """The loss, a scalar."""
    return torch.stack(list(objective(decoded(model, window), pictures, WEIGHTS, None).values())).sum()


def finish(problem: Problem, bundle: DirectBundle, metrics: dict, out: Path) -> dict:
    """The bundle, measured by its own files and whole or not there."""
    with whole_folder(out / "bundle") as draft:
        write_direct_bundle(bundle, draft)
        decoder = DirectBundleDecoder(draft)
        metrics["test"] = evaluate_bundle(decoder, problem.dataset, EVAL_WINDOWS[problem.config.size])
        bundle.metrics = headline(metrics)
        write_direct_bundle(bundle, draft)
        write_session(problem, draft / "session")
        (draft / "MODEL_CARD.md").write_text(model_card(problem, metrics, "direct"))
        refuse_broken(draft)
        write_json(out / "metrics.json", metrics, indent=1)
        draw_samples(problem, decoder, out / "samples.png")
    return metrics
