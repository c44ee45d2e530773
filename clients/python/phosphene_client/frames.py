"""What is decoded: `frame`, `latents`, and the `spikes` that it was decoded from. Arrays are read-only numpy.

Times ending in `_ms` are milliseconds on the server's monotonic clock (origin: start of the daemon) unless said
otherwise.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .errors import Malformed
from .keys import (
    count,
    documented,
    float32s,
    integer,
    key,
    list_of,
    map_of,
    nullable,
    number,
    one_of,
    pair,
    pixels,
    quantity,
    record,
    text,
    uint16s,
)

STATES = ("ok", "late", "held", "no-reconstruction")
STEP_REASONS = ("fits", "time", "share", "rate", "held-down", "no-time")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Stamps:
    """When what happened to one frame, ms on the server's clock. `started` to `synthesised` is the model run."""

    last_spike: float | None = key(
        nullable(number), "newest spike of the window's last bin; None when the bin is empty"
    )
    arrived: float = key(number, "newest message of the source before the bin was closed")
    closed: float = key(number, "the bin was closed; from here the deadline counts")
    dispatched: float = key(number, "the window went to the decoder")
    started: float = key(number, "the model run began")
    encoded: float = key(number, "the latents were there")
    stepped: tuple[float, ...] = key(
        list_of(number), "end of each run of the sampler's network: one a step, or one in all"
    )
    synthesised: float = key(number, "the picture was there")
    received: float = key(number, "the daemon had the answer")
    written: float = key(number, "just before the message was serialised; by it the frame is late or not")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An earlier picture again, because there was no time to decode a bin."""

    seq: int = key(count, "the frame whose picture this is")
    bin: int = key(integer, "the bin that was not decoded")
    age_ms: float = key(number, "age of the picture, from the close of its bin to this write, ms")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """How the number of steps came about."""

    estimate_ms: float = key(number, "estimated cost of the model run, ms")
    left_ms: float = key(number, "time that was left for it, ms")
    why: str = key(one_of(*STEP_REASONS), f"why not more steps: {', '.join(STEP_REASONS)}")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class SourceClock:
    """Server time = source time x 1000 + offset."""

    offset_ms: float = key(number, "ms")
    uncertainty_ms: float = key(number, "ms")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEvent:
    """The newest event that was known when a frame's last bin was closed."""

    n: int = key(count, "number of the event in the session, from 0")
    text: str = key(text, "as in the event")
    at_ms: float = key(number, "when it happened, ms, server clock")


@documented
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Latents:
    """A frame without its picture."""

    type: ClassVar[str] = "latents"

    seq: int = key(count, "grows by one for every frame of the session")
    state: str = key(one_of(*STATES), f"one of {', '.join(STATES)}")
    held: Held | None = key(nullable(record(Held)), "set when this is an earlier picture again")
    mu: np.ndarray = key(float32s, "float32 [D]: the latents (mean of their posterior), before steering; D may be 0")
    logvar: np.ndarray = key(float32s, "float32 [D]: log variance of the posterior; empty where bits are missing")
    bits: tuple[float, ...] = key(
        list_of(number), "[groups]: information of the posterior against the prior, bits; empty where missing"
    )
    explained: float | None = key(
        nullable(quantity),
        "correlation over units of what the latents explain with the spikes; may be NaN; None where missing",
    )
    atypicality: float | None = key(nullable(quantity), "1 for a typical window; may be NaN; None where missing")
    readouts: dict[str, np.ndarray] = key(
        map_of(float32s), "name -> float32: probabilities of a class, or a value in its unit"
    )
    bins: tuple[int, int] = key(pair(integer), "first and last bin of the window")
    stamps: Stamps = key(record(Stamps), "when what happened to it")

    def __post_init__(self) -> None:
        if self.logvar.size not in (0, self.mu.size):
            raise Malformed(f"{self.type}.logvar", f"{self.mu.size} values, as many as mu", self.logvar.size)


@documented
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame(Latents):
    """A decoded picture with its evidence and its whole lineage."""

    type: ClassVar[str] = "frame"

    width: int = key(count, "pixels")
    height: int = key(count, "pixels")
    image: np.ndarray = key(pixels, "uint8 [height, width, 3]: RGB, top row first, read-only")
    steps: int = key(count, "denoising steps that were used")
    decision: Decision = key(record(Decision), "why so many")
    solver: str = key(text, "ddim, ipndm or linear")
    seed: int = key(integer, "seed of the session's noise")
    history: int = key(
        count, "earlier windows, or lessons of an adaptation, that the picture depends on besides its own", default=0
    )
    guidance: float | None = key(nullable(number), "guidance weight of the sampler; None where the bundle has none")
    steering: tuple[float, ...] = key(list_of(number), "[groups]: added to every latent of a group")
    event: KnownEvent | None = key(
        nullable(record(KnownEvent)), "newest event known when the last bin was closed", default=None
    )
    source: str = key(text, "name of the source")
    bundle: str = key(text, "digest of the bundle")
    source_s: tuple[float, float] = key(pair(number), "start and end of the window, seconds on the source's clock")
    clock: SourceClock = key(record(SourceClock), "from the source's clock to the server's")
    silent_units: int = key(count, "units whose source is lost: left out of picture and evidence")
    deadline_ms: float = key(number, "when it was due, ms, server clock")
    budget_ms: float = key(number, "from the close of the bin to the deadline, ms")

    def __post_init__(self) -> None:
        Latents.__post_init__(self)
        shape = (self.height, self.width, 3)
        if self.image.size != self.height * self.width * 3:
            raise Malformed(
                "frame.image", f"width x height x 3 = {self.height * self.width * 3} bytes", self.image.size
            )
        object.__setattr__(self, "image", self.image.reshape(shape))


@documented
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spikes:
    """One closed bin, for a raster."""

    type: ClassVar[str] = "spikes"

    index: int = key(count, "number of the bin")
    start_s: float = key(number, "start of the bin, seconds on the source's clock")
    width_ms: float = key(number, "ms")
    units: np.ndarray = key(uint16s, "uint16 [spikes]: index of the unit")
    offsets_ms: np.ndarray = key(float32s, "float32 [spikes]: ms after the bin's start")
    closed_ms: float = key(number, "when it was closed, ms, server clock")

    def __post_init__(self) -> None:
        if self.units.shape != self.offsets_ms.shape:
            raise Malformed("spikes.offsetsMs", f"{self.units.size} values, as many as units", self.offsets_ms.size)
