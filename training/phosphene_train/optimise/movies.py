"""The published comparisons of movie reconstruction (Bauer et al. 2026) on a simulated population: which way is better.

For every seed (a population, a session, encoders) every condition reconstructs the same clips; what is compared are the
same clips of the same seeds. One descent is judged at several iterations: how much is fitted to the noise of one
presentation depends on when it stops, and so may what is better. Results are kept after every condition, so that a run
that is stopped has them.
"""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
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
Found = dict[int, Tensor]
"""Iteration -> movies [C, T, H, W], or one for each model [M, C, T, H, W]."""


@dataclass(frozen=True)
class MovieRun:
    """Instances of the encoder; rate of the descent (theirs is 1000); iterations at which it is judged; steps of the
    mask; share of a seed's time that the encoders may take."""

    models: int = 4
    rate: float = 1000.0
    marks: tuple[int, ...] = (20, 50, 100, 200)
    mask_steps: int = 1000
    train_share: float = 0.35


@dataclass
class Seed:
    """One seed's material, and what is found with it: iteration -> condition -> measures of each clip."""

    data: MovieData
    models: list[MovieEncoder]
    mask: Tensor
    generator: torch.Generator
    run: MovieRun
    results: dict[str, dict[str, list[dict[str, float]]]]

    def keep(self, name: str, found: Found) -> None:
        """Judge the clips [C, T, H, W] of one condition."""
        means = [self.keep_at(mark, name, movies) for mark, movies in found.items()]
        console.print(f"{name}: video correlation {' '.join(f'{mean:.4f}' for mean in means)}")

    def keep_at(self, mark: int, name: str, movies: Tensor) -> float:
        inside = self.mask >= EVALUATION_THRESHOLD
        rows = [judge(a, b, inside) for a, b in zip(self.data.clips.float(), movies, strict=True)]
        self.results.setdefault(str(mark), {})[name] = rows
        return sum(row["video"] for row in rows) / len(rows)

    def descend(self, models: Sequence[MovieEncoder], counts: Tensor, mask: Tensor | None) -> Found:
        """One descent, as it was at every mark."""
        found: Found = {}

        def watch(iteration: int, movies: Tensor) -> None:
            if iteration in self.run.marks:
                found[iteration] = movies.clone()

        reconstruct(models, counts, mask, max(self.run.marks), Descent(self.run.rate), watch)
        return found

    def each(self, counts: Tensor | list[Tensor], mask: Tensor | None, units: Tensor | None = None) -> Found:
        """The reconstructions by every model alone."""
        found = []
        for i, model in enumerate(self.models):
            wanted = counts[i] if isinstance(counts, list) else counts
            if units is not None:
                model, wanted = of_units(model, units), wanted[:, :, units]
            found.append(self.descend([model], wanted, mask))
        return {mark: torch.stack([each[mark] for each in found]) for mark in self.run.marks}


def run_movies(
    objects: Objects,
    sizes: MovieSizes,
    run: MovieRun,
    training: MovieTraining,
    seeds: Sequence[int],
    seconds: float,
    out: Path,
) -> dict:
    """All seeds, as far as `seconds` reach (0: as long as it takes); writes results.json and a sheet of each seed."""
    out.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + seconds if seconds else float("inf")
    report = {"sizes": asdict(sizes), "run": asdict(run), "training": asdict(training), "seeds": []}
    for at, seed in enumerate(seeds):
        slot = (end - time.monotonic()) / (len(seeds) - at)
        row = {"seed": seed}
        report["seeds"].append(row)
        for _ in one_seed(objects, sizes, run, training, row, (slot, end), out):
            (out / "results.json").write_text(json.dumps(report, indent=1))
    return report


def one_seed(
    objects: Objects,
    sizes: MovieSizes,
    run: MovieRun,
    training: MovieTraining,
    row: dict,
    allowed: tuple[float, float],
    out: Path,
) -> Iterator[None]:
    """Yields after every condition; stops at the end of all time. Encoders take their share of this seed's slot."""
    (slot, end), seed, start = allowed, row["seed"], time.monotonic()
    data = simulate(objects, sizes, seed)
    each = slot * run.train_share / run.models if slot < float("inf") else 0.0
    models = [fit_movie_encoder(data, training, each, 100 * seed + i) for i in range(run.models)]
    row["encoders"] = [clip_correlations(model, data) for model in models]
    generator = torch.Generator(data.movies.device).manual_seed(seed)
    # Not simply the first: one that was given too little time sees nowhere.
    best = max(models, key=lambda model: prediction(model, data.movies[:8], data.counts[:8].float()))
    mask = train_mask(best, data.movies, run.mask_steps, generator)
    found = Seed(data, models, mask, generator, run, {})
    row |= describe(found, time.monotonic() - start)
    console.print(f"seed {seed}: {json.dumps(row)}")
    row["clips"], sheet = found.results, {}
    for _ in conditions(found, sheet):
        yield
        if time.monotonic() > end:
            break
    movie_sheet(data.clips[0], sheet, mask, out / f"movies-{seed}.png")


def describe(seed: Seed, seconds: float) -> dict:
    """What a reader must know of a seed's mask and time."""
    return {
        "secondsBefore": round(seconds, 1),
        "maskTrain": round(float((seed.mask >= TRAIN_THRESHOLD).float().mean()), 4),
        "maskEvaluation": round(float((seed.mask >= EVALUATION_THRESHOLD).float().mean()), 4),
        "meanCounts": round(float(seed.data.clip_counts.mean()), 4),
    }


def conditions(seed: Seed, sheet: dict[str, Tensor]) -> Iterator[None]:
    """Every condition, the dearest claims first; yields after each. `sheet` takes the first clip of some, as it was at
    the second mark."""
    data, inside = seed.data, (seed.mask >= TRAIN_THRESHOLD).float()
    shown = seed.run.marks[min(1, len(seed.run.marks) - 1)]

    def keep(name: str, found: Found, show: bool = False) -> None:
        blurred = {mark: blur_movie(movies) for mark, movies in found.items()}
        seed.keep(name, blurred)
        if show:
            sheet[name] = blurred[shown][0]

    def ensemble(name: str, found: Found, show: bool = False) -> None:
        keep(name, {mark: movies.mean(0) for mark, movies in found.items()}, show)

    masked = seed.each(data.clip_counts, inside)
    ensemble("ensemble", masked, True)
    seed.keep("ensemble, no blur", {mark: movies.mean(0) for mark, movies in masked.items()})
    for i in range(len(seed.models)):
        keep(f"single {i}", {mark: movies[i] for mark, movies in masked.items()}, i == 0)
    yield
    both = seed.descend(seed.models, data.clip_counts, inside)
    keep("gradients averaged", both, True)
    seed.keep("gradients averaged, no blur", both)
    yield
    ensemble("no mask", seed.each(data.clip_counts, None), True)
    yield
    order = torch.randperm(data.cortex.units, generator=seed.generator, device=data.movies.device)
    for name, share in SHARES.items():
        ensemble(name, seed.each(data.clip_counts, inside, order[: round(share * len(order))]), name == "eighth")
        yield
    ensemble("predicted", seed.each([predict(model, data.clips) for model in seed.models], inside), True)
    yield
