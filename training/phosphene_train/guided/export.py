"""The graphs of a guided bundle: encode, sample-1, -2, -4 of the student, and denoise and guide of the exact way."""

import copy
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, numpy_helper
from torch import Tensor, nn

from ..denoiser import Denoiser
from ..diffusion import TIMESTEPS
from ..direct.quantise import store_as_int8
from ..export import trace, write
from ..graph_bundle import Files
from ..graph_weights import WeightFile
from ..latent_diffusion.export import shorten
from ..vae import GroupVae
from .network import Editor, estimate
from .pairs import Networks
from .student import draw_edits
from .unrolled import Unrolled

WEIGHTS = "weights.bin"
SHARED_FROM = 1024
"""Bytes; smaller constants stay in their graph."""


class SampleEdit(nn.Module):
    """noise [1, 3, H, W], cond [1, D], gamma [1, G], eta [1] -> image in [-1, 1]: k DDIM steps of the student."""

    def __init__(self, student: Editor, times: list[float]) -> None:
        super().__init__()
        self.student, self.times = student, times

    def forward(self, noise: Tensor, cond: Tensor, gamma: Tensor, eta: Tensor) -> Tensor:
        return draw_edits(self.student, noise, cond, gamma, eta, self.times)


class Denoise(nn.Module):
    """x [1, 3, H, W], t [1], cond [1, D], given [1, G] (1: the prior knows that group) -> x0, the estimate of the clean
    picture, unclipped."""

    def __init__(self, denoiser: Denoiser) -> None:
        super().__init__()
        self.denoiser = denoiser

    def forward(self, x: Tensor, t: Tensor, cond: Tensor, given: Tensor) -> Tensor:
        return estimate(self.denoiser, x, t, cond, given)


def modules(vae: GroupVae, student: Editor, exact: Networks | None) -> dict[str, nn.Module]:
    """Graph by name, in evaluation mode; the last two only with the exact way."""
    found: dict[str, nn.Module] = {"encode": vae}
    found |= {f"sample-{k}": SampleEdit(student, times) for k, times in TIMESTEPS.items()}
    if exact is not None:
        found |= {"denoise": Denoise(exact.prior), "guide": Unrolled(exact.guide, exact.spectrum)}
    return {name: module.cpu().float().eval() for name, module in found.items()}


def inputs_of(name: str, vae: GroupVae, side: int) -> dict[str, Tensor]:
    """Inputs of a graph by name, as zeros."""
    o = vae.options
    picture, latents, shifts = torch.zeros(1, 3, side, side), torch.zeros(1, o.dimension), torch.zeros(1, len(o.groups))
    if name == "encode":
        return {"window": torch.zeros(1, o.window, o.units)}
    if name == "denoise":
        return {"x": picture, "t": torch.ones(1), "cond": latents, "given": shifts}
    if name == "guide":
        return {"x0": picture, "t": torch.ones(1), "target": latents, "weight": shifts, "eta": torch.ones(1)}
    return {"noise": picture, "cond": latents, "gamma": shifts, "eta": torch.zeros(1)}


def outputs_of(name: str, vae: GroupVae) -> list[str]:
    if name == "encode":
        return ["mu", "logvar", "expected", *(f"readout_{r.name}" for r in vae.options.readouts)]
    return {"denoise": ["x0"], "guide": ["push", "gain"]}.get(name, ["image"])


def export(graphs: dict[str, nn.Module], vae: GroupVae, side: int, folder: Path) -> Files:
    """<name>.onnx of every graph, large weights as int8 in one file that the graphs share (quantise.py).

    The weights are rounded already (`round_to_int8`).
    """
    folder.mkdir(parents=True, exist_ok=True)
    shared = WeightFile(folder / WEIGHTS)
    for name, module in graphs.items():
        given = inputs_of(name, vae, side)
        plain = copy.deepcopy(module)
        graph = shorten(trace(plain, tuple(given.values()), list(given), outputs_of(name, vae)))
        store_as_int8(graph, plain)
        path = folder / f"{name}.onnx"
        write(graph, path, shared)
        graph = onnx.load(str(path), load_external_data=False)
        share_bytes(graph, shared)
        path.write_bytes(graph.SerializeToString())
    shared.save()
    return Files({name: f"{name}.onnx" for name in graphs}, weights=WEIGHTS)


def share_bytes(graph: onnx.ModelProto, shared: WeightFile) -> None:
    """Move the int8 constants into the shared file; `write` has moved those of fp16."""
    for tensor in graph.graph.initializer:
        if tensor.data_type != TensorProto.INT8:
            continue
        raw = np.ascontiguousarray(numpy_helper.to_array(tensor)).tobytes()
        if len(raw) < SHARED_FROM:
            continue
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        entries = {"location": shared.path.name, "offset": str(shared.place(raw)), "length": str(len(raw))}
        for key, value in entries.items():
            tensor.external_data.add(key=key, value=value)
