"""A differentiable encoding model of still pictures: picture -> expected spike counts of one window of every unit.

Convolutions with SiLU, a readout per unit that is factorised over space and features (Klindt et al. 2017), Softplus,
Poisson likelihood (as DwiseNeuro has, which Bauer et al. 2026 invert).
"""

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class EncoderOptions:
    """Shape. `layers`: (channels, odd kernel, stride) of each convolution. `rank` terms a readout."""

    units: int
    channels: int = 3
    height: int = 64
    width: int = 64
    layers: tuple[tuple[int, int, int], ...] = ((32, 5, 2), (64, 3, 2), (96, 3, 2), (96, 3, 1))
    rank: int = 4
    dropout: float = 0.0

    def manifest(self) -> dict:
        return asdict(self)

    def sizes(self) -> list[tuple[int, int]]:
        """Height and width of the picture and after each layer."""
        found = [(self.height, self.width)]
        for _, _, stride in self.layers:
            found.append(tuple(-(-n // stride) for n in found[-1]))
        return found


class StillEncoder(nn.Module):
    """picture [B, C, H, W] in [-1, 1] -> expected counts of a window [B, U], at least 0."""

    def __init__(self, options: EncoderOptions) -> None:
        super().__init__()
        o = self.options = options
        widths = [o.channels, *(channels for channels, _, _ in o.layers)]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, after, kernel, stride, kernel // 2)
            for before, (after, kernel, stride) in zip(widths, o.layers, strict=False)
        )
        height, width = o.sizes()[-1]
        self.spatial = nn.Parameter(torch.randn(o.units, o.rank, height * width) / (height * width) ** 0.5)
        self.feature = nn.Parameter(torch.randn(o.units, o.rank, widths[-1]) / (widths[-1] * o.rank) ** 0.5)
        self.bias = nn.Parameter(torch.zeros(o.units))

    @torch.no_grad()
    def start_at(self, pictures: Tensor, mean_counts: Tensor) -> None:
        """Begin with maps of mean 0 and variance 1 on the given pictures, and with the mean count of every unit [U]."""
        x = pictures
        for convolution in self.convolutions:
            whiten(convolution, convolution(x))
            x = F.silu(convolution(x))
        self.bias.copy_(inverse_softplus(mean_counts))

    def forward(self, picture: Tensor) -> Tensor:
        x = picture
        for convolution in self.convolutions:
            x = F.silu(convolution(x))
        x = F.dropout2d(x, self.options.dropout, self.training)
        return F.softplus(x.flatten(1) @ self.readout().T + self.bias)

    def readout(self) -> Tensor:
        """The readouts of all units as one matrix [U, features x places]."""
        return torch.einsum("urc,urp->ucp", self.feature, self.spatial).flatten(1)


def whiten(convolution: nn.Conv2d, out: Tensor) -> None:
    """Scale a convolution so that its channels have mean 0 and variance 1 where they were `out` [B, C, ...]
    (Mishkin & Matas 2016)."""
    rows = out.transpose(0, 1).flatten(1)
    scale = 1 / rows.std(1).clamp(min=1e-4)
    convolution.weight.mul_(scale[:, None, None, None])
    convolution.bias.copy_((convolution.bias - rows.mean(1)) * scale)


def inverse_softplus(values: Tensor) -> Tensor:
    """x with softplus(x) = values, which are at least 1e-3."""
    return torch.log(torch.expm1(values.clamp(min=1e-3)))


def poisson_loss(expected: Tensor, counts: Tensor, eps: float = 1e-8) -> Tensor:
    """Poisson negative log likelihood without its constant, each entry its own: m - k log(m + eps)."""
    return expected - counts * torch.log(expected + eps)


@torch.no_grad()
def response_correlation(expected: Tensor, counts: Tensor) -> Tensor:
    """Pearson correlation over rows of [N, U], for each unit [U]; 0 where one does not vary."""
    a, b = expected - expected.mean(0), counts - counts.mean(0)
    return (a * b).sum(0) / (a.norm(dim=0) * b.norm(dim=0)).clamp(min=1e-9)
