"""The sampler and the whole frame of a diffusion bundle as PyTorch is run in real time: host arrays to host arrays.

Paths: `eager`; `graph`, one captured CUDA graph of k unrolled steps over static buffers (StreamDiffusion's way); and
torch.compile by mode. `prepared` modules also hoist what does not change between steps (StreamDiffusion's prepare()).
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from phosphene_train.denoiser import Denoiser, time_features
from phosphene_train.export import HalfDenoiser, Sampler
from phosphene_train.load_bundle import LoadedBundle

PATHS = (
    "eager",
    "eager-prepared",
    "graph",
    "graph-prepared",
    "reduce-overhead",
    "max-autotune",
    "reduce-overhead-prepared",
    "max-autotune-prepared",
)


class PreparedSampler(nn.Module):
    """The same k steps with the time tokens made once, and the tokens of latents and guidance once a picture.

    The network estimates the clean picture, so that v is not formed only to be taken apart again.
    """

    def __init__(self, denoiser: Denoiser, timesteps: Sequence[float]) -> None:
        super().__init__()
        self.net, self.timesteps = denoiser, list(timesteps)
        kind = denoiser.position.dtype
        times = torch.tensor(self.timesteps[:-1])
        with torch.no_grad():
            tokens = denoiser.time(time_features(times, denoiser.options.width).to(kind))
        self.register_buffer("times", tokens[:, None])

    def forward(self, noise: Tensor, cond: Tensor, guidance: Tensor) -> Tensor:
        net, o = self.net, self.net.options
        kind = net.position.dtype
        parts = torch.split(cond.to(kind), list(o.groups), dim=1)
        given = torch.stack([layer(part) for layer, part in zip(net.groups, parts, strict=True)], dim=1)
        weight = net.guidance(guidance.to(kind)[:, None] - 1)[:, None]
        x = noise
        for i, (t, s) in enumerate(pairwise(self.timesteps)):
            alpha, sigma = math.cos(math.pi * t / 2), math.sin(math.pi * t / 2)
            x0 = self.clean(x.to(kind), alpha, torch.cat([self.times[i : i + 1] + weight, given], dim=1))
            x0 = x0.to(noise.dtype).clamp(-1, 1)
            if s == 0:
                return x0
            x = math.cos(math.pi * s / 2) * x0 + math.sin(math.pi * s / 2) * (x - alpha * x0) / sigma
        raise ValueError(f"timesteps end at {self.timesteps[-1]}, expected 0")

    def clean(self, x: Tensor, alpha: float, context: Tensor) -> Tensor:
        net, o = self.net, self.net.options
        patches = net.patches(nn.functional.pixel_unshuffle(x, o.patch).flatten(2).transpose(1, 2))
        return net.from_tokens(torch.cat([context, patches], dim=1) + net.position, x * alpha)


class Frame(nn.Module):
    """Window [1, W, U], noise, guidance -> mu, logvar, expected, readouts, and the picture as RGB bytes [H, W, 3]."""

    def __init__(self, bundle: LoadedBundle, sampler: nn.Module) -> None:
        super().__init__()
        self.vae, self.sampler = bundle.vae, sampler

    def forward(self, window: Tensor, noise: Tensor, guidance: Tensor) -> tuple[Tensor, ...]:
        mu, *others = self.vae(window)
        image = self.sampler(noise, mu, guidance)
        levels = ((image[0] + 1) * 127.5).clamp(0, 255).round().to(torch.uint8)
        return mu, *others, levels.permute(1, 2, 0).contiguous()


def make_sampler(bundle: LoadedBundle, k: int, dtype: str, prepared: bool) -> nn.Module:
    """k DDIM steps (noise, cond, guidance) -> image, both ends in fp32; `dtype` is what the network computes in."""
    times = bundle.manifest["schedule"]["timesteps"][str(k)]
    half = HalfDenoiser(bundle.denoiser)
    if prepared:
        return PreparedSampler(half.inner if dtype == "fp16" else bundle.denoiser, times).eval()
    return Sampler(half if dtype == "fp16" else bundle.denoiser, times).eval()


class Runner:
    """A module with its inputs at fixed places on host (pinned) and device: arrays in, arrays out, copies included."""

    @torch.no_grad()
    def __init__(self, module: nn.Module, examples: Sequence[np.ndarray], path: str, device: str) -> None:
        self.cuda = device == "cuda"
        self.module = module.to(device).requires_grad_(False)
        hosts = [torch.from_numpy(np.array(x)) for x in examples]
        self.hosts = [x.pin_memory() for x in hosts] if self.cuda else hosts
        self.inputs = [x.to(device) for x in hosts]
        self.launch = self._path(path.removesuffix("-prepared"))
        outputs = self.launch()
        self.results = [torch.empty(x.shape, dtype=x.dtype, pin_memory=self.cuda) for x in outputs]

    @torch.no_grad()
    def __call__(self, *arrays: np.ndarray) -> list[np.ndarray]:
        """What the module makes of these inputs; the arrays are overwritten by the next call."""
        for host, place, array in zip(self.hosts, self.inputs, arrays, strict=True):
            host.copy_(torch.from_numpy(array))
            place.copy_(host, non_blocking=True)
        for result, output in zip(self.results, self.launch(), strict=True):
            result.copy_(output, non_blocking=True)
        if self.cuda:
            torch.cuda.current_stream().synchronize()
        return [result.numpy() for result in self.results]

    def _path(self, path: str) -> Callable[[], Sequence[Tensor]]:
        if path == "eager":
            return lambda: outputs_of(self.module(*self.inputs))
        if path == "graph":
            return self._capture()
        compiled = torch.compile(self.module, mode=path, fullgraph=True, dynamic=False)
        for _ in range(3):
            compiled(*self.inputs)
        return lambda: outputs_of(compiled(*self.inputs))

    def _capture(self) -> Callable[[], Sequence[Tensor]]:
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                self.module(*self.inputs)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            outputs = outputs_of(self.module(*self.inputs))

        def replay() -> Sequence[Tensor]:
            graph.replay()
            return outputs

        return replay


def outputs_of(result: Tensor | tuple[Tensor, ...]) -> Sequence[Tensor]:
    return result if isinstance(result, tuple) else (result,)


def allow_tf32() -> None:
    """fp32 matrix products and convolutions in TF32, as ONNX Runtime's CUDA provider has it by default."""
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.allow_tf32 = True
