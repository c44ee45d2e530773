"""One method on one part of a data set: fitted, decoded, scored; kept on the disk as JSON and a strip of pictures."""

import hashlib
import inspect
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from .controls import CURVE_ROWS, curve_rows, levels, shuffled, silenced
from .judge import Judge, judged
from .scores import Items, score, ways
from .types import Method, Reconstruct, Split, blind

SHOWN = 10
SLOW = 20.0
"""Seconds of a fit from which on a method that is fitted again has curves of its first part only, one draw a level."""


@dataclass(frozen=True)
class How:
    """device for training; seconds for one fit; seed; curves: also the ablation and the noise ladder, with so many
    random draws, the first of them numbered `part` (folds draw other units)."""

    device: str
    seconds: float
    seed: int
    curves: bool = True
    subsets: int = 3
    part: int = 0


def run_cell(split: Split, method: Method, how: How, judge: Judge | None) -> tuple[dict, dict[str, np.ndarray]]:
    """What the table needs of it, and SHOWN decoded pictures of each view [K, C, H, W]."""
    reason = method.refuses(split)
    if reason is not None:
        return {"refuses": reason}, {}
    begun = time.monotonic()
    reconstruct = method.fit(blind(split), how.device, how.seconds, how.seed, None)
    fitted = time.monotonic()
    decoded = decode(reconstruct, split, split.test.windows)
    cell: dict = {
        "fitSeconds": round(fitted - begun, 2),
        "decodeMs": round(1000 * (time.monotonic() - fitted) / len(decoded), 3),
        "trainTrials": len(split.train),
        "views": {name: views_of(split, decoded, rows, how, judge) for name, rows in view_rows(split).items()},
    }
    lost = decode(reconstruct, split, shuffled(split.test.windows, how.seed))
    cell["ways"] = {name: ways(len(np.unique(split.test.stimulus[rows]))) for name, rows in view_rows(split).items()}
    if judge is not None and split.test.objects is not None:
        cell["judgeOnTrue"] = {name: judge_on_true(split, rows, how, judge) for name, rows in view_rows(split).items()}
    cell["shuffled"] = {name: brief(lost[rows], split, rows, how.seed) for name, rows in view_rows(split).items()}
    slow = method.refits and fitted - begun > SLOW
    if how.curves and not (slow and how.part > 0):
        how = replace(how, subsets=1) if slow else how
        cell["curves"] = curves(split, method, reconstruct, decoded, how)
    return cell, {name: decoded[shown_rows(rows)] for name, rows in view_rows(split).items()}


def decode(reconstruct: Reconstruct, split: Split, windows: np.ndarray) -> np.ndarray:
    """Pictures, checked: of the right shape, finite, within [-1, 1]."""
    pictures = np.asarray(reconstruct(windows), np.float32)
    wanted = (len(windows), *split.shape)
    if pictures.shape != wanted:
        raise ValueError(f"expected pictures {wanted}, got {pictures.shape}")
    if not np.isfinite(pictures).all():
        raise ValueError("expected finite pictures, got NaN or infinity")
    return pictures.clip(-1, 1)


def view_rows(split: Split) -> dict[str, np.ndarray]:
    """Rows of each part of the test side that the table keeps apart."""
    views = split.views or (("", 0, len(split.test)),)
    return {name: np.arange(first, last) for name, first, last in views}


def shown_rows(rows: np.ndarray) -> np.ndarray:
    """Which rows the sheet shows: the same for every method, spread over the view."""
    return rows[np.linspace(0, len(rows) - 1, min(SHOWN, len(rows))).astype(int)]


def views_of(split: Split, decoded: np.ndarray, rows: np.ndarray, how: How, judge: Judge | None) -> dict:
    """Every figure of one view, item by item."""
    items = score(decoded[rows], split.test, split, rows, how.seed)
    if judge is not None and split.test.objects is not None:
        items |= judged(judge, decoded[rows], split.test, rows, how.seed)
    return {name: listed(each) for name, each in items.items()}


