"""A still encoder with its gradient written out: no autograd is needed to descend on it."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .encoder import StillEncoder

EPS = 1e-8
"""Of the Poisson loss, as PyTorch's `poisson_nll_loss` has it."""


class PlainEncoder(nn.Module):
    """The function of a `StillEncoder`, and the gradient of its Poisson loss."""

    def __init__(self, encoder: StillEncoder) -> None:
        super().__init__()
        o = encoder.options
        self.strides, self.sizes = [stride for _, _, stride in o.layers], o.sizes()
        for i, convolution in enumerate(encoder.convolutions):
            self.keep(f"weight{i}", convolution.weight)
            self.keep(f"shift{i}", convolution.bias)
        self.keep("readout", encoder.readout())
        self.keep("bias", encoder.bias)
        self.last = (o.layers[-1][0], *self.sizes[-1])

    def keep(self, name: str, tensor: Tensor) -> None:
        self.register_buffer(name, tensor.detach().clone().contiguous())

    def forward(self, picture: Tensor) -> Tensor:
        """picture [B, C, H, W] -> expected counts [B, U]."""
        return self.see(picture)[0]

    def see(self, picture: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Expected counts, and what the gradient needs: the input of every nonlinearity."""
        x, kept = picture, []
        for i, stride in enumerate(self.strides):
            weight = getattr(self, f"weight{i}")
            before = F.conv2d(x, weight, getattr(self, f"shift{i}"), stride, weight.shape[-1] // 2)
            kept.append(before)
            x = F.silu(before)
        kept.append(F.linear(x.flatten(1), self.readout, self.bias))
        return F.softplus(kept[-1]), kept

    def gradient(self, picture: Tensor, counts: Tensor, share: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Loss [B], its gradient in the picture [B, C, H, W] and the expected counts [B, U].

        The loss of a picture is the sum over units of share_u (m_u - k_u log(m_u + eps)); `share` [U] is 0 for units
        that are left out.
        """
        expected, kept = self.see(picture)
        loss = (share * (expected - counts * torch.log(expected + EPS))).sum(1)
        slope = share * (1 - counts / (expected + EPS)) * torch.sigmoid(kept.pop())
        return loss, self.back(slope @ self.readout, kept), expected

    def back(self, slope: Tensor, kept: list[Tensor]) -> Tensor:
        """The gradient at the last map, flattened [B, features x places] -> the one at the picture."""
        slope = slope.unflatten(1, self.last)
        for i in reversed(range(len(self.strides))):
            gate = torch.sigmoid(kept[i])
            slope = slope * gate * (1 + kept[i] * (1 - gate))
            weight, stride = getattr(self, f"weight{i}"), self.strides[i]
            pad = weight.shape[-1] // 2
            (height, width), (above, beside) = self.sizes[i], self.sizes[i + 1]
            missing = (height - ((above - 1) * stride + 1), width - ((beside - 1) * stride + 1))
            slope = F.conv_transpose2d(slope, weight, None, stride, pad, missing)
        return slope
