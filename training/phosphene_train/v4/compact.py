"""The compact single-neuron models of Cowley et al. 2023, in PyTorch: a picture in, the rate of one V4 neuron out.

Layout (TensorFlow, all paddings `same`): 5x5 convolution, then four separable 5x5 convolutions of strides 2, 2, 1, 1,
batch norm (eps 1e-3) and ReLU after each, one dense layer over the flattened (row, column, channel) map. A file holds
36 arrays: [W, b, gamma, beta, mean, var], four times [depthwise, pointwise, b, gamma, beta, mean, var], dense W, b.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

STRIDES = (2, 2, 1, 1)
EPSILON = 1e-3
MEAN_RGB = (116.222, 109.270, 100.381)
ARRAYS = 36


class CompactModel(nn.Module):
    """One fitted neuron. Batch norm is folded into the convolution before it."""

    def __init__(self, arrays: list[np.ndarray]) -> None:
        super().__init__()
        check_arrays(arrays)
        tensors = [torch.as_tensor(np.asarray(a), dtype=torch.float32) for a in arrays]
        self.keep("stem_w", "stem_b", *fold(tensors[0].permute(3, 2, 0, 1), *tensors[1:6]))
        for i in range(len(STRIDES)):
            depth, point, *norm = tensors[6 + 7 * i : 13 + 7 * i]
            self.register_buffer(f"depth{i}", depth.permute(2, 3, 0, 1).contiguous())
            self.keep(f"point{i}_w", f"point{i}_b", *fold(point.permute(3, 2, 0, 1), *norm))
        self.register_buffer("dense", tensors[34][:, 0])
        self.register_buffer("bias", tensors[35])

    def keep(self, weight: str, bias: str, w: Tensor, b: Tensor) -> None:
        self.register_buffer(weight, w.contiguous())
        self.register_buffer(bias, b)

    def maps(self, pictures: Tensor) -> list[Tensor]:
        """Centred pictures [B, 3, 112, 112] (`centre`) -> the map after each of the five layers."""
        x = F.relu(F.conv2d(pictures, self.stem_w, self.stem_b, padding=2))
        out = [x]
        for i, stride in enumerate(STRIDES):
            depth = getattr(self, f"depth{i}")
            x = F.conv2d(pad_same(x, 5, stride), depth, stride=stride, groups=len(depth))
            x = F.relu(F.conv2d(x, getattr(self, f"point{i}_w"), getattr(self, f"point{i}_b")))
            out.append(x)
        return out

    def rate(self, last: Tensor) -> Tensor:
        """The last map [B, C, 28, 28] -> rate [B], flattened as TensorFlow does: channel fastest."""
        return last.permute(0, 2, 3, 1).flatten(1) @ self.dense + self.bias

    def forward(self, pictures: Tensor) -> Tensor:
        return self.rate(self.maps(pictures)[-1])


def fold(weight: Tensor, bias: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, var: Tensor) -> tuple[Tensor, Tensor]:
    """Convolution [O, I, H, W] and bias followed by batch norm -> one convolution and bias."""
    scale = gamma / torch.sqrt(var + EPSILON)
    return weight * scale[:, None, None, None], (bias - mean) * scale + beta


def pad_same(x: Tensor, size: int, stride: int) -> Tensor:
    """TensorFlow's `same`: the output has ceil(n / stride) places, and an odd row of padding goes after the picture."""
    pads = []
    for n in (x.shape[3], x.shape[2]):
        total = max((-(-n // stride) - 1) * stride + size - n, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads)


def centre(pictures: np.ndarray | Tensor) -> Tensor:
    """uint8 RGB [B, 112, 112, 3] -> float [B, 3, 112, 112] around the models' mean colour."""
    x = torch.as_tensor(pictures).float() - torch.tensor(MEAN_RGB, device=torch.as_tensor(pictures).device)
    return x.permute(0, 3, 1, 2).contiguous()


def check_arrays(arrays: list[np.ndarray]) -> None:
    """Refuse a file of another layout."""
    if len(arrays) != ARRAYS:
        raise ValueError(f"compact model: expected {ARRAYS} arrays, got {len(arrays)}")
    stem, dense = arrays[0].shape, arrays[34].shape
    if stem[:3] != (5, 5, 3) or dense[1:] != (1,) or dense[0] % arrays[28].shape[3]:
        raise ValueError(f"compact model: expected W [5, 5, 3, n] and dense [28 * 28 * n, 1], got {stem} and {dense}")


def load_compact(path: Path) -> CompactModel:
    """One model file: an object array that NumPy pickled, so only files of the data set itself may be read."""
    return CompactModel(list(np.load(path, allow_pickle=True)))
