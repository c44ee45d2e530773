"""Where what the daemon says goes: to the streams that want it, and to the requests that it answers."""

import asyncio
import logging
from typing import Any
from weakref import ref

from .answers import Adapted, ErrorMessage, Noted, Pong, Presented, Steered, Switched
from .codec import Message, decode
from .connection import LinkDown, LinkUp
from .errors import Malformed, PhospheneError, Refused, Unsupported
from .hello import Hello
from .requests import Requests
from .status import Status
from .streams import Stream

log = logging.getLogger("phosphene_client")


class Inbox:
    """Belongs to one event loop. Streams are held weakly: one that nobody reads any more is gone."""

    def __init__(self) -> None:
        self.requests = Requests()
        self.hello: Hello | None = None
        self.status: Status | None = None
        self.malformed = 0
        # Not a WeakSet: a reader in another thread may let its stream go while this one walks over them.
        self._streams: dict[str, list[ref[Stream[Any]]]] = {}
        self._ended: PhospheneError | None = None

    def stream(self, kind: str, depth: int) -> Stream[Any]:
        """A new stream of messages of a type, or of `link` or `problem`."""
        stream: Stream[Any] = Stream(depth)
        self._streams.setdefault(kind, []).append(ref(stream))
        if self._ended is not None:
            stream.mailbox.fail(self._ended)
        return stream

    async def ask(self, kind: str, timeout_s: float, send: Any) -> Any:
        """Sends a request by `send(id)` and waits for its answer."""
        identity, future = self.requests.begin(kind)
        # Sending is within the time too: a socket that takes nothing must not hold a caller for ever.
        sending = asyncio.ensure_future(send(identity))
        sending.add_done_callback(lambda done: self.requests.sent(future, done))
        return await self.requests.answer(identity, future, timeout_s)

    def greeted(self, up: LinkUp) -> None:
        self.hello = up.hello
        self.put("link", up)

    def lost(self, down: LinkDown) -> None:
        log.warning("%s; again in %.2f s", down.error, down.retry_s)
        self.requests.fail(down.error)
        self.put("link", down)

    def ended(self, error: PhospheneError) -> None:
        """Nothing comes any more: readers get `error` when they have read what is left."""
        self._ended = self._ended or error
        self.requests.fail(error)
        for kind in self._streams:
            for stream in self._alive(kind):
                stream.mailbox.fail(error)

    def received(self, data: bytes | str) -> None:
        """Bytes of the daemon. A malformed message is counted, logged and told; the connection survives it."""
        try:
            self._dispatch(decode(data))
        except Unsupported:
            log.debug("a message of a type that this client does not know")
        except Malformed as error:
            self.malformed += 1
            log.error("from the daemon: %s", error)
            self.put("problem", error)

    def put(self, kind: str, item: object) -> None:
        for stream in self._alive(kind):
            stream.mailbox.put(item)

    def _alive(self, kind: str) -> list[Stream[Any]]:
        """Streams that somebody still has; the others are forgotten."""
        streams = [stream for found in self._streams.get(kind, ()) if (stream := found()) is not None]
        if kind in self._streams and len(streams) < len(self._streams[kind]):
            self._streams[kind] = [ref(stream) for stream in streams]
        return streams

    def _dispatch(self, message: Message) -> None:
        if isinstance(message, ErrorMessage):
            if not self.requests.refuse(message):
                log.warning("refused by the daemon: [%s] %s", message.code, message.message)
                self.put("problem", Refused(message.code, message.message))
            return
        if isinstance(message, Status):
            self.status = message
        if isinstance(message, Hello):
            # On a connection that stands: the daemon decodes with another bundle.
            self.hello = message
        if isinstance(message, Noted | Presented | Pong) or (
            isinstance(message, Steered | Switched | Adapted) and self._ours(message)
        ):
            self.requests.settle(message)
        self.put(message.type, message)

    def _ours(self, message: Steered | Switched | Adapted) -> bool:
        # A daemon that does not number its connections: ids alone must do.
        return self.hello is None or self.hello.viewer in (None, message.by)
