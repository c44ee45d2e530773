"""The one graph of a direct bundle, decode.onnx: large weights as int8, the others as fp16."""

import copy
from pathlib import Path

import onnx
import torch

from ..export import trace, write
from .model import DirectModel
from .quantise import store_as_int8


def output_names(model: DirectModel) -> list[str]:
    """In the order of DirectModel.forward."""
    return ["mu", "logvar", "expected", *(f"readout_{r.name}" for r in model.vae.options.readouts), "image"]


def export_decode(model: DirectModel, path: Path) -> None:
    """Write decode.onnx; the model's weights are rounded already (`round_to_int8`)."""
    write_graph(traced(model), model, path)


def traced(model: DirectModel) -> onnx.ModelProto:
    """Batch 1: window [1, W, U], steering [1, D]."""
    o = model.vae.options
    plain = copy.deepcopy(model).cpu().float().eval()
    inputs = (torch.zeros(1, o.window, o.units), torch.zeros(1, o.dimension))
    return trace(plain, inputs, ["window", "steering"], output_names(model))


def write_graph(graph: onnx.ModelProto, model: DirectModel, path: Path) -> None:
    store_as_int8(graph, model)
    write(graph, path, None)
