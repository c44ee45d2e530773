"""Showing frames on a screen of one's own, without the screen: what to draw, what to log, what to tell the daemon.

Used by examples/psychopy_view.py; knows nothing of PsychoPy, so that it is tested without a window.
"""

import csv
from collections.abc import Iterable, Sequence
from typing import Literal, Protocol, TextIO

import numpy as np

from .clock import local_ms
from .frames import Frame
from .hello import Hello

_FIXED = (
    "session", "seq", "state", "shown_ms", "written_ms", "closed_ms", "last_spike_ms", "deadline_ms", "bin_first",
    "bin_last", "source_start_s", "source_end_s", "clock_offset_ms", "clock_uncertainty_ms", "source", "bundle",
    "solver", "steps", "seed", "guidance", "held_seq", "event_n", "event_text", "explained", "atypicality",
)  # fmt: skip


class Screen(Protocol):
    """What is needed of a client: `Client` has it."""

    @property
    def hello(self) -> Hello: ...
    def server_ms(self, at_ms: float) -> float: ...
    def shown(self, seq: int, at_ms: float | None = None) -> None: ...


def texture(frame: Frame) -> np.ndarray:
    """float32 [height, width, 3] in 0..1, bottom row first: what PsychoPy's ImageStim takes for an RGB array.

    It writes arrays to OpenGL as they are (whose first row is the bottom), and its shader for RGB takes 0 to 1;
    only arrays of one channel are -1 to 1 there.
    """
    return np.ascontiguousarray(frame.image[::-1], dtype=np.float32) / np.float32(255)


def stale_after_ms(hello: Hello) -> float:
    """After so long without a frame the last picture says nothing of the present."""
    return max(3, hello.every_bins + 1) * hello.bundle.bins.width_ms + hello.budget_ms


def columns(groups: Iterable[str]) -> list[str]:
    """Columns of the log: lineage, then evidence and steering of every latent group."""
    names = list(groups)
    return [*_FIXED, *(f"bits_{name}" for name in names), *(f"gamma_{name}" for name in names)]


def lineage_row(
    frame: Frame, session: str, shown_ms: float, places: Sequence[int | None] | None = None
) -> list[object]:
    """Where a frame came from and when it was seen, in the order of `columns`; empty for None.

    `places`: for each group of the columns, which of the frame's it is; None where the frame's bundle has no such
    group. Left out: the same groups.
    """
    order = range(len(frame.steering)) if places is None else places
    stamps, held, event = frame.stamps, frame.held, frame.event
    return [
        *(session, frame.seq, frame.state, shown_ms, stamps.written, stamps.closed, stamps.last_spike),
        *(frame.deadline_ms, *frame.bins, *frame.source_s, frame.clock.offset_ms, frame.clock.uncertainty_ms),
        *(frame.source, frame.bundle, frame.solver, frame.steps, frame.seed, frame.guidance),
        *(held and held.seq, event and event.n, event and event.text, frame.explained, frame.atypicality),
        # Empty where the bundle cannot tell them, or has no such group: the columns stay.
        *_in_places(frame.bits, order),
        *_in_places(frame.steering, order),
    ]


def _in_places(values: Sequence[float], places: Iterable[int | None]) -> list[float | None]:
    return [values[place] if place is not None and place < len(values) else None for place in places]


class Display:
    """Between a client and a window: `take` a frame, draw what `content` says, and call `flipped` at every flip."""

    def __init__(self, client: Screen, log: TextIO) -> None:
        self._client = client
        self._writer = csv.writer(log)
        self._columns = self._groups_now()
        self._writer.writerow(columns(self._columns))
        # An operator may change to a bundle of other groups: names by the digest that frames have.
        self._groups = {client.hello.bundle.digest: self._columns}
        self._frame: Frame | None = None
        self._taken_ms = float("-inf")
        self._waiting: Frame | None = None
        self.flips = 0

    def take(self, frame: Frame | None, at_ms: float | None = None) -> bool:
        """A frame for the next flip; None (nothing new came) changes nothing. True: there is something to upload."""
        if frame is None:
            return False
        self._groups[self._client.hello.bundle.digest] = self._groups_now()
        self._frame = self._waiting = frame
        self._taken_ms = local_ms() if at_ms is None else at_ms
        return True

    def content(self, at_ms: float | None = None) -> Literal["picture", "no-reconstruction", "stale", "waiting"]:
        """What to draw now. Only `picture` is a picture; the others must not look like one."""
        if self._frame is None:
            return "waiting"
        now = local_ms() if at_ms is None else at_ms
        if now - self._taken_ms > stale_after_ms(self._client.hello):
            return "stale"
        return "no-reconstruction" if self._frame.state == "no-reconstruction" else "picture"

    def flipped(self, at_ms: float | None = None) -> None:
        """The window has flipped, at `at_ms` by `local_ms()` (None: now): with the first flip a frame is shown."""
        self.flips += 1
        frame, self._waiting = self._waiting, None
        if frame is None:
            return
        shown_ms = self._client.server_ms(local_ms() if at_ms is None else at_ms)
        self._client.shown(frame.seq, shown_ms)
        groups = self._groups.get(frame.bundle, [])
        places = [groups.index(name) if name in groups else None for name in self._columns]
        self._writer.writerow(lineage_row(frame, self._client.hello.session, shown_ms, places))

    def _groups_now(self) -> list[str]:
        return [group.name for group in self._client.hello.bundle.latents.groups]
