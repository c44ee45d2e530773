"""The body of `GET /status`, which is also sent once a second: what the daemon knows about itself."""

from dataclasses import dataclass
from typing import ClassVar

from .keys import count, documented, flag, key, list_of, map_of, nullable, number, one_of, quantity, record, text
from .stages import Adaptation, Budget, Choice, DecoderState, SourceState


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Every bin, once: `bins = frames + superseded + expired + failed + gated` and `closed = bins + in_flight`."""

    closed: int = key(count, "bins that were closed")
    in_flight: int = key(count, "not settled yet")
    bins: int = key(count, "settled")
    frames: int = key(count, "gave a picture")
    superseded: int = key(count, "a newer bin took their place")
    expired: int = key(count, "no time for even the fewest steps, or the picture came too late")
    failed: int = key(count, "decoder down, or it refused the window")
    gated: int = key(count, "not offered")
    late: int = key(count, "of the frames: shown after their deadline")
    discarded: int = key(count, "of the expired: the picture came too late")
    held: int = key(count, "of the expired: the last picture was sent again")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """Of one stage, ms; NaN of nothing."""

    n: int = key(count, "how many")
    p50: float = key(quantity, "ms")
    p99: float = key(quantity, "ms")
    p999: float = key(quantity, "ms: 99.9 %")
    max: float = key(quantity, "ms")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Where the time went."""

    total: Percentiles = key(record(Percentiles), "close of the bin to the write")
    queue: Percentiles = key(record(Percentiles), "waiting for the decoder")
    encode: Percentiles = key(record(Percentiles), "spikes to latents")
    synthesise: Percentiles = key(record(Percentiles), "latents to picture")
    overhead: Percentiles = key(record(Percentiles), "total without the model run")
    age: Percentiles = key(record(Percentiles), "last spike to the write")
    glass: Percentiles = key(record(Percentiles), "close of the bin to the screen, by `shown`")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class ViewerCounts:
    """Messages of one connection: `offered = sent + dropped + queued`."""

    id: int = key(count, "as in `hello.viewer`")
    offered: int = key(count, "messages meant for it")
    sent: int = key(count, "messages")
    dropped: int = key(count, "messages")
    queued: int = key(count, "messages that wait now")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class ViewerTotals:
    """The same over all connections of the session."""

    connected: int = key(count, "now")
    offered: int = key(count, "messages")
    sent: int = key(count, "messages")
    dropped: int = key(count, "messages")
    queued: int = key(count, "messages that wait now")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class SpikeCounts:
    """Spikes of the session."""

    total: int = key(count, "spikes")
    late: int = key(count, "after their bin was closed")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingState:
    """The recording of the session."""

    state: str = key(one_of("recording", "stopped", "closed"), "recording, stopped or closed")
    path: str = key(text, "on the daemon's machine")
    bytes: int = key(count, "written")
    records: int = key(count, "written")
    detail: str = key(text, "why it stopped")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessState:
    """The daemon's process."""

    rss_bytes: float = key(number, "resident memory, bytes")
    uptime_s: float = key(number, "seconds")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class ActionLog:
    """The log of what operators did."""

    written: int = key(count, "lines")
    lost: int = key(count, "lines that could not be written")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may do what, and who was refused."""

    tokens: bool = key(flag, "whether connections need a token")
    operators: int = key(count, "connected now")
    viewers: int = key(count, "connected now, without the operators")
    refused: dict[str, int] = key(map_of(count), "reason -> how often")
    log: ActionLog | None = key(nullable(record(ActionLog)), "None where actions are not logged", default=None)


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class OutputState:
    """One output besides the viewers: `offered = sent + merged + late + failed + pending`."""

    name: str = key(text, "as configured")
    state: str = key(text, "in the words of the output")
    detail: str = key(text, "why it is in this state")
    offered: int = key(count, "asked for")
    sent: int = key(count, "in time")
    merged: int = key(count, "was so already: a pulse that was prolonged")
    late: int = key(count, "not sent, for its deadline had passed")
    failed: int = key(count, "in vain")
    pending: int = key(count, "under way")
    last_ms: float | None = key(
        nullable(number), "of the last one sent, from the close of the bin to the hand-over, ms"
    )
    latency: Percentiles = key(record(Percentiles), "of all that were sent")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The daemon now."""

    type: ClassVar[str] = "status"

    now_ms: float = key(number, "server clock, ms")
    session: str = key(text, "as in `hello`")
    source: SourceState = key(record(SourceState), "what is decoded: the one source, or all merged")
    sources: tuple[SourceState, ...] = key(list_of(record(SourceState)), "each of several; empty for one")
    decoder: DecoderState = key(record(DecoderState), "what decodes")
    budget: Budget = key(record(Budget), "time of a frame")
    ledger: Ledger = key(record(Ledger), "what became of every bin")
    latency: Latency = key(record(Latency), "of the stages")
    viewers: tuple[ViewerCounts, ...] = key(list_of(record(ViewerCounts)), "each connection")
    viewer_totals: ViewerTotals = key(record(ViewerTotals), "departed ones too")
    spikes: SpikeCounts = key(record(SpikeCounts), "counts")
    process: ProcessState = key(record(ProcessState), "the daemon's")
    recording: RecordingState | None = key(record(RecordingState), "None when nothing is to be recorded", default=None)
    access: Access | None = key(record(Access), "None from a daemon that has no roles", default=None)
    decoders: tuple[Choice, ...] = key(list_of(record(Choice)), "every bundle of the configuration", default=())
    switches: int = key(count, "changes of the bundle since the start", default=0)
    adaptation: Adaptation | None = key(record(Adaptation), "None from a daemon that has none", default=None)
    outputs: tuple[OutputState, ...] = key(list_of(record(OutputState)), "outputs besides the viewers", default=())
