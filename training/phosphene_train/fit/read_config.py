"""Reads a configuration: TOML to FitConfig, every fault found before anything is refused."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from .config import SIZES, FitConfig, Group, LatentOptions

NAME = re.compile(r"[A-Za-z0-9_-]+")


class ConfigError(ValueError):
    """The sentences of everything that is wrong with a configuration, one a line."""


def read_config(path: Path) -> FitConfig:
    """The configuration with its size's defaults; raises ConfigError that names every fault."""
    try:
        found = tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise ConfigError(f"{path}: expected a configuration, found no such file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{path}: expected TOML, got {error}") from None
    config, faults = parse(found)
    if faults:
        raise ConfigError("\n".join(f"{path}: {fault}" for fault in faults))
    return config


def parse(found: dict) -> tuple[FitConfig, list[str]]:
    """The configuration, and what is wrong with it."""
    faults: list[str] = []
    size = found.get("size", FitConfig.size)
    if size not in SIZES:
        faults.append(f"size: expected one of {', '.join(SIZES)}, got {size!r}")
        size = FitConfig.size
    parts: dict[str, Any] = {}
    known = {f.name: f for f in fields(FitConfig)}
    for name, value in found.items():
        if name not in known:
            faults.append(f"{name}: unknown, expected one of {', '.join(known)}")
        elif name in ("name", "size") and not isinstance(value, str):
            faults.append(f"{name}: expected a text, got {value!r}")
        elif name not in ("name", "size") and not isinstance(value, dict):
            faults.append(f"{name}: expected a section [{name}], got {value!r}")
    for name, entry in known.items():
        if name in ("name", "size"):
            continue
        given = found.get(name, {})
        chosen = {**SIZES[size].get(name, {}), **(given if isinstance(given, dict) else {})}
        parts[name] = section(entry.default_factory, name, chosen, faults)
    name = found.get("name", "fit")
    config = FitConfig(name=name if isinstance(name, str) else "fit", size=size, **parts)
    return config, [*faults, *inconsistencies(config)]


def section(make: type, where: str, given: dict, faults: list[str]) -> Any:
    """One dataclass from its table; faults are appended and the default kept."""
    known = {f.name: f for f in fields(make)}
    default, values = make(), {}
    for name, value in given.items():
        path = f"{where}.{name}"
        if name not in known:
            faults.append(f"{path}: unknown, expected one of {', '.join(known)}")
        elif make is LatentOptions:
            values[name] = groups(value, faults)
        else:
            problem = wrong(value, getattr(default, name), known[name].metadata)
            if problem:
                faults.append(f"{path}: {problem}")
            else:
                values[name] = convert(value, getattr(default, name))
    return make(**values)


def convert(value: Any, like: Any) -> Any:
    """TOML's lists are tuples here, and whole numbers do for others."""
    if isinstance(like, tuple):
        return tuple(value)
    return float(value) if isinstance(like, float) else value


def wrong(value: Any, like: Any, limits: dict) -> str | None:
    """Why `value` may not stand where `like` stands; None when it may."""
    if isinstance(like, bool) or isinstance(value, bool):
        good, kind = isinstance(like, bool) and isinstance(value, bool), "true or false"
    elif isinstance(like, float):
        good, kind = isinstance(value, int | float), "a number"
    elif isinstance(like, int):
        good, kind = isinstance(value, int), "a whole number"
    elif isinstance(like, str):
        good, kind = isinstance(value, str), "a text"
    elif isinstance(like, tuple):
        good, kind = isinstance(value, list) and all(isinstance(v, str) for v in value), "a list of texts"
    else:
        good = isinstance(value, dict) and all(isinstance(v, list) for v in value.values())
        kind = "label sets with lists of classes"
    if not good:
        return f"expected {kind}, got {value!r}"
    low, high = limits.get("min"), limits.get("max")
    if low is not None and not low <= value:
        return f"expected at least {low}, got {value}"
    return f"expected at most {high}, got {value}" if high is not None and not value <= high else None


def groups(value: Any, faults: list[str]) -> tuple[Group, ...]:
    """The list latents.groups."""
    if not isinstance(value, list) or not value:
        faults.append(f"latents.groups: expected a list of {{ name, size, supervise }}, got {value!r}")
        return LatentOptions().groups
    return tuple(group(entry, f"latents.groups[{i}]", faults) for i, entry in enumerate(value))


def group(entry: Any, where: str, faults: list[str]) -> Group:
    """One latent group; supervise is a label set or a list of them."""
    if not isinstance(entry, dict):
        faults.append(f"{where}: expected {{ name, size, supervise }}, got {entry!r}")
        return Group("none", 1)
    for name in entry.keys() - {"name", "size", "supervise"}:
        faults.append(f"{where}.{name}: unknown, expected one of name, size, supervise")
    name, size, labels = entry.get("name"), entry.get("size"), entry.get("supervise", [])
    labels = [labels] if isinstance(labels, str) else labels
    if not isinstance(name, str) or not NAME.fullmatch(name):
        faults.append(f"{where}.name: expected letters, digits, _ and -, got {name!r}")
        name = "none"
    if not isinstance(size, int) or isinstance(size, bool) or size < 1:
        faults.append(f"{where}.size: expected a whole number of at least 1, got {size!r}")
        size = 1
    if not isinstance(labels, list) or not all(isinstance(label, str) and NAME.fullmatch(label) for label in labels):
        faults.append(f"{where}.supervise: expected names of label sets (letters, digits, _ and -), got {labels!r}")
        labels = []
    return Group(name, size, tuple(labels))


def inconsistencies(config: FitConfig) -> Iterator[str]:
    """What single values cannot say."""
    names = [group.name for group in config.latents.groups]
    labels = [label for group in config.latents.groups for label in group.supervise]
    d = config.denoiser
    if len(set(names)) < len(names):
        yield f"latents.groups: expected different names, got {', '.join(names)}"
    if len(set(labels)) < len(labels):
        yield f"latents.groups: expected every label set in one group, got {', '.join(labels)}"
    if d.image % d.patch:
        yield f"denoiser.patch: expected a divisor of image = {d.image}, got {d.patch}"
    if d.width % d.heads or d.width % 2:
        yield f"denoiser.width: expected an even multiple of heads = {d.heads}, got {d.width}"
    if not config.data.file:
        yield "data.file: expected the path of a training data file, got none"


def resolved(config: FitConfig) -> dict:
    """The configuration as plain values, for options.json."""
    return asdict(config)
