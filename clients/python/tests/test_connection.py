"""Connections that end, come back, or never begin: against a peer that misbehaves on purpose."""

import asyncio
import threading

import pytest
from peer import message, next_of, peer, run, serve_pings, stays
from websockets.asyncio.server import serve

from phosphene_client import (
    Client,
    Closed,
    DaemonStopping,
    Disconnected,
    Expelled,
    Frame,
    HandshakeRefused,
    LinkDown,
    LinkUp,
    Malformed,
    TooSlow,
    connect,
)

OTHER = "11111111-1111-1111-1111-111111111111"


def quick() -> float:
    """No chance in the back-off."""
    return 0.0


@pytest.mark.parametrize(("code", "kind"), [(1001, DaemonStopping), (1008, Expelled), (1013, TooSlow)])
def test_close_codes_reach_the_reader(code, kind):
    async def script(socket):
        await socket.send(message("hello"))
        await next_of(socket, "subscribe")
        await socket.send(message("frame"))
        await socket.close(code, "because")

    async def test():
        async with peer(script) as (url, _), connect(url, reconnect=False) as client:
            frames = client.frames()
            assert isinstance(await anext(frames), Frame)
            with pytest.raises(kind, match="because") as error:
                await anext(frames)
            assert error.value.close_code == code
            with pytest.raises(kind):
                await anext(client.events())

    run(test())


def test_comes_back_and_says_that_the_session_is_another():
    async def first(socket):
        await socket.send(message("hello"))
        await next_of(socket, "subscribe")
        await socket.send(message("frame", seq=900))
        await next_of(socket, "shown")
        socket.transport.abort()

    async def second(socket):
        await socket.send(message("hello", session=OTHER, nowMs=5.0))
        assert (await next_of(socket, "subscribe"))["topics"] == ["frame"]
        await socket.send(message("frame", seq=0))
        await serve_pings(socket)

    async def test():
        async with peer(first, second) as (url, _), connect(url, chance=quick) as client:
            links, frames = client.links(), client.frames()
            seen = (await anext(frames)).seq
            await client.shown(seen)
            assert (seen, (await anext(frames)).seq) == (900, 0)
            down, up = await anext(links), await anext(links)
            assert isinstance(down, LinkDown)
            assert (down.error.close_code, down.retry_s) == (None, 0.25)
            assert isinstance(up, LinkUp)
            assert (up.new_session, up.hello.session, client.hello.session) == (True, OTHER, OTHER)
            # The clock of the new daemon begins anew: nothing of the old one is mixed in.
            assert client.now_ms() < 60_000

    run(test())


def test_a_request_that_loses_its_connection_fails_and_is_not_repeated():
    async def first(socket):
        await socket.send(message("hello"))
        await next_of(socket, "event")
        await socket.close(1001)

    async def test():
        async with peer(first, stays) as (url, _), connect(url, chance=quick) as client:
            links = client.links()
            with pytest.raises(DaemonStopping):
                await client.event("onset")
            with pytest.raises(Disconnected):
                await client.event("onset")
            assert isinstance(await anext(links), LinkDown)
            assert not (await anext(links)).new_session

    run(test())


def test_access_that_is_withdrawn_ends_the_readers():
    async def first(socket):
        await socket.send(message("hello"))
        await next_of(socket, "subscribe")
        await socket.close(1008, "the token is no longer good")

    async def test():
        open_now = [True]

        def admit(connection, _):
            if not open_now.pop():
                return connection.respond(401, "")
            open_now.append(False)
            return None

        async with serve(first, "127.0.0.1", 0, subprotocols=["phosphene.v1"], process_request=admit) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            async with connect(url, chance=quick) as client:
                with pytest.raises(HandshakeRefused):
                    await anext(client.frames())

    run(test())


def test_nobody_there():
    async def test():
        async with serve(stays, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for wait_s in (0, 0.3):
            with pytest.raises(Disconnected):
                async with connect(url, wait_s=wait_s):
                    pass

    run(test())


def test_a_daemon_of_another_version_is_refused():
    async def script(socket):
        await socket.send(message("hello", protocol=2))
        await socket.wait_closed()

    async def test():
        async with peer(script) as (url, _):
            with pytest.raises(Malformed, match=r"hello\.protocol"):
                async with connect(url):
                    pass

    run(test())


def test_closing_ends_what_waits():
    async def test():
        async with peer(stays) as (url, _):
            async with connect(url) as client:
                waiting = asyncio.create_task(anext(client.frames()))
                await client.ping()
            with pytest.raises(Closed):
                await waiting

    run(test())


def test_a_blocking_client_leaves_nothing_behind():
    async def test():
        async with peer(stays) as (url, _):
            before = threading.active_count()

            def use():
                with Client(url) as client:
                    client.shown(1)
                    assert client.next_frame(timeout=0) is None
                    assert client.ping() > 0
                with pytest.raises(Closed):
                    client.ping()

            await asyncio.to_thread(use)
            assert "phosphene-client" not in {thread.name for thread in threading.enumerate()}
            assert threading.active_count() <= before + 1

    run(test())


def test_a_defect_of_the_client_ends_its_readers(monkeypatch):
    async def script(socket):
        await socket.send(message("hello"))
        await next_of(socket, "subscribe")
        await socket.send(message("frame"))
        await serve_pings(socket)

    async def test():
        async with peer(script) as (url, _), connect(url) as client:
            monkeypatch.setattr("phosphene_client.inbox.decode", lambda _: 1 / 0)
            with pytest.raises(Disconnected, match="ZeroDivisionError"):
                await anext(client.frames())

    run(test())


def test_a_connection_on_which_nothing_comes_any_more_is_lost(monkeypatch):
    monkeypatch.setattr("phosphene_client.link.PING_INTERVAL_S", 0.1)
    monkeypatch.setattr("phosphene_client.link.PING_TIMEOUT_S", 0.3)

    over = asyncio.Event()

    async def goes_silent(socket):
        await socket.send(message("hello"))
        # As if the cable were out: nothing is read, so no ping is answered.
        socket.transport.pause_reading()
        await over.wait()

    async def test():
        async with serve(goes_silent, "127.0.0.1", 0, subprotocols=["phosphene.v1"], close_timeout=0.1) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            async with connect(url, chance=quick) as client:
                down = await anext(client.links())
                assert isinstance(down, LinkDown)
                assert down.error.close_code is None
            over.set()

    run(test())
