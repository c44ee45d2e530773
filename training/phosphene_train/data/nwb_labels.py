"""Columns of the table of stimuli as labels of the pictures: classes and values."""

import re

import numpy as np

from .nwb_file import text
from .nwb_shown import Shown
from .types import ClassLabels, DataError, ValueLabels

MOST_CLASSES = 64
MOST_WHOLE_CLASSES = 20  # a column of more different whole numbers is a quantity


def read_labels(shown: Shown, names: tuple[str, ...], wanted: str | None) -> dict[str, ClassLabels | ValueLabels]:
    """Labels of the P stimuli `names`.

    `wanted` is a list `NAME[=COLUMN+COLUMN...][@UNIT]`, such as `category,pose=x+y@px`; None takes every column that
    fits, `none` takes none.
    """
    if wanted == "none":
        return {}
    if wanted is None:
        found = {name: _label(shown, names, name, [name], None, False) for name in shown.columns if _is_label(name)}
        return {name: labels for name, labels in found.items() if labels is not None}
    labels = {}
    for each in wanted.split(","):
        match = re.fullmatch(r"([A-Za-z0-9_-]+)(?:=([^@]+))?(?:@(.*))?", each.strip())
        if match is None:
            raise DataError(f"--labels: expected NAME, NAME=COLUMN+COLUMN or NAME@UNIT, got {each!r}")
        name, columns, unit = match.groups()
        labels[name] = _label(shown, names, name, (columns or name).split("+"), unit, True)
    return labels


def _is_label(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9_-]+", name) is not None and not name.endswith("_id")


def _label(shown: Shown, names: tuple[str, ...], name: str, columns: list[str], unit: str | None, strict: bool):
    """Labels of one name; None when its column says nothing about a picture and nobody asked for it."""
    missing = [each for each in columns if each not in shown.columns]
    if missing:
        there = ", ".join(shown.columns) or "none"
        raise DataError(f"labels {name}: expected a column {missing[0]} in {shown.table}, found {there}")
    rows = [_per_picture(shown, names, each, strict) for each in columns]
    if any(row is None for row in rows):
        return None
    if len(rows) == 1 and unit is None and _is_class(rows[0]):
        return _classes(rows[0], name, strict)
    if any(row.dtype.kind == "O" for row in rows):
        raise DataError(f"labels {name}: expected numbers in {' and '.join(columns)}, got texts")
    values = np.stack([row.astype(np.float32) for row in rows], 1)
    values[~np.isfinite(values)] = np.nan
    if not strict and len(np.unique(values[np.isfinite(values)])) < 2:
        return None
    return ValueLabels(tuple(columns), unit or "", values)


def _per_picture(shown: Shown, names: tuple[str, ...], column: str, strict: bool) -> np.ndarray | None:
    """The one value of each stimulus; a column that differs between its presentations is no label."""
    values: dict[str, object] = {}
    for name, value in zip(shown.names, shown.columns[column].tolist(), strict=True):
        known = values.setdefault(name, value)
        if known != value and not (known != known and value != value):
            if strict:
                where = f"{shown.table}/{column}"
                raise DataError(f"{where}: expected one value a stimulus, got {known} and {value} of {name}")
            return None
    return np.array([values[name] for name in names], dtype=shown.columns[column].dtype)


def _is_class(row: np.ndarray) -> bool:
    return row.dtype.kind in "Ob" or (row.dtype.kind in "iu" and len(np.unique(row)) <= MOST_WHOLE_CLASSES)


def _classes(row: np.ndarray, name: str, strict: bool) -> ClassLabels | None:
    texts = [text(value).strip() for value in row]
    names = tuple(sorted({each for each in texts if each}, key=_in_order))
    if len(names) > MOST_CLASSES and strict:
        raise DataError(f"labels {name}: expected at most {MOST_CLASSES} classes, got {len(names)}")
    if not strict and not 2 <= len(names) <= min(MOST_CLASSES, len(row) - 1):
        return None
    index = {each: at for at, each in enumerate(names)}
    return ClassLabels(names, np.array([index.get(each, -1) for each in texts], np.int64))


def _in_order(name: str) -> tuple[bool, int, str]:
    """Whole numbers by value, then texts."""
    return (False, int(name), name) if name.isdecimal() else (True, 0, name)
