"""A differentiable encoding model of movies: frames -> expected counts of every frame.

Two (2+1)D stages (Tran et al. 2018): a convolution over space, then one over the past in time, SiLU; a readout per
unit that is factorised over space and features; Softplus. A small relative of DwiseNeuro. There is no behaviour: the
simulated animal has none.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .encoder import inverse_softplus, whiten


@dataclass(frozen=True)
class MovieEncoderOptions:
    """Shape. `stages`: (channels, kernel over space, stride, frames of the past) of each."""

    units: int
    height: int = 36
    width: int = 64
    stages: tuple[tuple[int, int, int, int], ...] = ((32, 7, 2, 7), (48, 3, 1, 5))

    def grid(self) -> tuple[int, int]:
        height, width = self.height, self.width
        for _, _, stride, _ in self.stages:
            height, width = -(-height // stride), -(-width // stride)
        return height, width


class Stage(nn.Module):
    """[B, T, C, H, W] -> [B, T, C', H', W']: space, then time; the past before the first frame is zero."""

    def __init__(self, before: int, shape: tuple[int, int, int, int]) -> None:
        super().__init__()
        after, kernel, stride, self.past = shape
        self.space = nn.Conv2d(before, after, kernel, stride, kernel // 2, bias=False)
        self.time = nn.Conv2d(after, after, (self.past, 1))

    def forward(self, x: Tensor, first: bool = False) -> Tensor:
        """`first`: scale the convolution over time on what is seen now."""
        batch, frames = x.shape[:2]
        x = self.space(x.flatten(0, 1))
        size = x.shape[1:]
        x = x.unflatten(0, (batch, frames)).transpose(1, 2).flatten(3)
        x = F.pad(x, (0, 0, self.past - 1, 0))
        if first:
            whiten(self.time, self.time(x))
        x = F.silu(self.time(x))
        return x.transpose(1, 2).unflatten(3, size[1:])


class MovieEncoder(nn.Module):
    """movie [B, T, H, W] of grey levels 0 to 255 -> expected counts [B, T, U], at least 0."""

    def __init__(self, options: MovieEncoderOptions) -> None:
        super().__init__()
        o = self.options = options
        widths = [1, *(channels for channels, *_ in o.stages)]
        self.stages = nn.ModuleList(Stage(before, shape) for before, shape in zip(widths, o.stages, strict=False))
        places = o.grid()[0] * o.grid()[1]
        self.spatial = nn.Parameter(torch.randn(o.units, places) * 0.01)
        self.feature = nn.Parameter(torch.randn(o.units, widths[-1]) / widths[-1] ** 0.5)
        self.bias = nn.Parameter(torch.zeros(o.units))

    @torch.no_grad()
    def start_at(self, movies: Tensor, mean_counts: Tensor) -> None:
        """Begin with maps of mean 0 and variance 1 on some movies, and with the mean count of every unit [U]."""
        x = (movies / 127.5 - 1).unsqueeze(2)
        for stage in self.stages:
            x = stage(x, first=True)
        self.bias.copy_(inverse_softplus(mean_counts))

    def forward(self, movie: Tensor) -> Tensor:
        batch = len(movie)
        x = (movie / 127.5 - 1).unsqueeze(2)
        for stage in self.stages:
            x = stage(x)
        x = x.flatten(0, 1).flatten(2)
        drive = torch.einsum("ncu,uc->nu", x @ self.spatial.T.to(x.dtype), self.feature.to(x.dtype)).float()
        return F.softplus(drive + self.bias).unflatten(0, (batch, -1))
