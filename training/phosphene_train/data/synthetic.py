"""A small recording whose factors are known: coloured shapes, units tuned to shape, place and size, Poisson spikes."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from .check import picture_hashes
from .split import split_pictures, split_trials
from .types import ClassLabels, DataError, Dataset, Session, Spikes, ValueLabels

SHAPES = ("circle", "square", "triangle", "cross")
COLOURS = ((220, 70, 60), (60, 150, 230), (240, 190, 50), (90, 190, 90))
GREY = (128, 128, 128)
FACTORS = ("x", "y", "size")
OVERSAMPLE = 4
LEAD_S = 1.0  # of rest before the first stimulus and after the last
LATENCY_S = 0.05


@dataclass(frozen=True)
class SyntheticOptions:
    """units: how many in each session; stimuli different pictures, shown repeats times in each; times in ms."""

    units: tuple[int, ...] = (24, 31)
    stimuli: int = 40
    repeats: int = 2
    side: int = 64
    on_ms: float = 200.0
    off_ms: float = 200.0
    baseline_hz: float = 8.0
    gain_hz: float = 30.0
    split_by: str = "stimuli"
    test: float = 0.2
    validation: float = 0.1
    seed: int = 0
    name: str = "synthetic"


def synthetic(options: SyntheticOptions) -> Dataset:
    """Seeded: the same options give the same bytes."""
    if not options.units or min(options.units) < 1 or options.stimuli < len(SHAPES) or options.repeats < 1:
        got = f"{options.units} units, {options.stimuli} stimuli, {options.repeats} repeats"
        raise DataError(f"synthetic: expected at least 1 unit, {len(SHAPES)} stimuli and 1 repeat, got {got}")
    rng = np.random.default_rng(options.seed)
    shape = np.arange(options.stimuli) % len(SHAPES)
    factors = rng.uniform(-1, 1, (options.stimuli, len(FACTORS)))
    pictures = np.stack([draw(*each, options.side) for each in zip(shape, factors, strict=True)])
    hashes = picture_hashes(pictures)
    features = np.concatenate([np.eye(len(SHAPES))[shape] * 2 - 0.5, factors * np.sqrt(3)], 1)
    sessions = [_session(at, count, features, rng, options) for at, count in enumerate(options.units)]
    return Dataset(
        name=options.name,
        pictures=pictures,
        ids=tuple(f"{SHAPES[kind]}-{at:03d}" for at, kind in enumerate(shape)),
        labels={
            "category": ClassLabels(SHAPES, shape.astype(np.int64)),
            "pose": ValueLabels(FACTORS, "px", _pixels(factors, options.side).astype(np.float32)),
        },
        sessions=tuple(_with_split(session, hashes, options) for session in sessions),
        split_by=options.split_by,
        source="Phosphene's synthetic recording (phosphene-train import synthetic); public domain (CC0)",
    )


def _pixels(factors: np.ndarray, side: int) -> np.ndarray:
    """Factors in [-1, 1] -> x, y of the centre and size (half the width), px: [..., 3]."""
    return side * (np.array([0.5, 0.5, 0.2]) + factors * np.array([0.22, 0.22, 0.07]))


def draw(kind: int, factors: np.ndarray, side: int) -> np.ndarray:
    """One shape of its colour on grey, drawn larger and averaged down: uint8 [side, side, 3]."""
    x, y, size = _pixels(factors, side) * OVERSAMPLE
    canvas = Image.new("RGB", (side * OVERSAMPLE, side * OVERSAMPLE), GREY)
    pen = ImageDraw.Draw(canvas)
    box = (x - size, y - size, x + size, y + size)
    if SHAPES[kind] == "circle":
        pen.ellipse(box, fill=COLOURS[kind])
    elif SHAPES[kind] == "square":
        pen.rectangle(box, fill=COLOURS[kind])
    elif SHAPES[kind] == "triangle":
        pen.polygon([(x, y - size), (x + size, y + size), (x - size, y + size)], fill=COLOURS[kind])
    else:
        pen.rectangle((x - size, y - size / 3, x + size, y + size / 3), fill=COLOURS[kind])
        pen.rectangle((x - size / 3, y - size, x + size / 3, y + size), fill=COLOURS[kind])
    return np.asarray(canvas.resize((side, side), Image.Resampling.BOX), np.uint8).copy()


def unit_labels(session: int, units: int) -> tuple[str, ...]:
    """Two units an electrode, ids through all of them, as a table of NWB has it: A001.0, A001.1, A002.2, ..."""
    return tuple(f"{chr(ord('A') + session % 26)}{unit // 2 + 1:03d}.{unit}" for unit in range(units))


def _session(at: int, count: int, features: np.ndarray, rng: np.random.Generator, options: SyntheticOptions) -> Session:
    weights = rng.normal(size=(count, features.shape[1])) / np.sqrt(features.shape[1])
    rates = np.maximum(0, options.baseline_hz + options.gain_hz * features @ weights.T)
    shown = len(features) * options.repeats
    stimulus = np.concatenate([rng.permutation(len(features)) for _ in range(options.repeats)])
    onset = np.round(LEAD_S + np.arange(shown) * (options.on_ms + options.off_ms) / 1000, 6)
    offset = np.round(onset + options.on_ms / 1000, 6)
    seconds = offset[-1] + LEAD_S
    spikes = _spikes(rates[stimulus], onset, options, seconds, rng)
    name = f"session-{chr(ord('a') + at % 26)}" + (str(at // 26) if at >= 26 else "")
    split = np.zeros(shown, np.int8)
    return Session(name, unit_labels(at, count), stimulus.astype(np.int64), onset, offset, split, spikes)


def _spikes(
    rates: np.ndarray, onset: np.ndarray, options: SyntheticOptions, seconds: float, rng: np.random.Generator
) -> Spikes:
    """Poisson: the driven rate [N, U] for on_ms from LATENCY_S after onset, the baseline at all other times."""
    on_s = options.on_ms / 1000
    units = rates.shape[1]
    driven = rng.poisson(rates * on_s)
    presentation, unit = (np.repeat(index.ravel(), driven.ravel()) for index in np.indices(driven.shape))
    times = onset[presentation] + LATENCY_S + rng.random(len(presentation)) * on_s
    resting = rng.poisson(options.baseline_hz * seconds, units)
    rest_times, rest_unit = rng.random(resting.sum()) * seconds, np.repeat(np.arange(units), resting)
    since = rest_times - LATENCY_S - onset[np.searchsorted(onset, rest_times - LATENCY_S, "right") - 1]
    is_rest = (rest_times < onset[0] + LATENCY_S) | (since >= on_s)
    times = np.round(np.concatenate([times, rest_times[is_rest]]), 6)
    unit = np.concatenate([unit, rest_unit[is_rest]])
    order = np.lexsort((unit, times))
    return Spikes(times[order], unit[order].astype(np.int64))


def _with_split(session: Session, hashes: list[str], options: SyntheticOptions) -> Session:
    shares = (options.test, options.validation, options.seed)
    if options.split_by == "stimuli":
        split = split_pictures(hashes, *shares)[session.stimulus]
    else:
        split = split_trials([hashes[each] for each in session.stimulus], *shares)
    return Session(**{**vars(session), "split": split})
