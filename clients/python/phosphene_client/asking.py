"""Bodies of what a client asks, checked before they are sent."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .codec import TOPICS
from .errors import ParameterInvalid
from .hello import Hello

STEER_LIMIT = 10.0
MAX_TEXT = 256
MAX_SIDE = 128


def topics_list(topics: Iterable[str]) -> list[str]:
    """Known topics only."""
    names = list(topics)
    for name in names:
        if name not in TOPICS:
            raise ParameterInvalid("topics", f"of {', '.join(TOPICS)}", name)
    return names


def steer_body(gamma: Sequence[float] | Mapping[str, float], guidance: float | None, hello: Hello) -> dict[str, Any]:
    """One number for every latent group of the session's bundle."""
    names = [group.name for group in hello.bundle.latents.groups]
    if isinstance(gamma, Mapping):
        for name in gamma:
            if name not in names:
                raise ParameterInvalid("gamma", f"groups of {', '.join(names)}", name)
        gamma = [gamma.get(name, 0.0) for name in names]
    values = [float(value) for value in gamma]
    if len(values) != len(names):
        raise ParameterInvalid("gamma", f"{len(names)} numbers, one for each of {', '.join(names)}", len(values))
    if not all(abs(value) <= STEER_LIMIT for value in values):
        raise ParameterInvalid("gamma", f"numbers in [-{STEER_LIMIT:g}, {STEER_LIMIT:g}]", values)
    if guidance is not None and not math.isfinite(guidance):
        raise ParameterInvalid("guidance", "a number or None", guidance)
    return {"gamma": values, "guidance": None if guidance is None else float(guidance)}


def event_body(text: str, at_ms: float | None) -> dict[str, Any]:
    """An event; `at_ms` is server time."""
    # The daemon counts as JavaScript does, in UTF-16 units.
    if not 1 <= len(text.encode("utf-16-le")) // 2 <= MAX_TEXT:
        raise ParameterInvalid("text", f"1 to {MAX_TEXT} characters", len(text))
    if at_ms is None:
        return {"text": text}
    if not math.isfinite(at_ms):
        raise ParameterInvalid("at_ms", "a number", at_ms)
    return {"text": text, "atMs": float(at_ms)}


def switch_body(bundle: str) -> dict[str, Any]:
    """Another bundle, by its name."""
    if not 1 <= len(bundle.encode("utf-16-le")) // 2 <= MAX_TEXT:
        raise ParameterInvalid("bundle", f"a name of 1 to {MAX_TEXT} characters", bundle)
    return {"bundle": bundle}


def adapt_body(on: bool | None, reset: bool) -> dict[str, Any]:
    """What the adaptation is to do; `on` None leaves it as it is."""
    return {"on": None if on is None else bool(on), "reset": bool(reset)}


def picture_body(picture: np.ndarray) -> dict[str, Any]:
    """A picture as RGB bytes, row by row."""
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
        raise ParameterInvalid("picture", "uint8 [height, width, 3]", f"{picture.dtype} {list(picture.shape)}")
    height, width = picture.shape[:2]
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
        raise ParameterInvalid("picture", f"sides of 1 to {MAX_SIDE} pixels", f"{width} x {height}")
    return {"width": width, "height": height, "image": picture.tobytes()}
