"""Both clients and every example against a real daemon and a real rig."""

import asyncio
import re

import numpy as np
import pytest
from daemon import daemon, free_ports, rig, run_example

from phosphene_client import Client, LinkDown, LinkUp, Refused, connect, local_ms


def test_frames_arrive_with_pictures_and_their_lineage(url):
    async def watch():
        async with connect(url, topics=["status"]) as client:
            frames, hello = client.frames(), client.hello
            first, second = await anext(frames), await anext(frames)
            assert (hello.bundle.name, hello.role, hello.protocol) == ("tiny", "operator", 1)
            assert second.seq > first.seq
            assert second.image.shape == (hello.bundle.image.height, hello.bundle.image.width, 3)
            assert second.mu.shape == second.logvar.shape == (hello.bundle.latents.dimension,)
            assert len(second.bits) == len(second.steering) == len(hello.bundle.latents.groups)
            assert set(second.readouts) == {readout.name for readout in hello.bundle.readouts}
            assert (second.bundle, second.bins[1] - second.bins[0]) == (hello.bundle.digest, 4)
            stamps = second.stamps
            order = [stamps.arrived, stamps.closed, stamps.dispatched, stamps.started, stamps.encoded, *stamps.stepped]
            order += [stamps.synthesised, stamps.received, stamps.written]
            assert order == sorted(order)
            status = await anext(client.statuses())
            ledger = status.ledger
            settled = ledger.frames + ledger.superseded + ledger.expired + ledger.failed + ledger.gated
            assert (ledger.bins, ledger.closed) == (settled, settled + ledger.in_flight)

    asyncio.run(watch())


def test_every_topic_is_understood(url):
    async def listen():
        async with connect(url) as client:
            streams = [client.latents(), client.spikes(), client.events(), client.statuses()]
            latents, spikes, event, _ = await asyncio.gather(*(anext(stream) for stream in streams))
            assert latents.mu.size == client.hello.bundle.latents.dimension
            assert spikes.units.size == 0 or spikes.units.max() < client.hello.bundle.units
            assert event.text
            assert client.malformed == 0

    asyncio.run(listen())


def test_a_daemon_whose_rig_is_not_there_is_understood():
    with daemon(free_ports()) as url, Client(url) as client:
        status = client.statuses().next(timeout=30)
        assert status.source.state == "connecting"
        assert client.problems().next(timeout=0) is None
        assert client.next_frame(timeout=0) is None


def test_the_clock_is_that_of_the_daemon(url):
    async def compare():
        async with connect(url) as client:
            before = client.now_ms()
            trip = await client.ping()
            frame = await anext(client.frames())
            # A frame is written after it was asked for and before it is here; the clock errs by half a round trip.
            assert frame.stamps.written <= client.now_ms() + client.clock.rtt_ms + 0.1
            assert client.now_ms() >= before
            assert trip > 0

    asyncio.run(compare())


def test_the_blocking_client(url):
    with Client(url, topics=["status"]) as client:
        first = client.next_frame(timeout=30)
        second = client.next_frame(timeout=30)
        assert second.seq > first.seq
        client.shown(second.seq, client.server_ms(local_ms()))
        groups = len(client.hello.bundle.latents.groups)
        steered = client.steer([0.5] * groups)
        frames = client.frames(depth=64)
        for frame in frames:
            if frame.seq >= steered.seq:
                assert frame.steering == (0.5,) * groups == steered.gamma
                break
        client.steer({})
        noted = client.event("reward")
        assert abs(noted.at_ms - client.now_ms()) < 10_000
        with pytest.raises(Refused) as error:
            client.present(np.zeros((4, 4, 3), np.uint8))
        assert error.value.code == "PRESENT_UNAVAILABLE"
        assert client.ping() > 0
        # What was shown has become glass latency.
        for status in client.statuses():
            if status.latency.glass.n > 0:
                break


def test_another_bundle_and_an_adaptation(url):
    with Client(url, topics=["status"]) as client:
        before = client.hello.bundle
        with pytest.raises(Refused) as error:
            client.adapt(on=True)
        assert error.value.code == "ADAPT_UNAVAILABLE"
        frames = client.frames(depth=256)
        switched = client.switch("tiny-linear")
        assert (client.hello.bundle.name, client.hello.bundle.digest) == ("tiny-linear", switched.digest)
        for frame in frames:
            assert frame.bundle == (before.digest if frame.seq < switched.seq else switched.digest)
            if frame.seq > switched.seq:
                break
        adapted = client.adapt(on=True)
        assert (adapted.on, adapted.by) == (True, client.hello.viewer)
        for status in client.statuses():
            if status.adaptation.on:
                break
        assert [choice.state for choice in status.decoders] == ["available", "active"]
        back = client.switch(before.name)
        assert back.digest == before.digest
        assert client.hello.bundle == before


def test_examples(url):
    watched = run_example("watch.py", url, "5")
    seqs = [int(line.split()[0]) for line in watched.splitlines()]
    assert len(seqs) == 5
    assert seqs == sorted(set(seqs))
    steered = re.findall(r"from frame (\d+)|frame (\d+) on", run_example("steer.py", url, "2.5"))
    assert len(steered) == 2
    assert "onset right" in run_example("event.py", url, "onset right")
    trials = re.findall(r"trial (\d+): frame (\d+), .* from frame (\d+)", run_example("close_loop.py", url, "4"))
    assert [int(trial) for trial, _, _ in trials] == [0, 1, 2, 3]
    assert all(int(changed) > int(seen) for _, seen, changed in trials)


def test_a_daemon_that_is_killed_and_started_again_is_another_session():
    port = free_ports()

    async def survive():
        with rig(port):
            with daemon(port) as url:
                address = url
                client = connect(url, chance=lambda: 0.0)
                async with asyncio.timeout(60):
                    await client.__aenter__()
                links, frames, session = client.links(), client.frames(), client.hello.session
                await anext(frames)
            while not isinstance(await anext(links), LinkDown):
                pass
            with daemon(port, server={"port": int(address.rsplit(":", 1)[1])}):
                async with asyncio.timeout(60):
                    while not isinstance(up := await anext(links), LinkUp):
                        pass
                    assert up.new_session
                    assert client.hello.session != session
                    frame = await anext(frames)
                    assert frame.bundle == client.hello.bundle.digest
                    await client.__aexit__()

    asyncio.run(survive())
