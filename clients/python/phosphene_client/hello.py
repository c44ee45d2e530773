"""`hello`: which daemon, session and model answers, and what this connection may do."""

from dataclasses import dataclass
from typing import ClassVar

from .keys import count, documented, flag, key, list_of, nullable, number, one_of, record, text


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Bins:
    """How spikes become a window."""

    width_ms: float = key(number, "width of a bin, ms")
    window: int = key(count, "bins in a window")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class ImageShape:
    """Shape of every picture of the session."""

    width: int = key(count, "pixels")
    height: int = key(count, "pixels")
    channels: int = key(count, "of the model; pictures on the wire are RGB")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Latents that are steered, and judged, together."""

    name: str = key(text, "for example form")
    size: int = key(count, "latents in it")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class LatentSpace:
    """The latents and their groups, in order."""

    dimension: int = key(count, "D")
    groups: tuple[Group, ...] = key(list_of(record(Group)), "sizes add up to D")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Readout:
    """What else is read from the latents."""

    name: str = key(text, "as in `readouts` of a frame")
    kind: str = key(one_of("class", "value"), "class: one probability a label; value: numbers")
    unit: str = key(text, "unit of the values; empty for a class")
    labels: tuple[str, ...] = key(list_of(text), "of a class")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Why a measure of the evidence cannot be computed, one sentence; None for one that can."""

    bits: str | None = key(text, "why frames have no `bits`", default=None)
    explained: str | None = key(text, "why frames have no `explained`", default=None)
    atypicality: str | None = key(text, "why frames have no `atypicality`", default=None)


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Below these a frame's state is no-reconstruction; None where the measure is missing."""

    bits_threshold: float | None = key(nullable(number), "bits in all groups together, at least")
    explained_threshold: float | None = key(nullable(number), "correlation, at least")
    atypicality_threshold: float | None = key(nullable(number), "at most")
    missing: Missing = key(record(Missing), "measures that cannot be computed", default=Missing())


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """The model."""

    name: str = key(text, "of the model")
    kind: str = key(text, "diffusion, linear, ...")
    digest: str = key(text, "as in every frame's `bundle`")
    units: int = key(count, "units that it decodes")
    unit_labels: tuple[str, ...] = key(list_of(text), "[units]")
    bins: Bins = key(record(Bins), "how spikes become its windows")
    image: ImageShape = key(record(ImageShape), "shape of its pictures")
    latents: LatentSpace = key(record(LatentSpace), "its latents")
    readouts: tuple[Readout, ...] = key(list_of(record(Readout)), "what else it says")
    evidence: Evidence = key(record(Evidence), "thresholds")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class SourceName:
    """Where the spikes come from."""

    name: str = key(text, "as in every frame's `source`")
    kind: str = key(text, "open-ephys, lsl, recording, ...")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class GuidanceRange:
    """Guidance weights of the sampler that can be asked for."""

    default: float = key(number, "in effect unless steered")
    min: float = key(number, "least")
    max: float = key(number, "most")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """First message of a connection. Another `session` than before: the daemon was restarted, `seq` starts anew."""

    type: ClassVar[str] = "hello"

    protocol: int = key(count, "version of the protocol: 1")
    server: str = key(text, "for example phosphene/0.1.0")
    session: str = key(text, "one run of the daemon")
    now_ms: float = key(number, "server clock when it was sent, ms")
    unix_ms: float = key(number, "the same instant since 1970 by the daemon's machine, ms")
    bundle: Bundle = key(record(Bundle), "the model")
    budget_ms: float = key(number, "from the close of a bin to its frame's deadline, ms")
    every_bins: int = key(count, "a frame is decoded from every so many bins")
    source: SourceName = key(record(SourceName), "where the spikes come from")
    # A daemon from before roles says none of these four: there everybody could steer.
    role: str = key(one_of("viewer", "operator"), "what this connection may do", default="operator")
    viewer: int | None = key(count, "number of this connection, as in `by` of steered", default=None)
    guidance: GuidanceRange | None = key(
        nullable(record(GuidanceRange)), "None where the bundle has no guidance", default=None
    )
    present: bool = key(flag, "whether there is a rig that shows pictures", default=False)
