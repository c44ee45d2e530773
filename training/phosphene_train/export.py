"""Write the ONNX graphs of a bundle: encode, step and the unrolled samplers, as docs/bundle.md defines them."""

import copy
import io
import warnings
from collections.abc import Sequence
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from .attention import Attention
from .denoiser import Denoiser, DenoiserOptions
from .diffusion import Timesteps, ddim, v_of_x0
from .fuse import fuse
from .graph_weights import WeightFile, store_as_half
from .vae import GroupVae

OPSET = 20
HALF = "-half"
"""In the names of graphs that compute in fp16."""


class Sampler(nn.Module):
    """k DDIM steps as one module: noise, cond, guidance -> image in [-1, 1]."""

    def __init__(self, denoiser: Denoiser, timesteps: Sequence[float]) -> None:
        super().__init__()
        self.denoiser = denoiser
        self.timesteps = list(timesteps)

    def forward(self, noise: Tensor, cond: Tensor, guidance: Tensor) -> Tensor:
        def denoise(x: Tensor, t: Tensor, latents: Tensor) -> Tensor:
            return self.denoiser(x, t, latents, guidance)

        return ddim(denoise, noise, cond, self.timesteps)


class HalfDenoiser(nn.Module):
    """The network in fp16, its inputs, outputs and the steps between them in fp32: for GPUs."""

    def __init__(self, denoiser: Denoiser) -> None:
        super().__init__()
        self.inner = copy.deepcopy(denoiser).cpu().eval().half()

    def forward(self, x: Tensor, t: Tensor, cond: Tensor, guidance: Tensor) -> Tensor:
        x0 = self.inner.clean(x.half(), t, cond.half(), guidance.half())
        return v_of_x0(x, x0.float(), t)


def export_graphs(vae: GroupVae, denoiser: Denoiser, timesteps: Timesteps, folder: Path) -> None:
    """Write encode.onnx, weights.bin, and step.onnx and sample-k.onnx that compute in fp32 and (-half) in fp16.

    Both models carry fp16-rounded weights already, so all graphs share them.
    """
    shared = WeightFile(folder / "weights.bin")
    export_encoder(vae, folder / "encode.onnx")
    export_denoiser(denoiser.cpu().float().eval(), denoiser.options, timesteps, folder, "", shared)
    export_denoiser(HalfDenoiser(denoiser), denoiser.options, timesteps, folder, HALF, shared)
    shared.save()


def export_denoiser(
    model: nn.Module, options: DenoiserOptions, timesteps: Timesteps, folder: Path, suffix: str, shared: WeightFile
) -> None:
    """step<suffix>.onnx and sample-k<suffix>.onnx; in fused operators where they are for GPUs."""
    finish = fuse if suffix == HALF else lambda graph: graph
    side = options.image
    noise, cond, one = torch.zeros(1, 3, side, side), torch.zeros(1, sum(options.groups)), torch.ones(1)
    step = trace(model, (noise, one, cond, one), ["x", "t", "cond", "guidance"], ["v"])
    write(finish(step), folder / f"step{suffix}.onnx", shared)
    for k, times in timesteps.items():
        sampler = trace(Sampler(model, times), (noise, cond, one), ["noise", "cond", "guidance"], ["image"])
        write(finish(sampler), folder / f"sample-{k}{suffix}.onnx", shared)


def export_encoder(vae: GroupVae, path: Path) -> None:
    """Write encode.onnx, its weights inside."""
    o = vae.options
    outputs = ["mu", "logvar", "expected", *(f"readout_{r.name}" for r in o.readouts)]
    write(trace(vae.cpu().float(), (torch.zeros(1, o.window, o.units),), ["window"], outputs), path, None)


def trace(model: nn.Module, inputs: tuple[Tensor, ...], names: list[str], outputs: list[str]) -> onnx.ModelProto:
    """Batch-1 ONNX graph of a module on the CPU, in evaluation mode, constants folded."""
    buffer = io.BytesIO()
    custom_opsets = {"com.microsoft": 1} if any(isinstance(m, Attention) for m in model.modules()) else None
    model = model.eval()
    with warnings.catch_warnings():
        # The TorchScript exporter is the one that takes a symbolic for the fused attention; it warns that it is old.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            inputs,
            buffer,
            input_names=names,
            output_names=outputs,
            opset_version=OPSET,
            dynamo=False,
            custom_opsets=custom_opsets,
        )
    return onnx.load_from_string(buffer.getvalue())


def write(model: onnx.ModelProto, path: Path, shared: WeightFile | None) -> None:
    """Store the weights as fp16 and write the graph without names of nodes, which only take space."""
    store_as_half(model, shared)
    model.producer_name, model.producer_version, model.doc_string = "phosphene-train", "", ""
    for node in model.graph.node:
        node.doc_string, node.name = "", ""
    path.write_bytes(model.SerializeToString())
