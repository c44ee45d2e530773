"""The published comparisons of movie reconstruction (Bauer et al. 2026) on a simulated population: which way is better.

For every seed (a population, a session, encoders) every condition reconstructs the same clips; what is compared are the
same clips of the same seeds. Results are kept after every condition, so that a run that is stopped has them.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from ..progress import console
from ..stimuli import Objects
from .descend import EVALUATION_THRESHOLD, TRAIN_THRESHOLD, Descent
from .movie_data import MovieData, MovieSizes, simulate
from .movie_descend import of_units, predict, reconstruct
from .movie_encoder import MovieEncoder
from .movie_masks import train_mask
from .movie_metrics import blur_movie, judge
from .movie_sheet import movie_sheet
from .movie_train import MovieTraining, clip_correlations, fit_movie_encoder, prediction

SHARES = {"half": 0.5, "quarter": 0.25, "eighth": 0.125}
"""Of the units that are left, by condition."""


@dataclass(frozen=True)
class MovieRun:
    """Instances of the encoder; rates, the most iterations, and weights of sparseness, of which the best are chosen on
    other clips; steps of the mask; share of a seed's time that the encoders may take."""

    models: int = 5
    iterations: int = 300
    rates: tuple[float, ...] = (1000.0, 300.0, 100.0, 30.0)
    sparse: tuple[float, ...] = (0.0, 5e-4, 3e-3)
    mask_steps: int = 1000
    train_share: float = 0.4


@dataclass
class Seed:
    """One seed's material, and what is found with it."""

    data: MovieData
    models: list[MovieEncoder]
    mask: Tensor
    generator: torch.Generator
    descent: Descent
    iterations: int
    results: dict[str, list[dict[str, float]]]

    def keep(self, name: str, found: Tensor) -> None:
        """Judge the clips [C, T, H, W] of one condition."""
        inside = self.mask >= EVALUATION_THRESHOLD
        self.results[name] = [judge(a, b, inside) for a, b in zip(self.data.clips.float(), found, strict=True)]
        video = sum(row["video"] for row in self.results[name]) / len(found)
        console.print(f"{name}: video correlation {video:.4f}")

    def each(self, counts: Tensor | list[Tensor], mask: Tensor | None, units: Tensor | None = None) -> Tensor:
        """The reconstructions by every model alone [M, C, T, H, W]."""
        found = []
        for i, model in enumerate(self.models):
            wanted = counts[i] if isinstance(counts, list) else counts
            if units is not None:
                model, wanted = of_units(model, units), wanted[:, :, units]
            found.append(reconstruct([model], wanted, mask, self.iterations, self.descent))
        return torch.stack(found)


def run_movies(
    objects: Objects, sizes: MovieSizes, run: MovieRun, training: MovieTraining, seeds: int, seconds: float, out: Path
) -> dict:
    """All seeds, as far as `seconds` reach (0: as long as it takes); writes results.json and a sheet of each seed."""
    out.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + seconds if seconds else float("inf")
    report = {"sizes": asdict(sizes), "run": asdict(run), "training": asdict(training)}
    report["seeds"] = []
    for seed in range(seeds):
        slot = (end - time.monotonic()) / (seeds - seed)
        row = {"seed": seed}
        report["seeds"].append(row)
        for _ in one_seed(objects, sizes, run, training, seed, (slot, end), row, out):
            (out / "results.json").write_text(json.dumps(report, indent=1))
    return report


def one_seed(objects, sizes, run, training, seed, time_allowed, row, out):
    """Yields after every condition; stops at the end of all time. Encoders take their share of this seed's slot."""
    slot, end = time_allowed
    start = time.monotonic()
    data = simulate(objects, sizes, seed)
    each = slot * run.train_share / (run.models + 1) if slot < float("inf") else 0.0
    training, row["sparse"] = choose_sparse(data, training, run.sparse, each / len(run.sparse), seed)
    models = [fit_movie_encoder(data, training, each, 100 * seed + i) for i in range(run.models)]
    row["encoders"] = [clip_correlations(model, data) for model in models]
    generator = torch.Generator(data.movies.device).manual_seed(seed)
    mask = train_mask(models[0], data.movies, run.mask_steps, generator)
    rate, iterations, row["tuning"] = choose_descent(models[0], data, mask, run)
    found = Seed(data, models, mask, generator, Descent(rate), iterations, {})
    row |= describe(found, time.monotonic() - start)
    console.print(f"seed {seed}: {json.dumps({k: v for k, v in row.items() if k != 'clips'})}")
    row["clips"] = found.results
    sheet = {}
    for _ in conditions(found, sheet):
        yield
        if time.monotonic() > end:
            break
    movie_sheet(data.clips[0], sheet, mask, out / f"movies-{seed}.png")


