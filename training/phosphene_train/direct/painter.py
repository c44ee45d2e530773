"""Feature maps and latents to a picture: down to an eighth of the side and up again, modulated at every level."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class PainterOptions:
    """image: side of the picture, a multiple of 8; colours: its channels; widths: channels at an eighth, a quarter, a
    half of the side and at the whole; latent: channels that the latents alone fill at an eighth of the side."""

    image: int = 64
    colours: int = 3
    widths: tuple[int, int, int, int] = (128, 96, 48, 20)
    latent: int = 16

    @property
    def map_side(self) -> int:
        """Side of the units' maps: a quarter of the picture's."""
        return self.image // 4


class Block(nn.Module):
    """Residual block; the latents scale and shift between its convolutions (FiLM, Perez et al. 2018). No norm: a small
    network learns without, and every normalisation costs a pass over the maps."""

    def __init__(self, width: int, latents: int) -> None:
        super().__init__()
        self.first, self.second = conv(width, width), conv(width, width)
        self.modulate = nn.Linear(latents, 2 * width)
        nn.init.zeros_(self.second.weight)
        nn.init.normal_(self.modulate.weight, std=0.02)

    def forward(self, x: Tensor, latents: Tensor) -> Tensor:
        scale, shift = self.modulate(latents)[:, :, None, None].chunk(2, 1)
        hidden = self.first(F.silu(x)) * (1 + scale) + shift
        return x + self.second(F.silu(hidden))


class Painter(nn.Module):
    """maps [B, seen, S/4, S/4] (None without), latents [B, D] -> picture [B, colours, S, S], unclipped."""

    def __init__(self, options: PainterOptions, seen: int, latents: int) -> None:
        super().__init__()
        o = self.options = options
        eighth, quarter, half, whole = o.widths
        self.stem = conv(seen, quarter) if seen else None
        self.down = conv(quarter, eighth, stride=2) if seen else None
        self.latent = nn.Linear(latents, o.latent * (o.image // 8) ** 2)
        self.merge = nn.Conv2d(o.latent + (eighth if seen else 0), eighth, 1)
        self.blocks = nn.ModuleList(Block(width, latents) for width in o.widths)
        self.up = nn.ModuleList([nn.Conv2d(eighth, quarter, 1), conv(quarter, half), conv(half, whole)])
        self.out = conv(whole, o.colours)

    def forward(self, maps: Tensor | None, latents: Tensor) -> Tensor:
        side = self.options.image // 8
        deep = self.latent(latents).reshape(-1, self.options.latent, side, side)
        stem = None
        if self.stem is not None:
            stem = self.stem(maps)
            deep = torch.cat([self.down(F.silu(stem)), deep], 1)
        hidden = self.blocks[0](self.merge(deep), latents)
        hidden = double(self.up[0](hidden))
        hidden = self.blocks[1](hidden if stem is None else hidden + stem, latents)
        for up, block in zip(self.up[1:], self.blocks[2:], strict=True):
            hidden = block(up(double(F.silu(hidden))), latents)
        return self.out(F.silu(hidden))


def conv(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride, padding=1)


def double(x: Tensor) -> Tensor:
    """Twice the side; a convolution follows, so that no edges of pixels show."""
    return F.interpolate(x, scale_factor=2.0, mode="nearest")
