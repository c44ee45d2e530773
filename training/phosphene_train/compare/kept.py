"""A prepared data set on the disk: for runs that go on, for several processes, for a machine without the recordings.

splits.json, pictures.npz (every distinct picture once, uint8) and one file of counts a part.
"""

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np

from ..golden import Normalisation
from .trials import to_network
from .types import Split, Trials
from .wanted import Wanted

PLAIN = ("name", "part", "categories", "bin_ms", "signed", "averaged", "same_pictures", "frame_ms", "views", "source")
ARRAYS = tuple(field.name for field in fields(Trials) if field.name not in ("windows", "pictures"))


def kept(folder: Path, name: str, wanted: Wanted, make: Callable[[Wanted], list[Split]]) -> list[Split]:
    """The splits as an earlier run wrote them for the same wishes, or made and written now."""
    key = {"seed": wanted.seed, "folds": wanted.folds, "small": wanted.small}
    path = folder / name / "splits.json"
    if path.is_file() and (found := json.loads(path.read_text()))["wanted"] == key:
        return read_splits(path.parent, found["splits"], wanted)
    splits = make(wanted)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_splits(path.parent, splits)
    described = [{each: getattr(split, each) for each in PLAIN} for split in splits]
    path.write_text(json.dumps({"wanted": key, "splits": described}))
    return splits


def write_splits(folder: Path, splits: list[Split]) -> None:
    """Counts and pictures; windows follow from the counts. Pictures must be of 256 levels."""
    place: dict[bytes, int] = {}
    pictures: list[np.ndarray] = []
    for at, split in enumerate(splits):
        arrays = {"mean": split.norm.mean, "std": split.norm.std, "clip": np.array(split.norm.clip)}
        if split.mask is not None:
            arrays["mask"] = split.mask
        for side, trials in (("train", split.train), ("test", split.test)):
            found = {name: getattr(trials, name) for name in ARRAYS}
            arrays |= {f"{side}.{name}": value for name, value in found.items() if value is not None}
            arrays[f"{side}.picture"] = index_of(to_levels(trials.pictures), place, pictures)
        np.savez_compressed(folder / f"{at}.npz", **arrays)
    np.savez_compressed(folder / "pictures.npz", pictures=np.stack(pictures))


def to_levels(pictures: np.ndarray) -> np.ndarray:
    """float [N, C, H, W] -> uint8 [N, H, W, C]; refuses what is not of 256 levels."""
    levels = np.round((pictures + 1) * 127.5)
    if np.abs(levels / 127.5 - 1 - pictures).max() > 1e-5:
        raise ValueError("pictures of a data set: expected 256 levels in [-1, 1], got others")
    return levels.astype(np.uint8).transpose(0, 2, 3, 1)


def index_of(levels: np.ndarray, place: dict[bytes, int], pictures: list[np.ndarray]) -> np.ndarray:
    """The number of each picture among the distinct ones, which are added as they come."""
    out = np.empty(len(levels), np.int64)
    for at, picture in enumerate(levels):
        key = picture.tobytes()
        if key not in place:
            place[key] = len(pictures)
            pictures.append(picture)
        out[at] = place[key]
    return out


def read_splits(folder: Path, described: list[dict], wanted: Wanted) -> list[Split]:
    """The inverse."""
    pictures = to_network(np.load(folder / "pictures.npz", allow_pickle=False)["pictures"])
    return [read_split(folder / f"{at}.npz", each, pictures, wanted) for at, each in enumerate(described)]


def read_split(path: Path, described: dict, pictures: np.ndarray, wanted: Wanted) -> Split:
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    norm = Normalisation(arrays["mean"], arrays["std"], float(arrays["clip"]))
    sides = {}
    for side in ("train", "test"):
        found = {name: arrays.get(f"{side}.{name}") for name in ARRAYS}
        sides[side] = Trials(norm.apply(found["counts"]), pictures=pictures[arrays[f"{side}.picture"]], **found)
    views = tuple((name, first, last) for name, first, last in described["views"])
    bundles = wanted.models if described["name"] == "simulated" else None
    plain = {**described, "views": views}
    return Split(**sides, norm=norm, mask=arrays.get("mask"), bundles=bundles, **plain)
