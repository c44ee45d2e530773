"""Phase 2: a voxel and a picture autoencoder, both masked, look at each other through cross-attention, rebuild both."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..loop import LoopOptions, train
from ..train_denoiser import autocast
from .contrast import augment, hidden_error
from .layers import CrossAttention, Layer
from .mae import VoxelMae, random_places, spread

VOXEL_WEIGHT, PICTURE_WEIGHT = 0.25, 1.5
"""Of the two reconstructions in the loss, as in the paper."""
NextPair = Callable[[], tuple[Tensor, Tensor]]
"""Gives pictures [B, 3, H, W] in [-1, 1] and standardised patterns [B, V]."""


@dataclass(frozen=True)
class PictureOptions:
    """Masked autoencoder of pictures (the paper takes facebook/vit-mae-base; this one is ours and small)."""

    side: int
    patch: int = 8
    width: int = 192
    depth: int = 4
    heads: int = 6
    decoder_depth: int = 2
    mask: float = 0.5

    @property
    def patches(self) -> int:
        return (self.side // self.patch) ** 2


class PictureMae(nn.Module):
    """Pictures as patches [B, P, 3 patch^2], encoded where kept, decoded everywhere."""

    def __init__(self, o: PictureOptions) -> None:
        super().__init__()
        self.options = o
        pixels = 3 * o.patch**2
        self.embed, self.out = nn.Linear(pixels, o.width), nn.Linear(o.width, pixels)
        self.position = nn.Parameter(torch.randn(1, o.patches, o.width) * 0.1)
        self.mask = nn.Parameter(torch.randn(1, 1, o.width) * 0.02)
        self.encoder = nn.ModuleList(Layer(o.width, o.heads, ratio=2) for _ in range(o.depth))
        self.decoder = nn.ModuleList(Layer(o.width, o.heads, ratio=2) for _ in range(o.decoder_depth))
        self.norm = nn.LayerNorm(o.width)

    def patches(self, picture: Tensor) -> Tensor:
        return F.pixel_unshuffle(picture, self.options.patch).flatten(2).transpose(1, 2)

    def encode(self, patches: Tensor, kept: Tensor) -> Tensor:
        tokens = self.embed(patches) + self.position
        tokens = tokens.gather(1, kept[..., None].expand(-1, -1, tokens.shape[2]))
        for layer in self.encoder:
            tokens = layer(tokens)
        return tokens

    def decode(self, tokens: Tensor, kept: Tensor) -> Tensor:
        tokens = spread(tokens, kept, self.mask, self.options.patches) + self.position.to(tokens.dtype)
        for layer in self.decoder:
            tokens = layer(tokens)
        return self.out(self.norm(tokens))


class CrossModal(nn.Module):
    """Three layers of cross-attention each way between the tokens of a pattern and of its picture, added to them."""

    def __init__(self, voxels: VoxelMae, pictures: PictureMae, layers: int = 3) -> None:
        super().__init__()
        self.voxels, self.pictures = voxels, pictures
        v, p = voxels.options.width, pictures.options.width
        heads = voxels.options.heads
        self.to_voxels = nn.ModuleList(CrossAttention(v, p, heads) for _ in range(layers))
        self.to_pictures = nn.ModuleList(CrossAttention(p, v, heads) for _ in range(layers))
        self.norm_v, self.norm_p = nn.LayerNorm(v), nn.LayerNorm(p)

    def forward(self, picture: Tensor, pattern: Tensor) -> dict[str, Tensor]:
        """Mean squared errors of both reconstructions, of the hidden voxels and of the hidden picture patches."""
        o, patches = self.pictures.options, self.pictures.patches(picture)
        kept_v = random_places(len(pattern), self.voxels.options.patches, self.voxels.options.mask, pattern.device)
        kept_p = random_places(len(pattern), o.patches, o.mask, pattern.device)
        tokens_v = self.voxels.encoder(augment(pattern), kept_v)
        tokens_p = self.pictures.encode(patches, kept_p)
        for to_v, to_p in zip(self.to_voxels, self.to_pictures, strict=True):
            seen_v, seen_p = self.norm_v(tokens_v), self.norm_p(tokens_p)
            tokens_v, tokens_p = tokens_v + to_v(seen_v, seen_p), tokens_p + to_p(seen_p, seen_v)
        guess_v = self.voxels.decoder(tokens_v, kept_v)
        guess_p = self.pictures.decode(tokens_p, kept_p).float()
        hidden_p = torch.ones_like(guess_p[..., :1], dtype=torch.bool).scatter(1, kept_p[..., None], False)
        return {
            "voxels": hidden_error(guess_v, pattern, self.voxels.hidden(kept_v)),
            "pictures": hidden_error(guess_p, patches, hidden_p.expand_as(guess_p)),
        }


def tune(model: CrossModal, draw: NextPair, steps: int, seconds: float, folder: Path | None = None) -> CrossModal:
    """0.25 of the voxels' error and 1.5 of the pictures'; returns the moving average."""

    def loss(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        picture, pattern = draw()
        with autocast(pattern):
            terms = model(picture, pattern)
        value = VOXEL_WEIGHT * terms["voxels"] + PICTURE_WEIGHT * terms["pictures"]
        return value, {name: term.detach() for name, term in terms.items()}

    options = LoopOptions("cross-modal", steps, 3e-4, decay=0.05, keep=0.998, seconds=seconds)
    return train(model, loss, options, folder)