def judge_on_true(split: Split, rows: np.ndarray, how: How, judge: Judge) -> dict[str, float]:
    """What the judge makes of the true pictures: no decoder can do better by it."""
    found = judged(judge, split.test.pictures[rows], split.test, rows, how.seed)
    return {name: round(float(items.values.mean()), 4) for name, items in found.items()}


def brief(decoded: np.ndarray, split: Split, rows: np.ndarray, seed: int) -> dict:
    """Two-way identification and correlation, item by item."""
    items = score(decoded, split.test, split, rows, seed)
    return {name: listed(items[name]) for name in ("twoWay", "twoWayCentred", "correlation")}


def curves(split: Split, method: Method, reconstruct: Reconstruct, decoded: np.ndarray, how: How) -> list[dict]:
    """Mean two-way identification and correlation at every level, the whole first."""
    rows = curve_rows(split)
    points = [point("units", "100.0%", 1.0, 0, False, decoded[rows], split, rows, how.seed)]
    points.append(point("noise", "single", 1.0, 0, False, decoded[rows], split, rows, how.seed))
    for level in levels(split, how.seed + how.part, how.subsets):
        again = level.units is not None and method.refits
        decoder = reconstruct
        if again:
            decoder = method.fit(blind(split), how.device, how.seconds, how.seed, level.units)
        pictures = decode(decoder, split, level.windows)
        points.append(
            point(level.kind, level.level, level.value, level.subset, again, pictures, split, level.rows, how.seed)
        )
    return points


def point(kind, level, value, subset, refitted, pictures, split: Split, rows: np.ndarray, seed: int) -> dict:
    """One point of a curve; of movies also the video correlation."""
    items = score(pictures, split.test, split, rows, seed)
    names = ("twoWay", "twoWayCentred", "correlation", "videoCorrelation")
    found = {name: round(float(items[name].values.mean()), 4) for name in names if name in items}
    return {"kind": kind, "level": level, "value": value, "subset": subset, "refitted": refitted, **found}


def listed(items: Items) -> dict:
    return {"values": np.round(items.values, 4).tolist(), "cluster": items.cluster.tolist()}


def key_of(split: Split, method: Method, how: How) -> dict:
    """What a cell depends on: if any of it changes, the cell is made anew."""
    source = Path(inspect.getfile(type(method))).read_bytes()
    wishes = {"seed": how.seed, "seconds": how.seconds, "curves": how.curves, "subsets": how.subsets}
    trials = [len(split.train), len(split.test), CURVE_ROWS]
    data = digest(b"".join(x.tobytes() for x in (split.train.counts, split.test.counts, split.test.pictures)))
    made = {"method": digest(source), "bundles": bundle_digests(split, method.kind), "data": data}
    return {**wishes, "trials": trials, **made}


def bundle_digests(split: Split, kind: str) -> dict[str, str]:
    """Of the manifests of the bundles of one kind, which name the digests of their files."""
    found = {}
    for path in sorted(split.bundles.glob("*/manifest.json")) if split.bundles else ():
        if json.loads(path.read_text())["kind"].replace("-", "_") == kind.replace("-", "_"):
            found[path.parent.name] = digest(path.read_bytes())
    return found


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


def write_strip(path: Path, pictures: np.ndarray) -> None:
    """[K, C, H, W] in [-1, 1] side by side as a PNG."""
    planar = ((pictures.clip(-1, 1) + 1) * 127.5).round().astype(np.uint8)
    if planar.shape[1] == 1:
        planar = planar.repeat(3, 1)
    Image.fromarray(np.concatenate(list(planar.transpose(0, 2, 3, 1)), axis=1)).save(path)


__all__ = ["SHOWN", "How", "key_of", "run_cell", "shown_rows", "silenced", "view_rows", "write_strip"]
