"""The folder of a run: its options, finished stages, and a bundle that is whole or not there."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from torch import nn

from ..bundle import write_json
from ..half import round_to_half
from ..ranks import rank
from ..stage_files import load_state, save_state
from .config import FitConfig
from .read_config import ConfigError, resolved

M = TypeVar("M", bound=nn.Module)


def claim(folder: Path, config: FitConfig, data: Path) -> dict:
    """Write options.json, or refuse a folder whose run had other options; returns the options."""
    options = json.loads(json.dumps({**resolved(config), "dataSha256": digest(data)}))
    path = folder / "options.json"
    if path.exists():
        found = json.loads(path.read_text())
        # The machine may change between a run and its continuation; nothing else may.
        changed = [key for key in differences(found, options) if key not in ("train.device", "data.file")]
        if changed:
            raise ConfigError(
                f"{folder}: expected the options of the run that is there, got others for {', '.join(changed)}; "
                "choose another --out or remove the folder"
            )
    if rank() == 0:
        folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")  # another rank may be reading it
        write_json(draft, options, indent=1)
        draft.replace(path)
    return options


def differences(a: dict, b: dict, where: str = "") -> Iterator[str]:
    """Dotted paths at which two nested dictionaries differ."""
    for key in sorted(a.keys() | b.keys()):
        left, right = a.get(key), b.get(key)
        if isinstance(left, dict) and isinstance(right, dict):
            yield from differences(left, right, f"{where}{key}.")
        elif left != right:
            yield f"{where}{key}"


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stage(folder: Path, name: str, model: M, fit: Callable[[], M]) -> M:
    """A finished stage's weights read from <name>.pt into `model`, or `fit()` and its weights kept there.

    Weights are rounded to what the file and the bundle hold, so that a run that went on gives what one in a go gives.
    """
    if not load_state(model, name, folder):
        model = round_to_half(fit())
        if rank() == 0:
            save_state(model, f"{name}.draft", folder)
            (folder / f"{name}.draft.pt").replace(folder / f"{name}.pt")
    return model.eval().requires_grad_(False)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A draft beside `path` that takes its place when the block ends well, and is removed when it does not."""
    draft = path.with_name(f".{path.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        yield draft
        old = path.with_name(f".{path.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        if path.exists():
            path.replace(old)
        draft.replace(path)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
