"""Store the weights of ONNX graphs as fp16, in the graph or in one file that several graphs share."""

import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SMALLEST_STORED_AS_HALF = 64
"""Elements; smaller constants (shapes, scalars of the schedule) stay as they are."""


class WeightFile:
    """A file of external data, filled by content: equal weights of several graphs are stored once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offsets: dict[bytes, int] = {}
        self.data = bytearray()

    def place(self, raw: bytes) -> int:
        """Offset of these bytes, appended (16-byte aligned) if they are new."""
        key = hashlib.sha256(raw).digest()
        if key not in self.offsets:
            self.data.extend(b"\0" * (-len(self.data) % 16))
            self.offsets[key] = len(self.data)
            self.data.extend(raw)
        return self.offsets[key]

    def save(self) -> None:
        self.path.write_bytes(bytes(self.data))


def store_as_half(model: onnx.ModelProto, shared: WeightFile | None) -> None:
    """Replace large fp32 initialisers by fp16 ones and a Cast, which ONNX Runtime folds when it loads the graph.

    Those that are fp16 already, of graphs that compute in it, only move to the shared file.
    """
    kept, casts, seen = [], [], {}
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if array.dtype == np.float16 and array.size >= SMALLEST_STORED_AS_HALF:
            kept.append(half_tensor(tensor.name, array, shared))
            continue
        if array.dtype != np.float32 or array.size < SMALLEST_STORED_AS_HALF:
            kept.append(tensor)
            continue
        half = array.astype(np.float16)
        key = (half.shape, half.tobytes())
        if key not in seen:
            seen[key] = f"half_{len(seen)}"
            kept.append(half_tensor(seen[key], half, shared))
        casts.append(helper.make_node("Cast", [seen[key]], [tensor.name], name=f"cast_{tensor.name}", to=1))
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def half_tensor(name: str, array: np.ndarray, shared: WeightFile | None) -> TensorProto:
    """An fp16 initialiser, inline or as a reference into the shared file."""
    tensor = numpy_helper.from_array(array, name)
    if shared is None:
        return tensor
    raw = tensor.raw_data
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entries = {"location": shared.path.name, "offset": str(shared.place(raw)), "length": str(len(raw))}
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=value)
    return tensor
