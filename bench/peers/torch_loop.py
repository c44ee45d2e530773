"""ZeroMQ in, bins, VAE and few-step sampler, WebSocket out as a plain loop: `python torch_loop.py BUNDLE SPIKES PORT`.

asyncio with pyzmq, PyTorch in the same thread: everything from the window to the picture in bytes is one captured CUDA
graph of fp16 steps over static buffers, as StreamDiffusion prepares its constants and reuses its buffers. On the CPU,
for tests, the same modules run eagerly in fp32.
"""

import argparse
import asyncio
from pathlib import Path

import msgpack
import numpy as np
import torch
import zmq
import zmq.asyncio
from open_ephys import Bins, SpikeParser, Windows
from torch_networks import Frame, Runner, allow_tf32, make_sampler
from websockets.asyncio.server import ServerConnection, broadcast, serve

from phosphene_train.load_bundle import load_bundle


class Decoder:
    """Closed bins in, packed messages out."""

    def __init__(self, options: argparse.Namespace) -> None:
        bundle = load_bundle(options.bundle)
        manifest, shape = bundle.manifest, (3, bundle.denoiser.options.image, bundle.denoiser.options.image)
        units, window = bundle.vae.options.units, bundle.vae.options.window
        cuda = options.device == "cuda"
        self.noise = read_noise(options.noise, shape) * np.float32(manifest["noise"]["scale"])
        self.guidance = np.array([manifest.get("guidance", {"default": 1})["default"]], np.float32)
        sampler = make_sampler(bundle, options.steps, "fp16" if cuda else "fp32", prepared=True)
        examples = (np.zeros((1, window, units), np.float32), self.noise, self.guidance)
        self.run = Runner(Frame(bundle, sampler), examples, "graph" if cuda else "eager", options.device)
        self.parser = SpikeParser(manifest["units"]["labels"])
        self.bins = Bins(units, manifest["bins"]["widthMs"], options.lateness)
        self.windows = Windows(window, units)
        self.normalise = bundle.normalisation.apply
        for _ in range(20):
            self.run(*examples)

    def push(self, messages: list[list[bytes]]) -> list[bytes]:
        outputs = []
        for end_s, counts in self.bins.push(self.parser.parse(messages)):
            window = self.windows.push(self.normalise(counts))
            if window is not None:
                mu, *_, image = self.run(window[None], self.noise, self.guidance)
                outputs.append(msgpack.packb({"endS": end_s, "mu": mu.tobytes(), "image": image.tobytes()}))
        return outputs


def read_noise(path: Path | None, shape: tuple[int, int, int]) -> np.ndarray:
    """The noise that every picture starts from, [1, 3, H, W]: float32 from a file, or seeded."""
    if path is None:
        return np.random.default_rng(1).standard_normal((1, *shape)).astype(np.float32)
    return np.fromfile(path, "<f4").reshape(1, *shape)


async def main(options: argparse.Namespace) -> None:
    allow_tf32()
    torch.set_num_threads(options.threads)
    decoder = Decoder(options)
    viewers: set[ServerConnection] = set()

    async def connection(viewer: ServerConnection) -> None:
        viewers.add(viewer)
        await viewer.wait_closed()
        viewers.discard(viewer)

    socket = zmq.asyncio.Context.instance().socket(zmq.SUB)
    socket.connect(options.spikes)
    socket.subscribe(b"EVENT")
    waiting = zmq.Socket.shadow(socket.underlying)
    async with serve(connection, "127.0.0.1", options.port, compression=None):
        print("ready", flush=True)
        while True:
            messages = [await socket.recv_multipart()]
            try:
                while True:
                    messages.append(waiting.recv_multipart(zmq.NOBLOCK))
            except zmq.Again:
                pass
            for output in decoder.push(messages):
                broadcast(viewers, output)
            # Without a pause here a loop that is behind would accept no viewers.
            await asyncio.sleep(0)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("spikes", help="endpoint of the publisher")
    parser.add_argument("port", type=int, help="of the WebSocket server")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--lateness", type=float, default=4, help="how long a bin waits for late spikes, ms")
    parser.add_argument("--threads", type=int, default=1, help="of the CPU")
    parser.add_argument("--noise", type=Path, help="file of float32 [3, H, W]")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(parse()))
