"""The direct decoder: latents, readouts and the picture of a window in one pass.

After MEIcoder (Sobotka et al. 2025, arXiv 2510.20762): each unit has a map, the picture that excites it most; its
response over the window says how much of the map is added to a stack of feature maps, which a small convolutional
network turns into the picture. What is ours: the response is read over several bins, the network is modulated by the
latents of a group-wise VAE, and steering moves both (`activity_of`).
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..vae import GroupVae
from .painter import Painter, PainterOptions


@dataclass(frozen=True)
class DirectOptions:
    """context: ways in which a unit's response is read, each adding its map to channels of its own; maps: whether units
    have maps at all (without: latents alone); learn: whether training changes them; painter: the network after them."""

    painter: PainterOptions
    context: int = 10
    maps: bool = True
    learn: bool = True


class Maps(nn.Module):
    """Windows [B, W, U] -> feature maps [B, C * K, s, s]: sum over units of g_c(x_u) m_u.

    m [U, C, s, s] are the units' maps (mei.py). g is the context representation: K functions of a unit's own bins,
    silu of a weighted sum over them. A unit without a response in any bin adds next to nothing.
    """

    def __init__(self, maps: Tensor, bins: int, context: int, learn: bool) -> None:
        super().__init__()
        units, self.colours, self.side, _ = maps.shape
        self.maps = nn.Parameter(maps.flatten(1).clone(), requires_grad=learn)
        filters = torch.randn(context, bins, units) / bins**0.5
        filters[0] = 1 / bins**0.5
        self.filters = nn.Parameter(filters)
        self.bias = nn.Parameter(torch.zeros(context, units))
        self.scale = (units * 0.5) ** -0.5
        self.channels = self.colours * context

    def forward(self, window: Tensor) -> Tensor:
        read = (window[:, None] * self.filters).sum(2) + self.bias
        summed = (nn.functional.silu(read) * self.scale) @ self.maps
        return summed.reshape(-1, self.channels, self.side, self.side)


class DirectModel(nn.Module):
    """window [B, W, U], steering [B, D] -> mu, logvar, expected, each readout, picture [B, C, S, S] in [-1, 1].

    `base` [C, S, S] is added to every picture: with few trials the network need not learn the mean picture.
    """

    def __init__(self, vae: GroupVae, maps: Tensor, options: DirectOptions, base: Tensor | None = None) -> None:
        super().__init__()
        self.options, self.vae = options, vae
        bins = vae.options.window
        self.maps = Maps(maps, bins, options.context, options.learn) if options.maps else None
        seen = self.maps.channels if self.maps is not None else 0
        self.painter = Painter(options.painter, seen, vae.options.dimension)
        self.register_buffer("base", base)

    def forward(self, window: Tensor, steering: Tensor) -> tuple[Tensor, ...]:
        """The outputs of decode.onnx. Latents, readouts and expected activity are those of the window, unsteered."""
        mu, logvar, expected, *readouts = self.vae(window)
        picture = self.paint(window + self.activity_of(steering)[:, None], mu + steering)
        return mu, logvar, expected, *readouts, picture.clamp(-1, 1)

    def activity_of(self, steering: Tensor) -> Tensor:
        """Normalised activity [B, U] that comes with a change of the latents [B, D]: the VAE's decoder is linear.

        Units and latents go on telling the same. How much it matters depends on what a network leans on: that of the
        demo follows the latents.
        """
        return steering @ self.vae.decoder.weight.T

    def paint(self, window: Tensor, latents: Tensor) -> Tensor:
        """The picture, unclipped, as training has it."""
        picture = self.painter(self.maps(window) if self.maps is not None else None, latents)
        return picture if self.base is None else picture + self.base
