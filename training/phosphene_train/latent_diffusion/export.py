"""The graphs of a latent-diffusion bundle: `encode` and `sample-k`, weights as fp16 in one file that all share."""

from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from ..diffusion import TIMESTEPS, ddim
from ..export import trace, write
from ..graph_bundle import Files, GoldenCase, GoldenRun
from ..graph_weights import WeightFile
from .autoencoder import Autoencoder
from .condition import VoxelCondition
from .denoiser import LatentDenoiser
from .fit import Fitted
from .stages import pack

WEIGHTS = "weights.bin"


class Encode(nn.Module):
    """window [1, W, V] -> tokens [1, n, context], mu [1, D], expected [1, V], class probabilities [1, C] if any.

    The window's volumes are weighed into one pattern first (hrf.window_weights).
    """

    def __init__(self, condition: VoxelCondition, weights: np.ndarray, classes: int) -> None:
        super().__init__()
        self.condition, self.classes = condition, classes
        self.register_buffer("weights", torch.from_numpy(weights.astype(np.float32))[None, None])

    def forward(self, window: Tensor) -> tuple[Tensor, ...]:
        tokens, mu = self.condition(torch.matmul(self.weights, window).squeeze(1))
        embedding = self.condition.embedding
        out = tokens, mu, embedding.expected(mu)
        return (*out, embedding.category(mu).softmax(1)) if self.classes else out


class Sample(nn.Module):
    """noise [1, c, h, w], tokens [1, n, context], cond [1, D], guidance [1] -> image [1, 3, S, S] in [-1, 1]."""

    def __init__(self, denoiser: LatentDenoiser, autoencoder: Autoencoder, times: list[float]) -> None:
        super().__init__()
        self.denoiser, self.autoencoder, self.times = denoiser, autoencoder, times

    def forward(self, noise: Tensor, tokens: Tensor, cond: Tensor, guidance: Tensor) -> Tensor:
        def denoise(x: Tensor, t: Tensor, given: Tensor) -> Tensor:
            return self.denoiser(x, t, given, guidance)

        latent = ddim(denoise, noise, pack(tokens, cond), self.times)
        return self.autoencoder.decode(latent).clamp(-1, 1)


def modules(fitted: Fitted, weights: np.ndarray) -> dict[str, nn.Module]:
    """Graph by name, on the CPU."""
    parts = fitted.student.cpu().eval(), fitted.autoencoder.cpu().eval()
    samplers = {f"sample-{k}": Sample(*parts, times) for k, times in TIMESTEPS.items()}
    encode = Encode(fitted.condition.cpu().eval(), weights, len(fitted.classes))
    return {"encode": encode.eval(), **{name: module.eval() for name, module in samplers.items()}}


def shorten(model: onnx.ModelProto) -> onnx.ModelProto:
    """Numbers for the names of tensors inside, which are whole paths of modules: half the size of a small graph."""
    graph, names = model.graph, {}
    kept = {value.name for value in (*graph.input, *graph.output)}

    def short(name: str) -> str:
        return name if name in kept or not name else names.setdefault(name, f"t{len(names)}")

    for tensor in graph.initializer:
        tensor.name = short(tensor.name)
    for node in graph.node:
        node.input[:], node.output[:] = map(short, node.input), map(short, node.output)
    del graph.value_info[:]
    return model


def output_names(fitted: Fitted) -> list[str]:
    return ["tokens", "mu", "expected", *(["readout_category"] if fitted.classes else [])]


def export(fitted: Fitted, weights: np.ndarray, folder: Path) -> Files:
    """Write <name>.onnx of every graph and weights.bin."""
    folder.mkdir(parents=True, exist_ok=True)
    shared, o = WeightFile(folder / WEIGHTS), fitted.student.options
    noise = torch.zeros(1, o.channels, o.side, o.side)
    given = noise, torch.zeros(1, o.tokens, o.context), torch.zeros(1, o.dimension), torch.ones(1)
    graphs = modules(fitted, weights)
    for name, module in graphs.items():
        if name == "encode":
            window = torch.zeros(1, len(weights), fitted.condition.encoder.options.voxels)
            graph = trace(module, (window,), ["window"], output_names(fitted))
        else:
            graph = trace(module, given, ["noise", "tokens", "cond", "guidance"], ["image"])
        write(shorten(graph), folder / f"{name}.onnx", shared)
    shared.save()
    return Files({name: f"{name}.onnx" for name in graphs}, weights=WEIGHTS)


@torch.no_grad()
def golden_case(
    fitted: Fitted, weights: np.ndarray, counts: np.ndarray, window: np.ndarray, noise: np.ndarray, guidance: float
) -> GoldenCase:
    """What every graph makes of one window [W, V] and noise [c, h, w], by PyTorch."""
    graphs = modules(fitted, weights)
    seen = torch.from_numpy(window.astype(np.float32))[None]
    encoded = dict(zip(output_names(fitted), graphs["encode"](seen), strict=True))
    given = {
        "noise": torch.from_numpy(noise.astype(np.float32))[None],
        "tokens": encoded["tokens"],
        "cond": encoded["mu"],
        "guidance": torch.tensor([guidance]),
    }
    runs = {"encode": GoldenRun({"window": seen}, encoded)}
    for name, graph in graphs.items():
        if name != "encode":
            runs[name] = GoldenRun(given, {"image": graph(*given.values())})
    return GoldenCase(counts, runs)
