"""Transformer layers with cross-attention, and weights of their own for every patch of voxels."""

import torch
from torch import Tensor, nn

from ..attention import FusedAttention, attend


class CrossAttention(nn.Module):
    """Queries from x [B, N, width], keys and values from context [B, M, given] -> [B, N, width]."""

    def __init__(self, width: int, given: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.out = nn.Linear(width, width), nn.Linear(width, width)
        self.key, self.value = nn.Linear(given, width), nn.Linear(given, width)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        q, k, v = self.query(x), self.key(context), self.value(context)
        if torch.onnx.is_in_onnx_export():
            return self.out(FusedAttention.apply(q, k, v, self.heads))
        return self.out(attend(q, k, v, self.heads))


class Layer(nn.Module):
    """Pre-norm: self-attention, cross-attention where a context of width `given` is attended to, MLP."""

    def __init__(self, width: int, heads: int, ratio: float = 1.0, given: int = 0) -> None:
        super().__init__()
        self.norm1, self.norm3 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = CrossAttention(width, width, heads)
        self.norm2 = nn.LayerNorm(width) if given else None
        self.cross = CrossAttention(width, given, heads) if given else None
        hidden = int(width * ratio)
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        seen = self.norm1(x)
        x = x + self.attention(seen, seen)
        if self.cross is not None:
            x = x + self.cross(self.norm2(x), context)
        return x + self.mlp(self.norm3(x))


class OwnLinear(nn.Module):
    """x [B, P, inputs] -> [B, P, outputs], each of the P places with weights of its own.

    The paper embeds patches of voxels by one convolution. The third voxel of one patch has nothing in common with the
    third of another, unlike pixels: shared weights would leave telling them apart to the layers above.
    """

    def __init__(self, places: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(places, inputs, outputs) * inputs**-0.5)
        self.bias = nn.Parameter(torch.zeros(places, outputs))

    def forward(self, x: Tensor) -> Tensor:
        return torch.matmul(x.unsqueeze(2), self.weight.to(x.dtype)).squeeze(2) + self.bias

    def at(self, x: Tensor, places: Tensor) -> Tensor:
        """The same of some places only: x [B, K, inputs] at places [B, K]."""
        return torch.matmul(x.unsqueeze(2), self.weight[places].to(x.dtype)).squeeze(2) + self.bias[places]
