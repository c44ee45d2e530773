"""The simulated population of models/demo: held-out renderings and never-seen objects, as its model card has them."""

import numpy as np
import torch

from ..catalogue import categories
from ..linear.animal import Animal, read_animal
from ..linear.scenes import CHUNK
from ..pool import Pool, Pools
from ..stimuli import load_objects
from ..windows import BIN_MS, sample_windows
from .types import Split, Trials
from .wanted import Absent, Wanted

TRAIN, TEST = 4096, 512
REPEATS, REPEATED = 16, 128
"""Other trials of the first scenes of each view, for the noise ladder."""
VIEWS = ("held-out renderings", "never-seen objects")


def simulated(wanted: Wanted) -> list[Split]:
    """One part: single trials, one window of 100 ms inside the response of each scene. The scenes are drawn by the
    seeds of the demo and `demo-linear`: training scenes of seen objects only."""
    folder = wanted.models / "demo"
    if not (folder / "session" / "session.json").is_file():
        raise Absent(f"simulated: expected the bundle {folder} with its simulated session, found none")
    if not wanted.emoji.exists():
        raise Absent(f"simulated: expected the emoji in {wanted.emoji}, found none: run npm ci, or name --emoji")
    animal = read_animal(folder)
    train, test = (256, 32) if wanted.small else (TRAIN, TEST)
    pools = Pools(
        load_objects(wanted.emoji),
        train,
        test,
        animal.manifest["image"]["height"],
        animal.manifest["provenance"]["seed"],
    )
    generator = torch.Generator().manual_seed(wanted.seed)
    held = [trials(animal, pool, REPEATS, generator) for pool in (pools.rendering, pools.unseen)]
    both = join(*held, first=train)
    views = ((VIEWS[0], 0, test), (VIEWS[1], test, 2 * test))
    source = f"simulated spikes of 256 units, {train} single trials to fit with; {test} held-out scenes of each kind"
    return [
        Split(
            "simulated", "", trials(animal, pools.train, 0, generator), both, len(categories()), float(BIN_MS),
            animal.normalisation, views=views, bundles=wanted.models, source=source,
        )
    ]  # fmt: skip


def trials(animal: Animal, pool: Pool, repeats: int, generator: torch.Generator) -> Trials:
    """One trial of every scene, and `repeats` others of the first."""
    driven = animal.driven(pool)
    counts = windows(animal, driven, torch.arange(len(pool)), generator)
    others, rows = None, None
    if repeats:
        rows = np.arange(min(REPEATED, len(pool)))
        index = torch.from_numpy(rows).repeat_interleave(repeats)
        others = windows(animal, driven, index, generator).reshape(len(rows), repeats, *counts.shape[1:])
    return Trials(
        animal.normalisation.apply(counts), counts, pool.images(slice(None)).numpy(), np.arange(len(pool)),
        labels=pool.category.numpy(), objects=pool.object.numpy(), repeats=others, repeat_rows=rows,
    )  # fmt: skip


def windows(animal: Animal, driven: torch.Tensor, index: torch.Tensor, generator: torch.Generator) -> np.ndarray:
    """Counts [N, W, U] of windows inside the responses to the scenes `index`."""
    parts = [sample_windows(animal.population, driven, at, "inside", generator).counts for at in index.split(CHUNK)]
    return torch.cat(parts).numpy()


def join(a: Trials, b: Trials, first: int) -> Trials:
    """Both, one after the other; their stimuli are numbered from `first` on."""
    names = ("windows", "counts", "pictures", "labels", "objects", "repeats")
    parts = {name: np.concatenate([getattr(a, name), getattr(b, name)]) for name in names}
    rows = np.concatenate([a.repeat_rows, b.repeat_rows + len(a)])
    return Trials(stimulus=first + np.arange(len(a) + len(b)), repeat_rows=rows, **parts)
