"""The other side of a socket, where a real daemon cannot be made to misbehave: it says what a test tells it to."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import golden
import msgpack
from websockets.asyncio.server import ServerConnection, serve


def message(name: str, **changes: Any) -> bytes:
    """A golden message of the server with other values."""
    return msgpack.packb({**golden.meaning(f"server-{name}"), **changes})


def heard(data: bytes) -> dict[str, Any]:
    return msgpack.unpackb(data)


async def next_of(socket: ServerConnection, kind: str) -> dict[str, Any]:
    """The next message of a type; pings are answered in between."""
    while True:
        told = heard(await socket.recv())
        if told["type"] == "ping":
            await socket.send(message("pong", id=told["id"]))
        if told["type"] == kind:
            return told


@asynccontextmanager
async def peer(*scripts: Callable[[ServerConnection], Awaitable[None]]):
    """A server whose n-th connection follows the n-th script; yields its address and the requests of its handshakes."""
    left = list(scripts)
    handshakes = []

    async def follow(socket: ServerConnection) -> None:
        handshakes.append(socket.request)
        await left.pop(0)(socket)

    async with serve(follow, "127.0.0.1", 0, subprotocols=["phosphene.v1"], compression=None) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", handshakes


async def stays(socket: ServerConnection) -> None:
    """Greets, answers pings, and goes when the client goes."""
    await socket.send(message("hello"))
    await serve_pings(socket)


async def serve_pings(socket: ServerConnection) -> None:
    async for data in socket:
        if heard(data)["type"] == "ping":
            await socket.send(message("pong", id=heard(data)["id"]))


def run(work: Awaitable[None]) -> None:
    """A test that is a coroutine; one that hangs fails."""

    async def bounded() -> None:
        async with asyncio.timeout(60):
            await work

    asyncio.run(bounded())
