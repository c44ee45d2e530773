"""What the asyncio client makes of messages, answers and refusals."""

import golden
import pytest
from peer import message, next_of, peer, run, serve_pings, stays
from websockets.asyncio.server import serve

from phosphene_client import (
    HandshakeRefused,
    Malformed,
    NoAnswer,
    Refused,
    connect,
)


def test_subscribes_by_itself_and_keeps_the_newest():
    async def script(socket):
        await socket.send(message("hello"))
        assert (await next_of(socket, "subscribe"))["topics"] == ["status"]
        assert (await next_of(socket, "subscribe"))["topics"] == ["frame", "status"]
        for seq in range(5):
            await socket.send(message("frame", seq=seq))
        await socket.send(message("status"))
        await serve_pings(socket)

    async def test():
        async with peer(script) as (url, _), connect(url, topics=["status"]) as client:
            newest, all_five = client.frames(), client.frames(depth=5)
            # Status is the last message: then every frame has come.
            status = await anext(client.statuses())
            assert client.status is status
            assert [(await anext(all_five)).seq for _ in range(5)] == [0, 1, 2, 3, 4]
            assert ((await anext(newest)).seq, newest.dropped, all_five.dropped) == (4, 4, 0)

    run(test())


def test_answers_and_refusals_find_their_requests():
    async def script(socket):
        await socket.send(message("hello"))
        asked = await next_of(socket, "steer")
        assert (asked["gamma"], asked["guidance"]) == ([1.0, 0.0], None)
        # The same id of another connection, an answer of another kind, then ours.
        await socket.send(message("steered", id=asked["id"], by=9, seq=1))
        await socket.send(message("noted", id=asked["id"]))
        await socket.send(message("steered", id=asked["id"], by=3, seq=2))
        asked = await next_of(socket, "event")
        await socket.send(message("error", code="PROTOCOL_FORBIDDEN", message="an operator's", id=asked["id"]))
        asked = await next_of(socket, "present")
        await socket.send(message("error", code="PROTOCOL_RATE", message="slower", id=None))
        await serve_pings(socket)

    async def test():
        import numpy as np

        async with peer(script) as (url, _), connect(url) as client:
            changes, problems = client.changes(), client.problems()
            assert (await client.steer({"form": 1.0})).seq == 2
            assert [(await anext(changes)).by for _ in range(2)] == [9, 3]
            with pytest.raises(Refused, match="operator's") as error:
                await client.event("onset")
            assert error.value.code == "PROTOCOL_FORBIDDEN"
            with pytest.raises(NoAnswer):
                await client.present(np.zeros((1, 1, 3), np.uint8), timeout_s=0.2)
            assert (await anext(problems)).code == "PROTOCOL_RATE"

    run(test())


def test_another_bundle_is_another_hello_on_the_same_connection():
    async def script(socket):
        await socket.send(message("hello"))
        asked = await next_of(socket, "switch")
        assert asked["bundle"] == "it-demo-linear"
        bundle = {**golden.meaning("server-hello")["bundle"], "name": "it-demo-linear"}
        await socket.send(message("hello", bundle=bundle))
        await socket.send(message("switched", id=asked["id"], by=9, seq=1))
        await socket.send(message("switched", id=asked["id"], by=3, seq=2))
        asked = await next_of(socket, "adapt")
        assert (asked["on"], asked["reset"]) == (True, False)
        await socket.send(message("adapted", id=asked["id"], by=3, seq=4))
        asked = await next_of(socket, "switch")
        await socket.send(message("error", code="SWITCH_BUSY", message="another", id=asked["id"]))
        await serve_pings(socket)

    async def test():
        async with peer(script) as (url, _), connect(url) as client:
            hellos, links, switches = client.hellos(), client.links(), client.switches()
            assert (await client.switch("it-demo-linear")).seq == 2
            assert (await anext(hellos)) is client.hello
            assert client.hello.bundle.name == "it-demo-linear"
            assert [(await anext(switches)).by for _ in range(2)] == [9, 3]
            assert links.mailbox.take() is None
            assert (await client.adapt(on=True)).seq == 4
            with pytest.raises(Refused) as error:
                await client.switch("it-demo")
            assert error.value.code == "SWITCH_BUSY"

    run(test())


def test_a_malformed_message_is_told_and_survived():
    async def script(socket):
        await socket.send(message("hello"))
        await next_of(socket, "subscribe")
        await socket.send(message("frame", bits="many"))
        await socket.send(message("pong", type="weather"))
        await socket.send("a text frame")
        await socket.send(message("frame", seq=77))
        await serve_pings(socket)

    async def test():
        async with peer(script) as (url, _), connect(url) as client:
            frames, problems = client.frames(), client.problems()
            assert (await anext(frames)).seq == 77
            assert client.malformed == 2
            problem = await anext(problems)
            assert isinstance(problem, Malformed)
            assert problem.path == "frame.bits"

    run(test())


def test_the_token_is_in_the_header_and_refusals_have_their_status():
    async def test():
        async with peer(stays) as (url, handshakes), connect(url, token="abc-_1"):
            assert handshakes[0].headers["Authorization"] == "Bearer abc-_1"
            assert handshakes[0].headers["Sec-WebSocket-Protocol"] == "phosphene.v1"

        def refuse(connection, _):
            return connection.respond(401, "token: expected one\n")

        async with serve(stays, "127.0.0.1", 0, process_request=refuse) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            with pytest.raises(HandshakeRefused, match="token: expected one") as error:
                async with connect(url, wait_s=30):
                    pass
            assert (error.value.status, error.value.final) == (401, True)

    run(test())
