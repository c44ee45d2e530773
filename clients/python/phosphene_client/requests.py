"""Requests that wait for the daemon's answer, by their id."""

import asyncio
import random
from typing import Any

from .answers import ErrorMessage
from .codec import Answer
from .errors import NoAnswer, Refused

_KIND = {
    "steered": "steer",
    "switched": "switch",
    "adapted": "adapt",
    "noted": "event",
    "presented": "present",
    "pong": "ping",
}


class Requests:
    """What was asked over one client and not answered yet."""

    def __init__(self) -> None:
        # Ids of other connections come by in `steered`: not from 1, so that a daemon without `by` confuses nobody.
        self._next = random.randrange(1, 2**30)
        self._waiting: dict[int, tuple[str, asyncio.Future[Any]]] = {}

    def begin(self, kind: str) -> tuple[int, asyncio.Future[Any]]:
        """An id for a request of type `kind`, and where its answer comes."""
        self._next += 1
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[self._next] = (kind, future)
        return self._next, future

    async def answer(self, identity: int, future: asyncio.Future[Any], timeout_s: float) -> Any:
        """Waits for the answer; NoAnswer after `timeout_s`."""
        kind = self._waiting[identity][0]
        try:
            async with asyncio.timeout(timeout_s):
                return await future
        except TimeoutError:
            raise NoAnswer(kind, timeout_s) from None
        finally:
            self._waiting.pop(identity, None)

    def sent(self, future: asyncio.Future[Any], sending: asyncio.Future[Any]) -> None:
        """The message is on its way, or could not be sent: then nobody will answer."""
        if not sending.cancelled() and (error := sending.exception()) and not future.done():
            future.set_exception(error)

    def settle(self, message: Answer) -> None:
        """An answer has come; one that nobody waits for is ignored."""
        kind, future = self._waiting.get(message.id or 0, (None, None))
        if future is not None and kind == _KIND[message.type] and not future.done():
            future.set_result(message)

    def refuse(self, message: ErrorMessage) -> bool:
        """The daemon refused a request. False when it is none of ours."""
        _, future = self._waiting.get(message.id or 0, (None, None))
        if future is None:
            return False
        if not future.done():
            future.set_exception(Refused(message.code, message.message))
        return True

    def fail(self, error: Exception) -> None:
        """The connection is gone: nothing that waits will be answered."""
        for _, future in self._waiting.values():
            if not future.done():
                future.set_exception(error)
