"""Queues of fixed depth in which the newest wins: who reads slowly misses messages, never the present."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from .errors import ParameterInvalid

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Filled by one thread, emptied by any. A full one drops its oldest item, and counts it."""

    def __init__(self, depth: int) -> None:
        if depth < 1:
            raise ParameterInvalid("depth", "at least 1", depth)
        self._items: deque[T] = deque()
        self._depth = depth
        self._lock = threading.Condition()
        self._failure: Exception | None = None
        self._wake: Callable[[], None] = lambda: None
        self.dropped = 0

    def put(self, item: T) -> None:
        with self._lock:
            if len(self._items) == self._depth:
                self._items.popleft()
                self.dropped += 1
            self._items.append(item)
            self._lock.notify()
        self._wake()

    def fail(self, error: Exception) -> None:
        """Readers get `error` when they have read what is left."""
        with self._lock:
            self._failure = self._failure or error
            self._lock.notify_all()
        self._wake()

    def on_put(self, wake: Callable[[], None]) -> None:
        """Calls `wake`, in the filling thread, after every item."""
        self._wake = wake

    def take(self) -> T | None:
        """The oldest item, or None when there is none now."""
        with self._lock:
            return self._take()

    def wait(self, timeout_s: float | None) -> T | None:
        """Blocks for at most so long; None when nothing came. Not for the thread of an event loop."""
        with self._lock:
            self._lock.wait_for(lambda: self._items or self._failure, timeout_s)
            return self._take()

    def _take(self) -> T | None:
        if self._items:
            return self._items.popleft()
        if self._failure:
            raise self._failure
        return None


class Stream(Generic[T]):
    """An asynchronous iterator over one kind of message. Each stream has a queue of its own."""

    def __init__(self, depth: int) -> None:
        self.mailbox: Mailbox[T] = Mailbox(depth)
        self._news = asyncio.Event()
        self.mailbox.on_put(self._news.set)

    @property
    def dropped(self) -> int:
        """Messages that newer ones replaced before they were read here."""
        return self.mailbox.dropped

    def __aiter__(self) -> "Stream[T]":
        return self

    async def __anext__(self) -> T:
        """The next message. Raises what ended the client, when it has ended."""
        while (item := self.mailbox.take()) is None:
            self._news.clear()
            await self._news.wait()
        return item
