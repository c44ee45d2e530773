"""Multi-head self-attention that leaves PyTorch as one fused ONNX Runtime node."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class FusedAttention(torch.autograd.Function):
    """Scaled dot-product attention; its ONNX form is com.microsoft::MultiHeadAttention (CPU and CUDA kernels)."""

    @staticmethod
    def forward(ctx: object, q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
        return attend(q, k, v, heads)

    @staticmethod
    def symbolic(g: object, q: object, k: object, v: object, heads: int) -> object:
        out = g.op("com.microsoft::MultiHeadAttention", q, k, v, num_heads_i=heads)
        return out.setType(q.type())


def attend(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """q, k, v [B, N, width] -> [B, N, width], softmax over N in each of the heads."""
    q, k, v = (x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in (q, k, v))
    return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)


class Attention(nn.Module):
    """Self-attention with output projection: [B, N, width] -> [B, N, width]."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.query(x), self.key(x), self.value(x)
        if torch.onnx.is_in_onnx_export():
            return self.out(FusedAttention.apply(q, k, v, self.heads))
        return self.out(attend(q, k, v, self.heads))
