"""The pairs of test/golden/protocol: every message as bytes and as JSON."""

import base64
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np

from phosphene_client.keys import wire_name

FOLDER = Path(__file__).parents[3] / "test/golden/protocol"


def names(side: str) -> list[str]:
    """Types of the messages of `server` or `client`."""
    return sorted(path.stem.removeprefix(f"{side}-") for path in FOLDER.glob(f"{side}-*.bin"))


def data(name: str) -> bytes:
    return (FOLDER / f"{name}.bin").read_bytes()


def meaning(name: str) -> dict[str, Any]:
    """The JSON of a message, `bin` fields as bytes."""
    return json.loads((FOLDER / f"{name}.json").read_text(), object_hook=_unbin)


def _unbin(value: dict[str, Any]) -> Any:
    return base64.b64decode(value["$bin"]) if set(value) == {"$bin"} else value


def to_wire(value: Any) -> Any:
    """A message of ours as the map that it was read from; keys that were absent are None."""
    if dataclasses.is_dataclass(value):
        found = {wire_name(f): to_wire(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {**({"type": value.type} if hasattr(value, "type") else {}), **found}
    if isinstance(value, np.ndarray):
        return value.tobytes()
    if isinstance(value, dict):
        return {name: to_wire(item) for name, item in value.items()}
    return [to_wire(item) for item in value] if isinstance(value, tuple) else value


def like(kept: Any, told: Any) -> Any:
    """`kept` without the keys that are None here and absent in `told`."""
    if isinstance(kept, dict) and isinstance(told, dict):
        return {key: like(value, told.get(key)) for key, value in kept.items() if value is not None or key in told}
    if isinstance(kept, list) and isinstance(told, list) and len(kept) == len(told):
        return [like(one, other) for one, other in zip(kept, told, strict=True)]
    return kept
