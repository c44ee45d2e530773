"""The same for programs without asyncio: `with Client(url) as client: frame = client.next_frame(timeout=1)`.

The connection lives in a thread of its own: frames arrive, and clocks are compared, while the program does something
else.
"""

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from .answers import Adapted, Event, Noted, Presented, Steered, Switched
from .client import ANSWER_S, SWITCH_S, AsyncClient, connect
from .clock import local_ms
from .connection import LinkDown, LinkUp
from .errors import Closed, PhospheneError
from .frames import Frame, Latents, Spikes
from .hello import Hello
from .status import Status
from .streams import Stream

T = TypeVar("T")


class Reader(Generic[T]):
    """Blocking side of a stream. One queue of fixed depth, in which the newest wins."""

    def __init__(self, stream: Stream[T]) -> None:
        self._stream = stream

    @property
    def dropped(self) -> int:
        """Messages that newer ones replaced before they were read here."""
        return self._stream.dropped

    def next(self, timeout: float | None = None) -> T | None:
        """The next message, or None when there was none within `timeout` seconds; 0 only looks; None waits for ever."""
        return self._stream.mailbox.take() if timeout == 0 else self._stream.mailbox.wait(timeout)

    def __iter__(self) -> Iterator[T]:
        while True:
            item = self.next()
            if item is not None:
                yield item


class Client:
    """One connection to a daemon, in a thread of its own. `options` are those of `connect`. For any thread."""

    def __init__(self, url: str = "http://127.0.0.1:8787", **options: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="phosphene-client", daemon=True)
        self._client: AsyncClient = connect(url, **options)
        self._frames: Reader[Frame] | None = None

    def __enter__(self) -> "Client":
        self._thread.start()
        try:
            self._run(self._client.__aenter__())
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._run(self._client.__aexit__())
        finally:
            self._stop()

    @property
    def hello(self) -> Hello:
        """Of the newest connection: session, bundle, role."""
        return self._client.hello

    @property
    def status(self) -> Status | None:
        """The newest status, None before the first. Needs the topic status."""
        return self._client.status

    def now_ms(self) -> float:
        """Now on the server's clock, ms."""
        return self._client.now_ms()

    def server_ms(self, at_ms: float) -> float:
        """Server time of a time by `local_ms()`, ms."""
        return self._client.server_ms(at_ms)

    def next_frame(self, timeout: float | None = None) -> Frame | None:
        """The newest picture that was not returned yet, or None after `timeout` seconds (0 only looks, None waits)."""
        if self._frames is None:
            self._frames = self.frames()
        return self._frames.next(timeout)

    def frames(self, depth: int = 1) -> Reader[Frame]:
        """Decoded pictures from now on, in a queue of their own."""
        return self._reader("frames", depth)

    def latents(self, depth: int = 1) -> Reader[Latents]:
        """The same without the pictures."""
        return self._reader("latents", depth)

    def spikes(self, depth: int = 16) -> Reader[Spikes]:
        """Closed bins with their spikes."""
        return self._reader("spikes", depth)

    def events(self, depth: int = 256) -> Reader[Event]:
        """Events of sources, clients and the daemon."""
        return self._reader("events", depth)

    def statuses(self, depth: int = 1) -> Reader[Status]:
        """What the daemon knows about itself, once a second."""
        return self._reader("statuses", depth)

    def switches(self, depth: int = 256) -> Reader[Switched]:
        """Every change of the bundle, with its first frame, whoever asked for it."""
        return self._reader("switches", depth)

    def adaptations(self, depth: int = 256) -> Reader[Adapted]:
        """Every change of the adaptation, whoever asked for it."""
        return self._reader("adaptations", depth)

    def hellos(self, depth: int = 256) -> Reader[Hello]:
        """As `AsyncClient.hellos`."""
        return self._reader("hellos", depth)

    def changes(self, depth: int = 256) -> Reader[Steered]:
        """Every change of steering, whoever asked for it."""
        return self._reader("changes", depth)

    def problems(self, depth: int = 256) -> Reader[PhospheneError]:
        """Refusals that name no request of ours, and messages of the daemon that were malformed."""
        return self._reader("problems", depth)

    def links(self, depth: int = 256) -> Reader[LinkUp | LinkDown]:
        """Losses of the connection and its returns."""
        return self._reader("links", depth)

    def steer(
        self, gamma: Sequence[float] | Mapping[str, float], guidance: float | None = None, timeout_s: float = ANSWER_S
    ) -> Steered:
        """As `AsyncClient.steer`."""
        return self._run(self._client.steer(gamma, guidance, timeout_s))

    def event(self, text: str, at_ms: float | None = None, timeout_s: float = ANSWER_S) -> Noted:
        """As `AsyncClient.event`."""
        return self._run(self._client.event(text, at_ms, timeout_s))

    def present(self, picture: np.ndarray, timeout_s: float = ANSWER_S) -> Presented:
        """As `AsyncClient.present`."""
        return self._run(self._client.present(picture, timeout_s))

    def switch(self, bundle: str, timeout_s: float = SWITCH_S) -> Switched:
        """As `AsyncClient.switch`."""
        return self._run(self._client.switch(bundle, timeout_s))

    def adapt(self, on: bool | None = None, reset: bool = False, timeout_s: float = ANSWER_S) -> Adapted:
        """As `AsyncClient.adapt`."""
        return self._run(self._client.adapt(on, reset, timeout_s))

    def shown(self, seq: int, at_ms: float | None = None) -> None:
        """As `AsyncClient.shown`, but hands the message over and returns: a display loop must not wait for a socket."""
        when = self.server_ms(local_ms()) if at_ms is None else at_ms
        self._start(self._client.shown(seq, when))

    def ping(self, timeout_s: float = ANSWER_S) -> float:
        """Round trip to the daemon, ms."""
        return self._run(self._client.ping(timeout_s))

    def _reader(self, kind: str, depth: int) -> Reader[Any]:
        async def make() -> Stream[Any]:
            return getattr(self._client, kind)(depth)

        return Reader(self._run(make()))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._start(work).result()

    def _start(self, work: Coroutine[Any, Any, T]) -> "Any":
        if not self._thread.is_alive():
            work.close()
            raise Closed
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _serve(self) -> None:
        """The thread: runs the loop, and leaves nothing pending when it stops."""
        self._loop.run_forever()
        self._loop.run_until_complete(_cancel_all())
        self._loop.close()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


async def _cancel_all() -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
