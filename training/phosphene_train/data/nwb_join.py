"""Several NWB files as one dataset: pictures once each, labels by picture."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .check import picture_hashes
from .nwb_file import Units
from .nwb_shown import Shown
from .types import ClassLabels, DataError, ValueLabels


@dataclass(frozen=True)
class NwbContents:
    """What one file holds; pictures and labels are in the order of `names`, its different stimuli."""

    path: Path
    names: tuple[str, ...]
    pictures: np.ndarray
    labels: dict[str, ClassLabels | ValueLabels]
    shown: Shown
    units: Units
    source: str


def join_pictures(files: list[NwbContents]) -> tuple[tuple[str, ...], np.ndarray, dict[tuple[str, str], int]]:
    """Pictures of all files once each: the same name and pixels are the same picture."""
    index: dict[tuple[str, str], int] = {}
    ids: list[str] = []
    pictures: list[np.ndarray] = []
    for file in files:
        for name, picture, digest in zip(file.names, file.pictures, picture_hashes(file.pictures), strict=True):
            if (name, digest) in index:
                continue
            index[name, digest] = len(ids)
            id_ = one_word(name)
            ids.append(id_ if id_ not in ids else f"{id_}-{digest[:8]}")
            pictures.append(picture)
    return tuple(ids), np.stack(pictures), index


def where(file: NwbContents, index: dict[tuple[str, str], int]) -> dict[str, int]:
    hashes = picture_hashes(file.pictures)
    return {name: index[name, digest] for name, digest in zip(file.names, hashes, strict=True)}


def join_labels(files: list[NwbContents], index: dict, count: int) -> dict[str, ClassLabels | ValueLabels]:
    """Labels by picture. What one file does not say of a picture another may; what two say must be the same."""
    joined: dict[str, ClassLabels | ValueLabels] = {}
    for name in dict.fromkeys(name for file in files for name in file.labels):
        parts = [(file.labels[name], list(where(file, index).values())) for file in files if name in file.labels]
        if len({(type(part), getattr(part, "unit", ""), *_columns(part)) for part, _ in parts}) > 1:
            raise DataError(
                f"labels {name}: expected the same kind in every file, got different ones; choose with --labels"
            )
        join = _join_classes if isinstance(parts[0][0], ClassLabels) else _join_values
        joined[name] = join(name, parts, count)
    return joined


def _columns(part: ClassLabels | ValueLabels) -> tuple[str, ...]:
    return part.names if isinstance(part, ValueLabels) else ()


def _join_classes(name: str, parts: list[tuple[ClassLabels, list[int]]], count: int) -> ClassLabels:
    names = tuple(sorted({each for part, _ in parts for each in part.names}))
    names = parts[0][0].names if set(names) == set(parts[0][0].names) else names
    ids = np.full(count, -1, np.int64)
    for part, rows in parts:
        for row, each in zip(rows, part.ids, strict=True):
            here = names.index(part.names[each]) if each >= 0 else -1
            if -1 not in (here, ids[row]) and here != ids[row]:
                raise DataError(f"labels {name}: expected one class a picture, got {names[here]} and {names[ids[row]]}")
            ids[row] = max(ids[row], here)
    return ClassLabels(names, ids)


def _join_values(name: str, parts: list[tuple[ValueLabels, list[int]]], count: int) -> ValueLabels:
    first = parts[0][0]
    values = np.full((count, len(first.names)), np.nan, np.float32)
    for part, rows in parts:
        for row, each in zip(rows, part.values, strict=True):
            both = np.isfinite(values[row]) & np.isfinite(each)
            if not np.allclose(values[row][both], each[both]):
                raise DataError(f"labels {name}: expected one value a picture, got {values[row]} and {each}")
            values[row] = np.where(np.isfinite(each), each, values[row])
    return ValueLabels(first.names, first.unit, values)


def one_word(name: str) -> str:
    """A stimulus as the daemon's events name it (adapters/recording/nwb-events.ts)."""
    return re.sub(r"\s+", "_", name.strip())