def choose_sparse(
    data: MovieData, training: MovieTraining, candidates: Sequence[float], seconds: float, seed: int
) -> tuple[MovieTraining, dict]:
    """The training with the weight whose encoder, trained for `seconds`, predicts the clips for that best."""
    found = {}
    for weight in candidates:
        model = fit_movie_encoder(data, replace(training, sparse=weight), seconds, 10_000 + seed)
        found[weight] = prediction(model, data.tuning, data.tuning_counts)
    return replace(training, sparse=max(found, key=found.get)), {f"{w:g}": round(r, 4) for w, r in found.items()}


def choose_descent(model: MovieEncoder, data: MovieData, mask: Tensor, run: MovieRun) -> tuple[float, int, dict]:
    """Rate and iterations with the best video correlation on the clips for that, of one model; and what was seen."""
    inside, marks = mask >= EVALUATION_THRESHOLD, sorted({10, 20, 50, 100, 200, run.iterations})
    seen: dict[str, dict[str, float]] = {}
    for rate in run.rates:
        curve = seen[f"{rate:g}"] = {}

        def watch(iteration: int, movies: Tensor, curve: dict[str, float] = curve) -> None:
            if iteration in marks:
                rows = [judge(a, b, inside) for a, b in zip(data.tuning.float(), blur_movie(movies), strict=True)]
                curve[str(iteration)] = round(sum(row["video"] for row in rows) / len(rows), 4)

        trained = (mask >= TRAIN_THRESHOLD).float()
        reconstruct([model], data.tuning_counts, trained, run.iterations, Descent(rate), watch)
    best = max((value, rate, n) for rate, curve in seen.items() for n, value in curve.items())
    return float(best[1]), int(best[2]), seen


def describe(seed: Seed, seconds: float) -> dict:
    """What a reader must know of a seed's mask and time."""
    return {
        "secondsBefore": round(seconds, 1),
        "maskTrain": round(float((seed.mask >= TRAIN_THRESHOLD).float().mean()), 4),
        "maskEvaluation": round(float((seed.mask >= EVALUATION_THRESHOLD).float().mean()), 4),
        "meanCounts": round(float(seed.data.clip_counts.mean()), 4),
        "iterations": seed.iterations,
        "rate": seed.descent.rate,
    }


def conditions(seed: Seed, sheet: dict[str, Tensor]):
    """Every condition, the dearest claims first; yields after each. `sheet` takes the first clip of some."""
    data, inside = seed.data, (seed.mask >= TRAIN_THRESHOLD).float()

    def ensemble(name: str, found: Tensor, show: bool = True) -> None:
        seed.keep(name, blur_movie(found.mean(0)))
        if show:
            sheet[name] = blur_movie(found.mean(0))[0]

    masked = seed.each(data.clip_counts, inside)
    ensemble("ensemble", masked)
    seed.keep("ensemble, no blur", masked.mean(0))
    for i, one in enumerate(masked):
        seed.keep(f"single {i}", blur_movie(one))
        seed.keep(f"single {i}, no blur", one)
    sheet["single"] = blur_movie(masked[0])[0]
    yield
    ensemble("no mask", seed.each(data.clip_counts, None))
    yield
    both = reconstruct(seed.models, data.clip_counts, inside, seed.iterations, seed.descent)
    seed.keep("gradients averaged", blur_movie(both))
    seed.keep("gradients averaged, no blur", both)
    sheet["gradients averaged"] = blur_movie(both)[0]
    yield
    order = torch.randperm(data.cortex.units, generator=seed.generator, device=data.movies.device)
    for name, share in reversed(SHARES.items()):
        ensemble(name, seed.each(data.clip_counts, inside, order[: round(share * len(order))]), name == "eighth")
        yield
    ensemble("predicted", seed.each([predict(model, data.clips) for model in seed.models], inside))
    yield
    ensemble("noise-free", seed.each(data.noise_free, inside), False)
    yield
    ensemble("strict mask", seed.each(data.clip_counts, (seed.mask >= EVALUATION_THRESHOLD).float()), False)
    yield
