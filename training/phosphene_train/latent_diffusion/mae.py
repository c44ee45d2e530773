"""Phase 1's masked autoencoder over voxel patterns: 1-D patches of voxels as tokens (arXiv 2305.17214, He et al.)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .layers import Layer, OwnLinear


@dataclass(frozen=True)
class MaeOptions:
    """Of the paper: patch 16, width 1024, depth 24, 16 heads, decoder 512 wide and 8 deep, MLP ratio 1, mask 0.75."""

    voxels: int
    patch: int = 16
    width: int = 192
    depth: int = 6
    heads: int = 6
    decoder_width: int = 96
    decoder_depth: int = 2
    mask: float = 0.75

    @property
    def patches(self) -> int:
        """Patches of `patch` voxels, the last filled up with zeros."""
        return -(-self.voxels // self.patch)


class VoxelEncoder(nn.Module):
    """Standardised patterns [B, V] -> tokens [B, P, width]; with `kept` [B, K] only these patches, [B, K, width]."""

    def __init__(self, o: MaeOptions) -> None:
        super().__init__()
        self.options = o
        self.embed = OwnLinear(o.patches, o.patch, o.width)
        self.position = nn.Parameter(torch.randn(1, o.patches, o.width) * 0.1)
        self.layers = nn.ModuleList(Layer(o.width, o.heads) for _ in range(o.depth))
        self.norm = nn.LayerNorm(o.width)

    def forward(self, pattern: Tensor, kept: Tensor | None = None) -> Tensor:
        tokens = self.embed(patches(pattern, self.options)) + self.position
        if kept is not None:
            tokens = tokens.gather(1, kept[..., None].expand(-1, -1, tokens.shape[2]))
        for layer in self.layers:
            tokens = layer(tokens)
        return self.norm(tokens)


class VoxelDecoder(nn.Module):
    """Tokens of the kept patches -> the whole pattern [B, V]; mask tokens stand for the others."""

    def __init__(self, o: MaeOptions) -> None:
        super().__init__()
        self.options = o
        self.enter = nn.Linear(o.width, o.decoder_width)
        self.mask = nn.Parameter(torch.randn(1, 1, o.decoder_width) * 0.02)
        self.position = nn.Parameter(torch.randn(1, o.patches, o.decoder_width) * 0.1)
        heads = max(1, o.decoder_width // 32)
        self.layers = nn.ModuleList(Layer(o.decoder_width, heads) for _ in range(o.decoder_depth))
        self.norm = nn.LayerNorm(o.decoder_width)
        self.out = OwnLinear(o.patches, o.decoder_width, o.patch)

    def forward(self, tokens: Tensor, kept: Tensor) -> Tensor:
        tokens = spread(self.enter(tokens), kept, self.mask, self.options.patches) + self.position
        for layer in self.layers:
            tokens = layer(tokens)
        return self.out(self.norm(tokens)).flatten(1)[:, : self.options.voxels]


class VoxelMae(nn.Module):
    """Encoder and decoder; `forward` returns the reconstructed pattern [B, V] and which voxels were hidden [B, V]."""

    def __init__(self, o: MaeOptions) -> None:
        super().__init__()
        self.options = o
        self.encoder, self.decoder = VoxelEncoder(o), VoxelDecoder(o)

    def forward(self, pattern: Tensor) -> tuple[Tensor, Tensor]:
        kept = random_places(len(pattern), self.options.patches, self.options.mask, pattern.device)
        return self.decoder(self.encoder(pattern, kept), kept), self.hidden(kept)

    def hidden(self, kept: Tensor) -> Tensor:
        """True for the voxels [B, V] of patches that are not among `kept`."""
        o = self.options
        out = torch.ones(len(kept), o.patches, dtype=torch.bool, device=kept.device).scatter(1, kept, False)
        return out.repeat_interleave(o.patch, 1)[:, : o.voxels]


def patches(pattern: Tensor, o: MaeOptions) -> Tensor:
    """[B, V] -> [B, P, patch]."""
    return F.pad(pattern, (0, o.patches * o.patch - o.voxels)).unflatten(1, (o.patches, o.patch))


def random_places(count: int, places: int, mask: float, device: torch.device) -> Tensor:
    """[count, K] distinct places each: those that a share `mask` leaves."""
    keep = max(1, round(places * (1 - mask)))
    return torch.rand(count, places, device=device).argsort(1)[:, :keep]


def spread(tokens: Tensor, kept: Tensor, mask: Tensor, places: int) -> Tensor:
    """Put tokens [B, K, width] at their places among `places`, the mask token everywhere else."""
    filled = mask.to(tokens.dtype).expand(len(tokens), places, -1)
    return filled.scatter(1, kept[..., None].expand(-1, -1, tokens.shape[2]), tokens)
