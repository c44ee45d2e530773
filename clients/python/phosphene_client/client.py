"""The asyncio client: `async with connect(url) as client: async for frame in client.frames(): ...`"""

import asyncio
import ssl
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from .answers import Adapted, Noted, Pong, Presented, Steered, Switched
from .asking import adapt_body, event_body, picture_body, steer_body, switch_body, topics_list
from .clock import ServerClock, local_ms
from .codec import encode
from .connection import Connection, LinkDown, LinkUp
from .errors import PhospheneError
from .feeds import Feeds
from .hello import Hello
from .inbox import Inbox
from .link import Address, check_token, stream_url
from .status import Status
from .streams import Stream

ANSWER_S = 10.0
SWITCH_S = 120.0
"""A large model is verified, loaded and warmed up."""
_PING_EVERY_S = 1.0
# The first pings come quickly, so that the clock is good when the first frame is shown.
_QUICK_PINGS = 4
_QUICK_S = 0.05


class AsyncClient(Feeds):
    """One connection to a daemon, which comes back by itself. Made by `connect`; belongs to one event loop."""

    def __init__(self, address: Address, topics: Sequence[str], reconnect: bool, wait_s: float, chance: Any) -> None:
        self.clock = ServerClock()
        """From `local_ms()` to the server's clock."""
        self._topics = set(topics)
        self._wait_s = wait_s
        self._inbox = Inbox()
        self._connection = Connection(address, self, reconnect, chance)
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "AsyncClient":
        try:
            await self._connection.open(self._wait_s)
        except BaseException:
            await self._connection.stop()
            raise
        self._begin(self._connection.run())
        self._begin(self._keep_time())
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._connection.stop()

    @property
    def hello(self) -> Hello:
        """The newest: session, bundle, role."""
        assert self._inbox.hello is not None, "connected by `async with`"
        return self._inbox.hello

    @property
    def status(self) -> Status | None:
        """The newest status, None before the first. Needs the topic status: `topics=["status"]` or `statuses()`."""
        return self._inbox.status

    @property
    def malformed(self) -> int:
        """Messages of the daemon that did not follow the protocol; `problems()` has each."""
        return self._inbox.malformed

    def now_ms(self) -> float:
        """Now on the server's clock, ms."""
        return self.server_ms(local_ms())

    def server_ms(self, at_ms: float) -> float:
        """Server time of a time by `local_ms()`, ms."""
        mapped = self.clock.to_server(at_ms)
        assert mapped is not None, "connected by `async with`"
        return mapped

    async def subscribe(self, *topics: str) -> None:
        """Adds topics: frame, latents, spikes, event, status."""
        self._topics.update(topics_list(topics))
        await self._connection.send(encode("subscribe", {"topics": sorted(self._topics)}))

    async def steer(
        self, gamma: Sequence[float] | Mapping[str, float], guidance: float | None = None, timeout_s: float = ANSWER_S
    ) -> Steered:
        """Adds `gamma` to every latent of a group, until the next call. Operators only.

        `gamma` has one number in [-10, 10] for every group, or names some (`{"form": 2.0}`; the others get 0).
        `guidance` None: the bundle's default. Returns the frame from which it holds. Raises Refused, Disconnected, or
        NoAnswer when nothing is decoded.
        """
        return await self._ask("steer", steer_body(gamma, guidance, self.hello), timeout_s)

    async def event(self, text: str, at_ms: float | None = None, timeout_s: float = ANSWER_S) -> Noted:
        """Says that something happened (1 to 256 characters): it enters lineage and recording. Operators only.

        `at_ms` is server time (`server_ms`); None: when the daemon gets it.
        """
        return await self._ask("event", event_body(text, at_ms), timeout_s)

    async def present(self, picture: np.ndarray, timeout_s: float = ANSWER_S) -> Presented:
        """Shows `picture`, uint8 [height, width, 3], at most 128 x 128, to the (simulated) subject. Operators only."""
        return await self._ask("present", picture_body(picture), timeout_s)

    async def switch(self, bundle: str, timeout_s: float = SWITCH_S) -> Switched:
        """Decodes with another bundle, a name of `status.decoders`, from a frame on. Operators only.

        Loading takes seconds, in which the bundle of before goes on. `hello` changes, and steering is zero then.
        Returns the first frame of the other bundle. Raises Refused, and the one of before goes on.
        """
        return await self._ask("switch", switch_body(bundle), timeout_s)

    async def adapt(self, on: bool | None = None, reset: bool = False, timeout_s: float = ANSWER_S) -> Adapted:
        """Lets the decoder learn from stimuli whose pictures are known, or not (None: as it is). Operators only.

        `reset` forgets what it has learnt. Raises Refused where the bundle cannot (`status.adaptation.why`).
        """
        return await self._ask("adapt", adapt_body(on, reset), timeout_s)

    async def shown(self, seq: int, at_ms: float | None = None) -> None:
        """Says that frame `seq` was on the screen at `at_ms` (server time; None: now), for glass latency in status."""
        body = {"seq": int(seq), "atMs": self.now_ms() if at_ms is None else float(at_ms)}
        await self._connection.send(encode("shown", body))

    async def ping(self, timeout_s: float = ANSWER_S) -> float:
        """Round trip to the daemon, ms; sharpens the clock."""
        sent = local_ms()
        pong: Pong = await self._ask("ping", {}, timeout_s)
        received = local_ms()
        self.clock.add(sent, received, pong.now_ms)
        return received - sent

    async def greeted(self, up: LinkUp) -> None:
        """For the connection: a hello has come."""
        self.clock.seed(local_ms(), up.hello.now_ms)
        self._inbox.greeted(up)
        if self._topics:
            await self.subscribe()

    def received(self, data: bytes | str) -> None:
        """For the connection: a message has come."""
        self._inbox.received(data)

    def lost(self, down: LinkDown) -> None:
        """For the connection: it is gone, and is made again."""
        self._inbox.lost(down)

    def ended(self, error: PhospheneError) -> None:
        """For the connection: it is gone for good."""
        self._inbox.ended(error)

    def _stream(self, kind: str, depth: int, topic: str | None) -> Stream[Any]:
        if topic is not None and topic not in self._topics:
            self._topics.add(topic)
            self._begin(self._resubscribe())
        return self._inbox.stream(kind, depth)

    async def _resubscribe(self) -> None:
        # While there is no connection the next one subscribes anyway.
        with suppress(PhospheneError):
            await self.subscribe()

    async def _ask(self, kind: str, body: dict[str, Any], timeout_s: float) -> Any:
        async def send(identity: int) -> None:
            await self._connection.send(encode(kind, {"id": identity, **body}))

        return await self._inbox.ask(kind, timeout_s, send)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep_time(self) -> None:
        pings = 0
        while True:
            with suppress(PhospheneError):
                await self.ping()
            pings += 1
            await asyncio.sleep(_QUICK_S if pings < _QUICK_PINGS else _PING_EVERY_S)


def connect(
    url: str = "http://127.0.0.1:8787",
    *,
    token: str | None = None,
    topics: Iterable[str] = (),
    reconnect: bool = True,
    wait_s: float = 0.0,
    tls: ssl.SSLContext | None = None,
    open_timeout_s: float = 10.0,
    chance: Callable[[], float] | None = None,
) -> AsyncClient:
    """A client, connected by `async with`.

    `token`: of the daemon, where it wants one. `topics`: to subscribe to from the start (frames(), events() and the
    others subscribe by themselves). `reconnect`: come back after a loss. `wait_s`: wait so long for a daemon that is
    not there yet. `tls`: trust for `https://` addresses, for a certificate of one's own. `chance`: in [0, 1), for the
    back-off.
    """
    address = Address(stream_url(url), check_token(token), tls, open_timeout_s)
    return AsyncClient(address, topics_list(topics), reconnect, wait_s, chance)
