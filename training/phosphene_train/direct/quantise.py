"""Weights as int8 with an fp16 scale for each output: a quarter of the size, at an error below a two-hundredth of the
largest weight of the row. Golden outputs are PyTorch's with exactly those rounded weights."""

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn

LEAST_ELEMENTS = 2048
"""Smaller tensors stay fp16: they weigh nothing, and biases add up."""
LEVELS = 127


@torch.no_grad()
def round_to_int8(model: nn.Module) -> nn.Module:
    """Round large weights to whole multiples of a scale per row, everything else to fp16, in place, kept as fp32."""
    for tensor in {id(t): t for t in [*model.parameters(), *model.buffers()]}.values():
        if not tensor.is_floating_point():
            continue
        if is_large(tensor):
            scale, levels = levels_of(tensor)
            tensor.copy_((levels.float() * scale.unsqueeze(1)).view_as(tensor))
        else:
            tensor.copy_(tensor.half().float())
    return model


def is_large(tensor: Tensor) -> bool:
    """Matrices and convolutions; filters over time are small and differ too much from unit to unit."""
    return tensor.ndim in (2, 4) and tensor.numel() >= LEAST_ELEMENTS


def levels_of(tensor: Tensor) -> tuple[Tensor, Tensor]:
    """(scale [rows], whole numbers -127..127 [rows, rest]) of a tensor [rows, ...].

    The scale is one that fp16 holds, as the graph stores it. Rounding what is rounded already gives the same levels
    again: the largest of a row is always +-127.
    """
    flat = tensor.detach().float().flatten(1)
    scale = (flat.abs().amax(1) / LEVELS).half().float()
    scale = torch.where(scale > 0, scale, 1.0)
    return scale, (flat / scale.unsqueeze(1)).round().clamp(-LEVELS, LEVELS).to(torch.int8)


def store_as_int8(graph: onnx.ModelProto, model: nn.Module) -> None:
    """Replace the initialisers of a traced graph that hold large weights of `model` by int8, Cast and Mul.

    ONNX Runtime folds both when it loads the graph (it would not fold DequantizeLinear), so that they cost nothing
    later. A weight may lie in the graph transposed or in another shape: it is found by its numbers.
    """
    known = Known(model)
    kept, nodes = [], []
    for tensor in graph.graph.initializer:
        array = numpy_helper.to_array(tensor)
        found = known.find(array)
        if found is None:
            kept.append(tensor)
            continue
        levels, scale = found
        kept += [
            numpy_helper.from_array(levels, f"{tensor.name}_int8"),
            numpy_helper.from_array(scale, f"{tensor.name}_scale"),
        ]
        nodes.append(helper.make_node("Cast", [f"{tensor.name}_int8"], [f"{tensor.name}_float"], to=1))
        nodes.append(helper.make_node("Mul", [f"{tensor.name}_float", f"{tensor.name}_scale"], [tensor.name]))
    del graph.graph.initializer[:]
    graph.graph.initializer.extend(kept)
    rest = list(graph.graph.node)
    del graph.graph.node[:]
    graph.graph.node.extend([*nodes, *rest])


class Known:
    """Large weights of a model, in both orders of a matrix."""

    def __init__(self, model: nn.Module) -> None:
        self.weights = [p.detach().cpu() for p in model.parameters() if is_large(p)]

    def find(self, array: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """(int8 of the array's shape, scale that broadcasts to it) of an array that is one of the weights."""
        if array.dtype != np.float32 or array.ndim < 2:
            return None
        for weight in self.weights:
            scale, levels = levels_of(weight)
            if weight.shape == array.shape and np.array_equal(weight.numpy(), array):
                return levels.view(weight.shape).numpy(), scale.view(-1, *[1] * (array.ndim - 1)).numpy()
            if weight.ndim == 2 and weight.T.shape == array.shape and np.array_equal(weight.T.numpy(), array):
                return np.ascontiguousarray(levels.T.numpy()), scale.view(1, -1).numpy()
        return None
