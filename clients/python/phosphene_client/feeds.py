"""What comes over a connection, one stream for each kind of message."""

from typing import Any

from .answers import Adapted, Event, Steered, Switched
from .connection import LinkDown, LinkUp
from .errors import PhospheneError
from .frames import Frame, Latents, Spikes
from .hello import Hello
from .status import Status
from .streams import Stream


class Feeds:
    """The reading half of `AsyncClient`. Each call makes a queue of its own, filled from then on."""

    def _stream(self, kind: str, depth: int, topic: str | None) -> Stream[Any]:
        """A stream of messages of `kind`; `topic` is what must be subscribed to for them, None for nothing."""
        raise NotImplementedError

    def frames(self, depth: int = 1) -> Stream[Frame]:
        """Decoded pictures from now on. Of those that wait, the newest `depth` are kept."""
        return self._stream("frame", depth, "frame")

    def latents(self, depth: int = 1) -> Stream[Latents]:
        """The same without the pictures."""
        return self._stream("latents", depth, "latents")

    def spikes(self, depth: int = 16) -> Stream[Spikes]:
        """Closed bins with their spikes."""
        return self._stream("spikes", depth, "spikes")

    def events(self, depth: int = 256) -> Stream[Event]:
        """Events of sources, clients and the daemon."""
        return self._stream("event", depth, "event")

    def statuses(self, depth: int = 1) -> Stream[Status]:
        """What the daemon knows about itself, once a second."""
        return self._stream("status", depth, "status")

    def switches(self, depth: int = 256) -> Stream[Switched]:
        """Every change of the bundle, with its first frame, whoever asked for it."""
        return self._stream("switched", depth, "event")

    def adaptations(self, depth: int = 256) -> Stream[Adapted]:
        """Every change of the adaptation, whoever asked for it."""
        return self._stream("adapted", depth, "event")

    def hellos(self, depth: int = 256) -> Stream[Hello]:
        """A `hello` on a connection that stands: from the next frame on the daemon decodes with that bundle."""
        return self._stream("hello", depth, None)

    def changes(self, depth: int = 256) -> Stream[Steered]:
        """Every change of steering, whoever asked for it."""
        return self._stream("steered", depth, "event")

    def problems(self, depth: int = 256) -> Stream[PhospheneError]:
        """What the daemon refused without naming a request of ours, and messages of its own that were malformed."""
        return self._stream("problem", depth, None)

    def links(self, depth: int = 256) -> Stream[LinkUp | LinkDown]:
        """Losses of the connection and its returns; `LinkUp.new_session` says that the daemon was restarted."""
        return self._stream("link", depth, None)
