"""Keys of messages, declared beside the fields of a dataclass: how a value is checked, and what it means.

`key(number, "...")` makes the field; `read(cls, value, path)` turns a decoded map into an instance, or raises
`Malformed` with the path of the offending key. Unknown keys are ignored: the protocol grows without breaking clients.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, field, fields
from typing import Any, TypeVar

import numpy as np

from .errors import Malformed

T = TypeVar("T")
Check = Callable[[Any, str], Any]


def key(check: Check, doc: str, wire: str | None = None, default: Any = MISSING) -> Any:
    """A field that is read by `check` from the key `wire` (default: the field's name in camelCase).

    A key that is absent gives `default`; without one it is an error. `doc` states shape and unit.
    """
    return field(default=default, metadata={"check": check, "doc": doc, "wire": wire})


def documented(cls: type[T]) -> type[T]:
    """Puts the fields' docs into the class' docstring, where `help()` shows them."""
    lines = [f"    {f.name}: {f.metadata['doc']}" for f in fields(cls) if "doc" in f.metadata]  # type: ignore[arg-type]
    cls.__doc__ = "\n".join([cls.__doc__ or "", "", "Attributes:", *lines])
    return cls


def wire_name(f: Any) -> str:
    """The key on the wire: `deadline_ms` is `deadlineMs`."""
    return f.metadata["wire"] or re.sub(r"_(\w)", lambda match: match[1].upper(), f.name)


def read(cls: type[T], value: Any, path: str) -> T:
    """An instance of `cls`, every key of it checked."""
    if not isinstance(value, Mapping):
        raise Malformed(path, "a map", value)
    found = {}
    for f in fields(cls):  # type: ignore[arg-type]
        name = wire_name(f)
        if name in value:
            found[f.name] = f.metadata["check"](value[name], f"{path}.{name}")
        elif f.default is MISSING:
            raise Malformed(f"{path}.{name}", "the key", "none")
    return cls(**found)


def number(value: Any, path: str) -> float:
    """A finite number."""
    if not _is_number(value) or not math.isfinite(value):
        raise Malformed(path, "a number", value)
    return float(value)


def quantity(value: Any, path: str) -> float:
    """A number that is NaN where there is nothing to compare or to count."""
    if not _is_number(value):
        raise Malformed(path, "a number or NaN", value)
    return float(value)


def integer(value: Any, path: str) -> int:
    """An integer. JavaScript writes large ones as float64."""
    if not _is_number(value) or not math.isfinite(value) or value != int(value):
        raise Malformed(path, "an integer", value)
    return int(value)


def count(value: Any, path: str) -> int:
    """An integer, not negative."""
    if integer(value, path) < 0:
        raise Malformed(path, "an integer that is not negative", value)
    return int(value)


def text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise Malformed(path, "a string", value)
    return value


def flag(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise Malformed(path, "true or false", value)
    return value


def raw(value: Any, path: str) -> bytes:
    if not isinstance(value, bytes):
        raise Malformed(path, "bin", value)
    return value


def one_of(*words: str) -> Check:
    def check(value: Any, path: str) -> str:
        if text(value, path) not in words:
            raise Malformed(path, f"one of {', '.join(words)}", value)
        return value

    return check


def nullable(inner: Check) -> Check:
    return lambda value, path: None if value is None else inner(value, path)


def list_of(inner: Check) -> Check:
    def check(value: Any, path: str) -> tuple:
        if not isinstance(value, list):
            raise Malformed(path, "a list", value)
        return tuple(inner(item, f"{path}[{index}]") for index, item in enumerate(value))

    return check


def pair(inner: Check) -> Check:
    def check(value: Any, path: str) -> tuple:
        if not isinstance(value, list) or len(value) != 2:
            raise Malformed(path, "a list of two", value)
        return list_of(inner)(value, path)

    return check


def map_of(inner: Check) -> Check:
    def check(value: Any, path: str) -> dict:
        if not isinstance(value, dict):
            raise Malformed(path, "a map", value)
        return {name: inner(item, f"{path}.{name}") for name, item in value.items()}

    return check


def record(cls: type) -> Check:
    return lambda value, path: read(cls, value, path)


def _array(dtype: str) -> Check:
    size = np.dtype(dtype).itemsize

    def check(value: Any, path: str) -> np.ndarray:
        if len(raw(value, path)) % size:
            raise Malformed(path, f"a multiple of {size} bytes", f"{len(value)} bytes")
        # Of `bytes`, so numpy makes it read-only; little-endian on every machine.
        return np.frombuffer(value, dtype=dtype)

    return check


float32s = _array("<f4")
uint16s = _array("<u2")
pixels = _array("u1")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
