"""One run of `phosphene-train linear`: training data and the configuration of `fit` in, a linear bundle out."""

import re
from pathlib import Path

import numpy as np
import torch

from ..bundle import write_json
from ..data import read_dataset
from ..data.types import TEST, TRAIN
from ..fit.card import model_card
from ..fit.config import FitConfig
from ..fit.evaluate import evaluate_bundle
from ..fit.evidence import fit_evidence
from ..fit.figures import draw_samples
from ..fit.folder import claim, whole_folder
from ..fit.measure import figures, headline, windows_of
from ..fit.problem import Problem, prepare
from ..fit.run import EVAL_WINDOWS, golden_inputs, provenance, refuse_broken, write_session
from ..fit.train import mixture
from ..windows import normalise
from .bundle import LinearBundle, write_linear_bundle
from .decoder import LinearBundleDecoder
from .fit import Examples, fit_linear
from .known import residue, trained_targets
from .method import METHODS, by_receptive_fields, by_ridge
from .targets import Labels, Targets, make_targets

CHUNK = 4096


def run_linear(config: FitConfig, data: Path, out: Path, windows: int, method: str = METHODS[0]) -> dict:
    """Everything, on the CPU; returns what metrics.json holds."""
    torch.manual_seed(config.train.seed)
    problem = prepare(config, read_dataset(data), "cpu")
    options = {**claim(out, config, data), "windows": windows, "method": method}
    labels = labels_of(problem)
    wanted = tuple((group.name, group.size) for group in config.latents.groups)
    targets = make_targets(problem.pictures, training_pictures(problem), wanted, labels)
    drawn = examples(problem, windows)
    by = by_receptive_fields(problem.pictures.float() / 127.5 - 1) if method == METHODS[1] else by_ridge
    model, estimate = fit_linear(drawn, targets, labels, config.denoiser.image, config.train.seed, by)
    evidence = fit_evidence(problem, model)
    metrics = {
        **estimate.chosen,
        "evidence": evidence.calibration,
        "linear": figures(problem, model, *(windows_of(problem, split) for split in (TRAIN, TEST))),
    }
    counts, _ = golden_inputs(problem)
    recording = problem.exported
    bundle = LinearBundle(
        config.name, model, list(recording.session.labels), recording.norm, config.window.bin_ms, evidence, counts,
        {**provenance(problem, options), "command": "phosphene-train linear"},
    )  # fmt: skip
    return finish(problem, bundle, targets, metrics, out)


def labels_of(problem: Problem) -> list[Labels]:
    """Every readout with what is known of each picture, values in their unit."""
    out = []
    for readout in problem.readouts:
        values = problem.targets[readout.name]
        if readout.name in problem.scales:
            mean, std = problem.scales[readout.name]
            values = values * std + mean
        out.append(Labels(readout, values))
    return out


def training_pictures(problem: Problem) -> torch.Tensor:
    """Indices of the pictures that training showed."""
    recording = problem.exported
    return torch.from_numpy(np.unique(recording.session.stimulus[recording.split == TRAIN]))


def examples(problem: Problem, windows: int) -> Examples:
    """Windows of the training split as `fit` has them."""
    recording, seed = problem.exported, problem.config.train.seed
    generator = torch.Generator().manual_seed(seed)
    parts = [mixture(problem, recording, min(CHUNK, windows - at), generator) for at in range(0, windows, CHUNK)]
    counts, stimulus, presentation = (
        torch.cat([getattr(p, name) for p in parts]) for name in ("counts", "stimulus", "presentation")
    )
    apart = presentation if problem.dataset.split_by == "trials" else stimulus
    return Examples(normalise(counts, recording.norm), stimulus, apart)


def taught(problem: Problem, targets: Targets, session: Path) -> dict:
    """Latents of the pictures that training showed, by the identifiers of their stimulus events."""
    train = training_pictures(problem)
    ids = [re.sub(r"\s+", "_", problem.dataset.ids[int(at)].strip()) for at in train]
    latents = targets.latents[train]
    return trained_targets(session, ids, latents, residue(targets.picture, latents, problem.pictures[train]))


def finish(problem: Problem, bundle: LinearBundle, targets: Targets, metrics: dict, out: Path) -> dict:
    """The bundle, measured by its own files and whole or not there."""
    folder = out / "bundle"
    with whole_folder(folder) as draft:
        write_session(problem, draft / "session")
        bundle.targets = taught(problem, targets, draft / "session")
        write_linear_bundle(bundle, draft)
        decoder = LinearBundleDecoder(draft)
        metrics["test"] = evaluate_bundle(decoder, problem.dataset, EVAL_WINDOWS[problem.config.size])
        bundle.metrics = headline(metrics, "linear")
        write_linear_bundle(bundle, draft)
        (draft / "MODEL_CARD.md").write_text(model_card(problem, metrics, "linear"))
        refuse_broken(draft)
        write_json(out / "metrics.json", metrics, indent=1)
        draw_samples(problem, decoder, out / "samples.png")
    return metrics
