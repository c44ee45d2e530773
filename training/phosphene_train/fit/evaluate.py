"""`phosphene-train eval`: what a bundle does on the test split of a dataset, by its ONNX graphs alone."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..data import DataError, Dataset, Session
from ..data.types import TEST, TRAIN
from ..evidence import Scores, auc
from ..metrics import neural_r2, r2, repeat_mean, top1
from ..windows import shuffle_units
from .bundle_decoder import BundleDecoder
from .picture_metrics import controls, picture_figures
from .pictures import shown_pictures, to_side
from .problem import FOREIGN, foreign_pictures
from .windows import CountSource, Source, Windows, WindowShape, repeat_draw, source_of

LATENCY_MS = 70.0
"""Of bundles that do not say theirs."""


@dataclass(frozen=True)
class EvalOptions:
    """windows: test windows to encode; pictures: how many of them to decode; samples: noise samples of each."""

    windows: int = 1000
    pictures: int = 200
    samples: int = 4
    seed: int = 0


@dataclass(frozen=True)
class TestSet:
    """The test side of a session: its windows, and all pictures uint8 [P, 3, S, S]."""

    session: Session
    source: Source
    windows: Windows
    pictures: Tensor
    train: Tensor
    """Indices of the pictures that training showed."""


def evaluate_bundle(decoder: BundleDecoder, dataset: Dataset, options: EvalOptions) -> dict:
    """Every figure, as JSON has it."""
    test = test_set(decoder, dataset, options)
    counts = test.windows.counts.numpy()
    found = decoder.encode(counts)
    generator = torch.Generator().manual_seed(options.seed + 1)
    shuffled = decoder.encode(shuffle_units(test.windows.counts, generator).numpy())
    return {
        "session": test.session.name,
        "windows": len(counts),
        "presentations": int(test.windows.presentation.unique().numel()),
        "stimuli": int(test.windows.stimulus.unique().numel()),
        "readouts": readouts(decoder, dataset, found, test.windows.stimulus),
        "readoutsUnitShuffled": readouts(decoder, dataset, shuffled, test.windows.stimulus),
        "neural": neural(decoder, found, test.windows),
        "pictures": pictures(decoder, found, shuffled, test, options),
        "evidence": evidence(decoder, test, found, shuffled, options),
    }


def test_set(decoder: BundleDecoder, dataset: Dataset, options: EvalOptions) -> TestSet:
    """Windows inside responses of the test split of the session that has the bundle's units."""
    manifest = decoder.manifest
    labels = tuple(manifest["units"]["labels"])
    matching = [session for session in dataset.sessions if session.labels == labels]
    if not matching:
        raise DataError(
            f"{dataset.name}: expected a session with the {len(labels)} units of bundle {manifest['name']}, found "
            f"{', '.join(f'{s.name} ({len(s.labels)} units)' for s in dataset.sessions)}"
        )
    session = matching[0]
    latency = fit_option(manifest, "window", "latency_ms", LATENCY_MS)
    shape = WindowShape(float(manifest["bins"]["widthMs"]), manifest["bins"]["window"], latency)
    foreign = foreign_pictures(fit_option(manifest, "data", "foreign", {}), dataset)
    source = source_of(session, np.where(foreign[session.stimulus], FOREIGN, session.split), shape, "cpu")
    if not source.has(TEST, "inside"):
        raise DataError(
            f"session {session.name}, split test: expected presentations with room for a window, found none"
        )
    drawn = test_windows(source, options)
    train = torch.from_numpy(np.unique(session.stimulus[session.split == TRAIN]))
    return TestSet(session, source, drawn, to_side(dataset.pictures, decoder.side), train)


def test_windows(source: Source, options: EvalOptions) -> Windows:
    """Random windows of spikes; of aligned counts every presentation once at most."""
    generator = torch.Generator().manual_seed(options.seed)
    if isinstance(source, CountSource):
        return source.once(TEST, options.windows, generator)
    return repeat_draw(source, TEST, "inside", options.windows, generator)


def fit_option(manifest: dict, section: str, name: str, default):
    """An option that `fit` wrote into the bundle, or the default for a bundle of another origin."""
    options = manifest["provenance"].get("options")
    found = options.get(section) if isinstance(options, dict) else None
    return found.get(name, default) if isinstance(found, dict) else default


