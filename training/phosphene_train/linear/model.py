"""The linear decoder: mu = A window + a; picture, expected activity and readouts are affine in mu."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..vae import Readout, VaeOptions


@dataclass(frozen=True)
class Affine:
    """y = x weights^T + bias; weights [out, in], bias [out], float32."""

    weights: Tensor
    bias: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        return x @ self.weights.T + self.bias


@dataclass(frozen=True)
class LinearModel:
    """Answers like a GroupVae where evidence and figures ask (`encode`, `decoder`, `options`), without a network."""

    options: VaeOptions
    side: int
    encoder: Affine
    """[D, W * units]: normalised windows, oldest bin first."""
    logvar: Tensor
    """[D], the same for every window: the log of the error that held-out windows leave."""
    picture: Affine
    """[3 * side * side, D]: planar picture before clipping to [-1, 1]."""
    expected: Affine
    heads: dict[str, Affine]
    """By readout; classes are logits."""

    def encode(self, window: Tensor) -> tuple[Tensor, Tensor]:
        """Normalised windows [N, W, units] -> mu, logvar [N, D]."""
        mu = self.encoder(window.flatten(1))
        return mu, self.logvar.expand_as(mu)

    def decoder(self, mu: Tensor) -> Tensor:
        """Expected window-averaged normalised counts [N, units]."""
        return self.expected(mu)

    def readout(self, readout: Readout, mu: Tensor) -> Tensor:
        """Probabilities of classes, or values in their unit [N, n]."""
        out = self.heads[readout.name](mu)
        return out.softmax(1) if readout.kind == "class" else out

    def pictures(self, mu: Tensor) -> Tensor:
        """[N, 3, side, side] in [-1, 1]."""
        return self.picture(mu).clamp(-1, 1).unflatten(1, (3, self.side, self.side))

    def double(self) -> "LinearModel":
        """The same numbers in float64: what golden outputs are computed with."""
        to = lambda a: Affine(a.weights.double(), a.bias.double())  # noqa: E731
        heads = {name: to(head) for name, head in self.heads.items()}
        parts = (to(self.encoder), self.logvar.double(), to(self.picture), to(self.expected))
        return LinearModel(self.options, self.side, *parts, heads)


def joined(parts: list[Tensor]) -> Tensor:
    """Columns side by side, float32."""
    return torch.cat(parts, 1).float()
