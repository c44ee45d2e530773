"""A connection that comes back by itself: greets, reads, and after a loss tries again until it is stopped."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from .clock import backoff_s
from .codec import decode
from .errors import Closed, Disconnected, HandshakeRefused, Malformed, PhospheneError
from .hello import Hello
from .link import Address, ending, open_link

VERSION = 1


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The daemon has greeted us; with `new_session` it is another run of it: `seq` starts anew, steering is gone."""

    hello: Hello
    new_session: bool


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The connection is gone, or another attempt has failed; the next one is in `retry_s` seconds."""

    error: PhospheneError
    retry_s: float


class Owner(Protocol):
    """What a connection tells the client. Called in the event loop's thread."""

    async def greeted(self, up: LinkUp) -> None: ...
    def received(self, data: bytes | str) -> None: ...
    def lost(self, down: LinkDown) -> None: ...
    def ended(self, error: PhospheneError) -> None: ...


class Connection:
    """`open` makes the first connection, `run` keeps it until `stop`, or until trying again cannot help."""

    def __init__(self, address: Address, owner: Owner, reconnect: bool, chance: Callable[[], float] | None) -> None:
        self._address = address
        self._owner = owner
        self._reconnect = reconnect
        self._chance = chance
        self._socket: ClientConnection | None = None
        self._session: str | None = None

    async def open(self, wait_s: float) -> None:
        """The first connection. Tries again for up to `wait_s` seconds while nobody answers."""
        try:
            async with asyncio.timeout(wait_s or None):
                await self._attempts(0 if wait_s else None)
        except TimeoutError:
            raise Disconnected(f"daemon: expected an answer within {wait_s:g} s, got none") from None

    async def run(self) -> None:
        """Reads until the end, and connects again. Tells the owner why it ended."""
        try:
            while True:
                error = await self._read()
                if not self._reconnect:
                    return self._owner.ended(error)
                await self._pause(0, error)
                await self._attempts(1)
        except PhospheneError as error:
            self._owner.ended(error)
        except Exception as error:
            # A defect of ours: readers must not wait for ever for what nobody reads any more.
            self._owner.ended(Disconnected(f"connection: expected no {type(error).__name__}, got {error}"))
            raise

    async def send(self, data: bytes) -> None:
        """Disconnected while there is no connection: nothing is kept for later."""
        if self._socket is None:
            raise Disconnected("connection: expected to be open, got none: it is being made again")
        try:
            await self._socket.send(data)
        except ConnectionClosed as error:
            raise ending(error) from error

    async def stop(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()
        self._owner.ended(Closed())

    async def _attempts(self, attempt: int | None) -> None:
        """Connects; failures that may pass are tried again, with `attempt` None not even these."""
        while True:
            try:
                return await self._greet()
            except PhospheneError as error:
                final = not isinstance(error, Disconnected | HandshakeRefused) or getattr(error, "final", False)
                if final or attempt is None:
                    raise
                await self._pause(attempt, error)
                attempt += 1

    async def _pause(self, attempt: int, error: PhospheneError) -> None:
        retry_s = backoff_s(attempt, self._chance and self._chance())
        self._owner.lost(LinkDown(error, retry_s))
        await asyncio.sleep(retry_s)

    async def _greet(self) -> None:
        socket = await open_link(self._address)
        try:
            async with asyncio.timeout(self._address.open_timeout_s):
                hello = decode(await socket.recv())
            if not isinstance(hello, Hello):
                raise Malformed("message", "hello as the first", hello.type)
            if hello.protocol != VERSION:
                raise Malformed("hello.protocol", str(VERSION), hello.protocol)
            self._socket = socket
            up = LinkUp(hello, self._session not in (None, hello.session))
            self._session = hello.session
            await self._owner.greeted(up)
        except ConnectionClosed as error:
            self._socket = None
            raise ending(error) from error
        except TimeoutError:
            await socket.close()
            raise Disconnected("connection: expected hello, got nothing") from None
        except PhospheneError:
            self._socket = None
            await socket.close()
            raise

    async def _read(self) -> PhospheneError:
        """Hands every message on until the connection ends; returns why it did."""
        socket = self._socket
        try:
            while socket is not None:
                self._owner.received(await socket.recv())
        except ConnectionClosed as error:
            self._socket = None
            return ending(error)
        return Closed()
