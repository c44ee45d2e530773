"""Parts of a status: the sources, the decoder, and how the time of a frame is shared."""

from dataclasses import dataclass

from .frames import STEP_REASONS
from .keys import count, documented, flag, key, map_of, nullable, number, one_of, quantity, record, text


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How old the source's newest data were when they were taken in."""

    overloaded: bool = key(flag, "from 250 ms until it is 100 ms again")
    age_ms: float = key(number, "ms")
    overloads: int = key(count, "times so far")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class ClockState:
    """Server time = source time x 1000 + offset."""

    offset_ms: float = key(quantity, "ms; NaN before anything has been heard of the source")
    uncertainty_ms: float = key(quantity, "ms; infinite before anything has been heard of the source")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """One source, or all of them merged."""

    name: str = key(text, "as configured")
    kind: str = key(text, "of adapter")
    state: str = key(one_of("connecting", "live", "lost"), "connecting, live or lost")
    since_ms: float = key(number, "since when, ms, server clock")
    detail: str = key(text, "why")
    counters: dict[str, float] = key(map_of(number), "of the adapter")
    clock: ClockState = key(record(ClockState), "from its clock to the server's")
    backlog: Backlog = key(record(Backlog), "whether it keeps up")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class DecoderState:
    """The decoder process, or the decoder in the daemon's own."""

    state: str = key(one_of("starting", "ready", "restarting", "failed"), "starting, ready, restarting or failed")
    restarts: int = key(count, "times that it was started again")
    pid: int | None = key(nullable(count), "None while there is no process of its own")
    provider: str = key(text, "cpu, cuda, webgpu or in-process")
    runner: str = key(text, "bound, plain or matrices")
    precision: str = key(text, "fp32, tf32 or fp16")
    reason: str = key(text, "why this provider")
    cost_ms: dict[str, float] = key(map_of(number), "steps -> measured cost, ms")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A bundle that the daemon may decode with."""

    name: str = key(text, "for `switch`")
    kind: str = key(text, "diffusion, linear, ...")
    digest: str = key(text, "as in every frame's `bundle`")
    state: str = key(one_of("active", "loading", "available"), "active, loading or available")
    detail: str = key(text, "what it waits for while it loads, or why it could not be had the last time")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Adaptation:
    """Learning from stimuli whose pictures are known."""

    possible: bool = key(flag, "whether the active decoder can")
    on: bool = key(flag, "whether it does")
    updates: int = key(count, "how often it has")
    why: str | None = key(nullable(text), "why it cannot; None where it can")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """What a frame may spend on each part of its way, ms; None: no limit of its own."""

    wait_ms: float | None = key(nullable(number), "waiting for the decoder")
    model_ms: float | None = key(nullable(number), "decoder, there and back")
    write_ms: float = key(number, "kept free after the model")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How the time of a frame is shared, and what was decided since the start."""

    total_ms: float = key(number, "ms")
    shares: Shares = key(record(Shares), "of each part of a frame's way")
    write_measured: bool = key(flag, "whether shares.write_ms is measured")
    late_frames: str = key(one_of("drop", "show-late"), "drop or show-late")
    no_time: str = key(one_of("hold", "expire"), "hold or expire")
    estimates_ms: dict[str, float] = key(map_of(number), "steps -> estimated cost now, ms")
    steps: dict[str, int] = key(map_of(count), "steps -> bins for which they were chosen")
    decisions: dict[str, int] = key(map_of(count), f"why not more steps -> bins: {', '.join(STEP_REASONS)}")
    misses: int = key(count, "late + expired")
