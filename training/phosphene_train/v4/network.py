"""Many small networks from counts to picture components, trained at once: one per session, fold and kind of data."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Networks(nn.Module):
    """G independent networks [G, B, U] -> [G, B, n]: a linear path beside two hidden layers with dropout."""

    def __init__(self, count: int, units: int, outputs: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout
        self.linear = Layer(count, units, outputs)
        self.first, self.second = Layer(count, units, hidden), Layer(count, hidden, hidden)
        self.last = Layer(count, hidden, outputs)
        nn.init.zeros_(self.last.weight)

    def forward(self, x: Tensor) -> Tensor:
        hidden = F.dropout(F.silu(self.first(x)), self.dropout, self.training)
        hidden = F.dropout(hidden + F.silu(self.second(hidden)), self.dropout, self.training)
        return self.linear(x) + self.last(hidden)


class Layer(nn.Module):
    """G linear layers side by side."""

    def __init__(self, count: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(count, inputs, outputs) / math.sqrt(2 * inputs))
        self.bias = nn.Parameter(torch.zeros(count, 1, outputs))

    def forward(self, x: Tensor) -> Tensor:
        return torch.baddbmm(self.bias, x, self.weight)


def regression(decoded: Tensor, target: Tensor) -> Tensor:
    """Mean squared error, summed over the G networks: its optimum is the posterior mean."""
    return (decoded - target).square().mean((1, 2)).sum()


def identification(decoded: Tensor, target: Tensor, place: Tensor, sharpness: Tensor) -> Tensor:
    """Cross-entropy of picking the own picture of the batch by correlation, summed over networks (van den Oord 2018).

    `place` [G, B]: the same picture elsewhere in the batch is no wrong answer. `sharpness` [G] multiplies correlations.
    """
    table = F.normalize(decoded, dim=2) @ F.normalize(target, dim=2).transpose(1, 2)
    same = place[:, :, None] == place[:, None, :]
    same.diagonal(dim1=1, dim2=2).fill_(False)
    table = (sharpness[:, None, None] * table).masked_fill(same, -1e4)
    return -table.log_softmax(2).diagonal(dim1=1, dim2=2).mean(1).sum()
