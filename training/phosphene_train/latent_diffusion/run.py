"""A run on the simulated experiment: scenes, trials, decoder, ablations, figures, everything that a bundle needs."""

import copy
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from ..catalogue import categories
from ..pool import Pools
from ..sheets import save_pairs
from ..stage_files import load_state, save_state
from ..stimuli import load_objects
from ..train_vision import train_vision
from ..vision import Vision, perceptual_distance
from .corpus import Corpus
from .decode import Way, decode
from .evidence import calibrate
from .fit import Clock, Fitted, Ground, fit, fit_diffusion, fit_voxels
from .mae import VoxelMae
from .measure import Judge, baselines, figures, row, shuffled
from .simulated import Experiment, Trials, make_experiment
from .sizes import Sizes
from .state import save_run

SHEET = 24


@dataclass(frozen=True)
class SimulatedOptions:
    """Voxels; trials with pictures, patterns without, scenes that nobody saw, held-out scenes of each kind."""

    voxels: int = 2048
    trials: int = 8000
    unlabelled: int = 24_000
    album: int = 40_000
    test: int = 400
    vision_steps: int = 800
    seed: int = 31


SMOKE = SimulatedOptions(64, 60, 60, 64, 16, 2)


@dataclass(frozen=True)
class Setting:
    """The experiment and what was recorded in it; three picture networks of different training: the animal's, the
    judge's, and the one whose distance training uses."""

    options: SimulatedOptions
    pools: Pools
    experiment: Experiment
    corpus: Corpus
    trials: Trials
    tests: dict[str, Trials]
    judge: Judge


def prepare(emoji: Path, kept: Path | None, out: Path, device: str, o: SimulatedOptions, side: int) -> Setting:
    """Render, simulate, record. Networks are read from `kept` or from an earlier start in `out`."""
    objects = load_objects(emoji).to(device)
    pools = Pools(objects, max(o.trials, o.album), o.test, side, o.seed)
    animal, critic, judge = (vision(name, pools, kept, out, o) for name in ("cortex", "critic", "judge"))
    experiment = make_experiment(animal, pools, o.voxels, o.seed)
    shown = slice_pool(pools.train, o.trials)
    trials = experiment.trials(shown, o.seed + 1)
    corpus = Corpus(
        shown.pictures, trials.patterns, pools.train.pictures[: o.album],
        experiment.trials(slice_pool(pools.life, o.unlabelled), o.seed + 2).patterns, shown.category, categories(),
        lambda a, b: perceptual_distance(critic, a, b),
    )  # fmt: skip
    tests = {
        "heldOutRenderings": experiment.trials(pools.rendering, o.seed + 3),
        "neverSeenObjects": experiment.trials(pools.unseen, o.seed + 4),
    }
    return Setting(o, pools, experiment, corpus, trials, tests, lambda x: judge(x)[1])


def slice_pool(pool: object, count: int) -> object:
    """The first scenes of a pool."""
    return replace(pool, **{k: getattr(pool, k)[:count] for k in pool.__dataclass_fields__})


def vision(name: str, pools: Pools, kept: Path | None, out: Path, o: SimulatedOptions) -> Vision:
    """A picture network: of all objects for the animal and the judge, of the training objects for the critic."""
    side, names = pools.side, pools.objects.names
    model = Vision(len(categories()), len(names), side=side).to(pools.objects.textures.device)
    model = model.eval().requires_grad_(False)
    if load_state(model, name, out) or load_state(model, name, kept):
        return model
    seed = {"cortex": 0, "critic": 1, "judge": 2}[name] + o.seed
    scenes = pools.train if name == "critic" else pools.life
    model = train_vision(scenes, len(categories()), len(names), o.vision_steps, min(512, len(scenes)), seed)
    save_state(model, name, out)
    return model


def run_simulated(
    emoji: Path, kept: Path | None, out: Path, device: str, seconds: float, options: SimulatedOptions, sizes: Sizes,
    ablations: bool,
) -> dict:  # fmt: skip
    """Everything within about `seconds`, of which ablations take a third; returns the metrics."""
    started = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    torch.set_float32_matmul_precision("high")
    setting = prepare(emoji, kept, out, device, options, sizes.side)
    left = seconds - (time.monotonic() - started) - 45 if seconds else 0.0
    share = 0.76 if ablations else 1.0
    fitted, ground, phases = fit(setting.corpus, sizes, max(0.0, left * share), options.seed)
    best = choose_guidance(setting, fitted, sizes)
    metrics = {
        "options": asdict(options), "sizes": asdict(sizes), "device": device, "guidance": best,
        "noise": asdict(setting.experiment.noise), "paradigm": asdict(setting.experiment.paradigm),
        "stageSeconds": fitted.seconds, **measure(setting, fitted, sizes, best),
    }  # fmt: skip
    write(metrics, out)
    metrics["evidence"] = calibrate(setting.experiment, fitted.condition, setting.tests, options.seed + 20)
    save_run(fitted, setting.experiment, metrics, setting.tests, out)
    sheets(setting, fitted, best, out)
    if ablations:
        for name, found in ablate(setting, ground, phases, sizes, max(0.0, left * (1 - share)), fitted.seconds, best):
            metrics.setdefault("ablations", {})[name] = found
            write(metrics, out)
    metrics["totalSeconds"] = round(time.monotonic() - started, 1)
    write(metrics, out)
    return metrics