def readouts(decoder: BundleDecoder, dataset: Dataset, found: dict, stimulus: Tensor) -> dict:
    """Top-1 of every class readout with its chance (the commonest class), R^2 of every value, over known labels."""
    out = {}
    for readout in decoder.manifest["readouts"]:
        name = readout["name"]
        labels, predicted = dataset.labels.get(name), torch.from_numpy(found[f"readout_{name}"])
        if labels is None:
            continue
        if readout["kind"] == "class":
            at = {label: i for i, label in enumerate(readout["labels"])}
            index = torch.tensor([at.get(label, -1) for label in labels.names] + [-1])
            truth = index[torch.from_numpy(labels.ids)[stimulus]]
            known = truth >= 0
            if known.any():
                common = torch.bincount(truth[known]).max() / known.sum()
                top = round(top1(predicted[known], truth[known]), 4)
                out[name] = {"top1": top, "chance": round(float(common), 4), "windows": int(known.sum())}
        else:
            truth = torch.from_numpy(labels.values)[stimulus]
            known = ~truth.isnan().any(1)
            if known.sum() > 1:
                values = dict(zip(readout["labels"], r2(predicted[known], truth[known]), strict=True))
                out[name] = {"r2": values, "windows": int(known.sum())}
    return out


def neural(decoder: BundleDecoder, found: dict, windows: Windows) -> dict[str, float]:
    """Neural R^2 of single windows, and of means over the windows of a stimulus (metrics.neural_r2)."""
    observed = torch.from_numpy(decoder.windows(windows.counts.numpy()).mean(1))
    expected = torch.from_numpy(found["expected"])
    means = (repeat_mean(values, windows.stimulus) for values in (observed, expected))
    return {"r2": round(neural_r2(observed, expected), 4), "r2RepeatAveraged": round(neural_r2(*means), 4)}


def pictures(decoder: BundleDecoder, found: dict, shuffled: dict, test: TestSet, options: EvalOptions) -> dict:
    """Figures of decoded pictures at 1, 2 and 4 steps: mean and best of the noise samples apart, and the controls."""
    count = min(options.pictures, len(test.windows.stimulus))
    seeds = [options.seed + i for i in range(options.samples if decoder.seeded else 1)]
    stimulus = test.windows.stimulus[:count]
    true = shown_pictures(test.pictures, stimulus)
    known = shown_pictures(test.pictures, test.train)
    out: dict = {"windows": count, "samples": len(seeds), "chance": {"twoWay": 0.5}}
    for steps in decoder.steps:
        decoded = torch.from_numpy(decoder.pictures(steps, found, slice(count), seeds))
        out[steps] = picture_figures(decoded, true, stimulus)
    noise = torch.from_numpy(decoder.pictures(decoder.steps[-1], shuffled, slice(count), seeds[:1]))
    out["controls"] = controls(noise, decoded[:, 0], true, known, stimulus)
    return out


def scores(decoder: BundleDecoder, counts: np.ndarray, found: dict) -> Scores:
    """The daemon's evidence of raw windows."""
    mu, logvar = found["mu"], found["logvar"]
    bits = 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(1) / math.log(2)
    a, b = (x - x.mean(1, keepdims=True) for x in (decoder.windows(counts).mean(1), found["expected"]))
    scale = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return Scores(bits, (a * b).sum(1) / np.maximum(scale, 1e-9), mu)


def evidence(decoder: BundleDecoder, test: TestSet, found: dict, shuffled: dict, options: EvalOptions) -> dict:
    """Share of windows that the daemon would not show, and areas under the ROC curve, on the test split."""
    counts = test.windows.counts.numpy()
    kinds = {"real": scores(decoder, counts, found)}
    generator = torch.Generator().manual_seed(options.seed + 1)
    kinds["unitShuffled"] = scores(decoder, shuffle_units(test.windows.counts, generator).numpy(), shuffled)
    for name, split, kind in (("blank", TEST, "blank"), ("foreign", FOREIGN, "inside")):
        if test.source.has(split, kind):
            drawn = repeat_draw(test.source, split, kind, options.windows, generator).counts.numpy()
            kinds[name] = scores(decoder, drawn, decoder.encode(drawn))
    out = {name: {"windows": len(s.bits), "rejected": rejected(decoder, s)} for name, s in kinds.items()}
    for name, s in kinds.items():
        if name != "real":
            out[name]["aucBits"] = round(auc(kinds["real"].bits, s.bits), 4)
            out[name]["aucExplained"] = round(auc(kinds["real"].explained, s.explained), 4)
    return out


def rejected(decoder: BundleDecoder, s: Scores) -> float:
    """Share of windows shown as no-reconstruction."""
    e = decoder.manifest["evidence"]
    strange = s.atypicality(np.array(e["latentMean"]), np.array(e["latentStd"])) > e["atypicalityThreshold"]
    low = (s.bits < e["bitsThreshold"]) | (s.explained < e["explainedThreshold"])
    return round(float((low | strange).mean()), 4)
