"""ZeroMQ in, bins, linear decoder, WebSocket out as an ezmsg graph: `ezmsg_pipeline.py BUNDLE SPIKES PORT LATENESS_MS`.

Four units in the one process that `ez.run` makes of them by default, where messages pass without copies (ezmsg's page
"About ezmsg Architecture"). docs/peers.md says what is ezmsg's own here and why the two endpoints are derived.
"""

import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import ezmsg.core as ez
import linear_bundle
import msgpack
import numpy as np
import websockets.exceptions
import websockets.server
import zmq
from ezmsg.websocket.units import WebsocketServer, WebsocketSettings
from ezmsg.zmq.pubsub import ZMQPollerSettings, ZMQPollerUnit
from open_ephys import Bins, SpikeParser, Windows


@dataclass
class Bin:
    end_s: float
    counts: np.ndarray


class SpikeSource(ZMQPollerUnit):
    """ezmsg-zmq's poller for messages of three frames (it takes two apart), which hands on all that wait at once."""

    OUTPUT = ez.OutputStream(list)

    @ez.publisher(OUTPUT)
    async def zmq_publisher(self) -> AsyncGenerator:
        socket = self.STATE.socket
        waiting = zmq.Socket.shadow(socket.underlying)
        while True:
            messages = [await socket.recv_multipart()]
            try:
                while True:
                    messages.append(waiting.recv_multipart(zmq.NOBLOCK))
            except zmq.Again:
                yield self.OUTPUT, messages


class BinningSettings(ez.Settings):
    labels: list
    width_ms: float
    lateness_ms: float


class BinningState(ez.State):
    parser: SpikeParser
    bins: Bins


class Binning(ez.Unit):
    SETTINGS = BinningSettings
    STATE = BinningState
    INPUT = ez.InputStream(list)
    OUTPUT = ez.OutputStream(Bin)

    async def initialize(self) -> None:
        o = self.SETTINGS
        self.STATE.parser = SpikeParser(o.labels)
        self.STATE.bins = Bins(len(o.labels), o.width_ms, o.lateness_ms)

    @ez.subscriber(INPUT)
    @ez.publisher(OUTPUT)
    async def bin(self, messages: list) -> AsyncGenerator:
        for end_s, counts in self.STATE.bins.push(self.STATE.parser.parse(messages)):
            yield self.OUTPUT, Bin(end_s, counts)


class DecoderSettings(ez.Settings):
    bundle: linear_bundle.LinearBundle


class DecoderState(ez.State):
    windows: Windows


class Decoder(ez.Unit):
    SETTINGS = DecoderSettings
    STATE = DecoderState
    INPUT = ez.InputStream(Bin)
    OUTPUT = ez.OutputStream(bytes)

    async def initialize(self) -> None:
        bundle = self.SETTINGS.bundle
        self.STATE.windows = Windows(bundle.window, len(bundle.labels))

    @ez.subscriber(INPUT)
    @ez.publisher(OUTPUT)
    async def decode(self, message: Bin) -> AsyncGenerator:
        bundle = self.SETTINGS.bundle
        window = self.STATE.windows.push(bundle.normalise(message.counts))
        if window is not None:
            mu, image = bundle.decode(window)
            yield self.OUTPUT, msgpack.packb({"endS": message.end_s, "mu": mu, "image": image})


class Viewers(WebsocketServer):
    """ezmsg-websocket's server; its own handler waits for bare coroutines, which Python 3.11 and later refuse."""

    @ez.task
    async def start_server(self) -> None:
        async def connection(websocket: websockets.server.WebSocketServerProtocol, path: str) -> None:
            try:
                while True:
                    await websocket.send(await self.STATE.outgoing_queue.get())
            except websockets.exceptions.ConnectionClosed:
                pass

        server = await websockets.server.serve(connection, self.SETTINGS.host, self.SETTINGS.port)
        print("ready", flush=True)
        await server.wait_closed()


def main(folder: str, spikes: str, port: str, lateness_ms: str) -> None:
    bundle = linear_bundle.load(Path(folder))
    units = {
        "SOURCE": SpikeSource(ZMQPollerSettings(read_addr=spikes, zmq_topic="EVENT", multipart=True)),
        "BINNING": Binning(BinningSettings(bundle.labels, bundle.width_ms, float(lateness_ms))),
        "DECODER": Decoder(DecoderSettings(bundle)),
        "VIEWERS": Viewers(WebsocketSettings(host="127.0.0.1", port=int(port))),
    }
    connections = (
        (units["SOURCE"].OUTPUT, units["BINNING"].INPUT),
        (units["BINNING"].OUTPUT, units["DECODER"].INPUT),
        (units["DECODER"].OUTPUT, units["VIEWERS"].INPUT),
    )
    ez.run(components=units, connections=connections)


if __name__ == "__main__":
    main(*sys.argv[1:])