def write(metrics: dict, out: Path) -> None:
    (out / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n")


def choose_guidance(setting: Setting, fitted: Fitted, sizes: Sizes) -> float:
    """The weight of the highest n-way top-1 on 200 presentations of training scenes in a new run."""
    pool = slice_pool(setting.pools.train, min(200, setting.options.test))
    trials = setting.experiment.trials(pool, setting.options.seed + 9)
    patterns, true = trials.best(setting.experiment.paradigm), pool.images(slice(None))
    scores = {
        weight: figures(fitted, patterns, true=true, way=Way("4", weight), samples=sizes.samples, judge=setting.judge)[
            "nWay"
        ]
        for weight in (1.0, 1.25, 1.5, 2.0)
    }
    return max(scores, key=scores.get)


def measure(setting: Setting, fitted: Fitted, sizes: Sizes, guidance: float) -> dict:
    """Each kind of held-out scene: every number of steps, the teacher, controls, parts of the condition, baselines."""
    p, standard = setting.experiment.paradigm, fitted.condition.standard
    ways = {f"student-{k}": Way(k, guidance) for k in ("1", "2", "4")} | {
        "teacher-16": Way("teacher", guidance),
        "withoutTokens": Way("4", guidance, no_tokens=True),
        "withoutEmbedding": Way("4", guidance, no_embedding=True),
    }
    patterns = {name: trials.best(p) for name, trials in setting.tests.items()}
    found = baselines(
        setting.corpus.pictures, standard(setting.trials.best(p)), standard(torch.cat([*patterns.values()])),
        setting.pools.side, 16,
    )  # fmt: skip
    out, first = {}, 0
    for name, trials in setting.tests.items():
        given, true = patterns[name], trials.pool.images(slice(None))
        draw = partial(figures, fitted, true=true, samples=sizes.samples, judge=setting.judge)
        rows = {kind: draw(given, way=way) for kind, way in ways.items()}
        rows["shuffled"] = draw(shuffled(given), way=ways["student-4"])
        mine = {kind: pictures[first : first + len(true)] for kind, pictures in found.items()}
        mine["autoencoder"] = reconstruction(fitted, true)
        rows |= {kind: row(pictures, true, setting.judge) for kind, pictures in mine.items()}
        category = fitted.condition.embedding.category(fitted.condition.embedding(standard(given))).argmax(1)
        rows["categoryTop1"] = round(float((category == trials.pool.category).float().mean()), 4)
        out[name], first = rows, first + len(true)
    return out


@torch.no_grad()
def reconstruction(fitted: Fitted, true: Tensor) -> Tensor:
    """What the autoencoder alone makes of the true pictures: the most that any decoder through it can reach."""
    return fitted.autoencoder.decode(fitted.autoencoder.encode(true)).clamp(-1, 1)


def ablate(
    setting: Setting, ground: Ground, phases: tuple[VoxelMae, VoxelMae], sizes: Sizes, seconds: float,
    spent: dict[str, float], guidance: float,
) -> Iterator[tuple[str, dict]]:  # fmt: skip
    """Encoders with both phases, without the first, without the second, with neither; each with a teacher of its own,
    trained for the same time. Phase 2 without phase 1 has the time that it had in the run (`spent`)."""
    corpus, seed, cross = setting.corpus, setting.options.seed, spent.get("cross", 0.0)
    asked = replace(sizes, contrast=False)
    untrained = fit_voxels(corpus, replace(asked, cross=False), Clock(0, {}), seed)
    kinds = {"both": phases[1], "withoutCrossModal": phases[0], "withoutEither": untrained, "withoutContrast": None}
    for name, mae in kinds.items():
        clock = Clock(1.0, {"cross": cross if seconds else 0.0, "tune": max(0.0, seconds - cross) / len(kinds)})
        encoder = (mae or fit_voxels(corpus, asked, clock, seed)).encoder
        condition, teacher = fit_diffusion(corpus, sizes, clock, seed, ground, copy.deepcopy(encoder))
        fitted = Fitted(condition, ground.autoencoder, teacher, None, corpus.classes, clock.spent)
        yield name, {"stageSeconds": clock.spent} | ablated(setting, fitted, guidance)


def ablated(setting: Setting, fitted: Fitted, guidance: float) -> dict:
    """Figures with mu and tokens, and with tokens alone; what a ridge reads from the mean of the tokens."""
    p, out = setting.experiment.paradigm, {}
    known = pooled(fitted, setting.trials.best(p))
    for kind, trials in setting.tests.items():
        true, patterns = trials.pool.images(slice(None)), trials.best(p)
        draw = partial(figures, fitted, patterns, true=true, samples=2, judge=setting.judge)
        found = baselines(setting.corpus.pictures, known, pooled(fitted, patterns), true.shape[-1], 16)["ridge"]
        out[kind] = {
            "both": draw(way=Way("teacher", guidance)),
            "tokens": draw(way=Way("teacher", guidance, no_embedding=True)),
            "ridgeOfTokens": row(found, true, setting.judge),
        }
    return out


@torch.no_grad()
def pooled(fitted: Fitted, patterns: Tensor) -> Tensor:
    """Mean encoder token [N, width] of patterns [N, V]."""
    model = fitted.condition
    return torch.cat([model.encoder(model.standard(part)).mean(1) for part in patterns.split(512)])


def sheets(setting: Setting, fitted: Fitted, guidance: float, out: Path) -> None:
    """True and decoded pictures of both kinds, at 1 and 4 steps and by the teacher."""
    for name, trials in setting.tests.items():
        patterns = trials.best(setting.experiment.paradigm)[:SHEET]
        true = trials.pool.images(slice(0, SHEET))
        for steps in ("4", "teacher"):
            decoded = decode(fitted, patterns, Way(steps, guidance), 1)[:, 0]
            save_pairs(true.cpu(), decoded.cpu(), out / "sheets" / f"{name}-{steps}.png")
