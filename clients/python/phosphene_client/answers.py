"""What happened (`event`), what was dropped or refused, and the answers to what a client asks."""

from dataclasses import dataclass
from typing import ClassVar

from .keys import count, documented, flag, integer, key, list_of, nullable, number, one_of, record, text


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Stimulus:
    """What is on the subject's screen, by an event `stimulus <id>`."""

    id: str = key(text, "`blank` for nothing")
    url: str | None = key(nullable(text), "path of its picture on the daemon; None for blank")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, said by a source, by a client, or by the daemon itself."""

    type: ClassVar[str] = "event"

    source: str = key(text, "name of the source, `client`, or `daemon`")
    event: str = key(one_of("text", "ttl"), "text or ttl")
    text: str = key(text, "what happened: `stimulus <id>`, `steering`, `decoder restarted`, or a lab's own words")
    source_s: float | None = key(nullable(number), "seconds on the source's clock; None for daemon and clients")
    at_ms: float = key(number, "ms, server clock")
    stimulus: Stimulus | None = key(
        nullable(record(Stimulus)), "set when the text names a stimulus that the daemon knows"
    )
    n: int | None = key(count, "number of the event in the session, from 0", default=None)


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """What was dropped for this connection since the last such message."""

    type: ClassVar[str] = "dropped"

    frames: int = key(count, "pictures")
    latents: int = key(count, "messages")
    spikes: int = key(count, "bins")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorMessage:
    """The daemon refused a message."""

    type: ClassVar[str] = "error"

    code: str = key(text, "of docs/errors.md")
    message: str = key(text, "one sentence")
    id: int | None = key(nullable(integer), "of the message that was refused, where it had one", default=None)


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Pong:
    """Answers ping."""

    type: ClassVar[str] = "pong"

    id: int = key(integer, "of the ping")
    now_ms: float = key(number, "server clock, ms")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Steered:
    """A change of steering holds from this frame on."""

    type: ClassVar[str] = "steered"

    id: int | None = key(nullable(integer), "of the request")
    by: int = key(count, "connection that asked, as in `hello.viewer`")
    gamma: tuple[float, ...] = key(list_of(number), "[groups]: added to every latent of a group")
    guidance: float | None = key(nullable(number), "weight in effect; None where the bundle has none")
    seq: int = key(count, "first frame with it")
    bin: int = key(integer, "last bin of that frame")
    at_ms: float = key(number, "when that frame was written, ms, server clock")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Switched:
    """Frames are of another bundle from this one on; `hello` of that bundle came before it."""

    type: ClassVar[str] = "switched"

    id: int = key(integer, "of the request")
    by: int = key(count, "connection that asked, as in `hello.viewer`")
    bundle: str = key(text, "name of the bundle")
    digest: str = key(text, "of the bundle, as in every frame's `bundle`")
    seq: int = key(count, "first frame of it")
    bin: int = key(integer, "last bin of that frame")
    at_ms: float = key(number, "when that frame was written, ms, server clock")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Adapted:
    """What was asked of the adaptation holds from this frame on."""

    type: ClassVar[str] = "adapted"

    id: int = key(integer, "of the request")
    by: int = key(count, "connection that asked, as in `hello.viewer`")
    on: bool = key(flag, "whether the decoder learns from stimuli now")
    updates: int = key(count, "how often it had learnt when it was asked; 0 after a reset")
    seq: int = key(count, "first frame with it")
    bin: int = key(integer, "last bin of that frame")
    at_ms: float = key(number, "when that frame was written, ms, server clock")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """An event of ours is in the session."""

    type: ClassVar[str] = "noted"

    id: int = key(integer, "of the request")
    n: int = key(count, "number of the event in the session, as in `frame.event`")
    at_ms: float = key(number, "when it happened, ms, server clock")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """A picture of ours was handed to the rig; an event `stimulus <id>` says when it was shown."""

    type: ClassVar[str] = "presented"

    id: int = key(integer, "of the request")
    stimulus: str = key(text, "id of the stimulus: live-<n>")
