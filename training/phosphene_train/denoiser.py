"""The conditional denoiser: a small U-ViT (Bao et al. 2023) over picture patches, with a convolutional head."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .attention import Attention
from .diffusion import Denoise, alpha_sigma, v_of_x0

GUIDANCE_RANGE = (1.0, 3.0)
"""Guidance weights that a student is trained for; 1 is the plain conditional model."""


@dataclass(frozen=True)
class DenoiserOptions:
    """Shape of a denoiser. `groups`: sizes of the latent groups, one conditioning token each. `patch` is even."""

    groups: tuple[int, ...]
    image: int = 64
    patch: int = 8
    width: int = 256
    blocks: int = 5
    heads: int = 8
    head_channels: int = 32


class Block(nn.Module):
    """Pre-norm transformer block; `skip` takes the output of an earlier block, as U-ViT's long skips do."""

    def __init__(self, width: int, heads: int, skip: bool) -> None:
        super().__init__()
        self.skip = nn.Linear(2 * width, width) if skip else None
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor, skipped: Tensor | None = None) -> Tensor:
        if self.skip is not None:
            x = self.skip(torch.cat([x, skipped], dim=-1))
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Denoiser(nn.Module):
    """v(x [B, 3, H, W], t [B], cond [B, D], guidance [B]) -> [B, 3, H, W].

    Tokens: time with guidance, one per latent group, then the patches. The network estimates the clean picture and v
    follows from it (Li & He 2025: a transformer over large patches estimates what lies on the data's manifold more
    easily than noise). The head spreads each token over its patch at half resolution and refines that together with
    alpha x by three 3x3 convolutions: no seams show between patches, edges run on from one to the next, and no noise
    reaches the picture where x is nothing but noise.
    """

    def __init__(self, options: DenoiserOptions) -> None:
        super().__init__()
        o = self.options = options
        tokens = 1 + len(o.groups) + (o.image // o.patch) ** 2
        self.patches = nn.Linear(3 * o.patch**2, o.width)
        # Beside patches of noise, position embeddings of the usual size (0.02) are too faint to learn from.
        self.position = nn.Parameter(torch.randn(1, tokens, o.width) * 0.5)
        self.time = nn.Sequential(nn.Linear(o.width, o.width), nn.SiLU(), nn.Linear(o.width, o.width))
        self.guidance = nn.Sequential(nn.Linear(1, o.width), nn.SiLU(), nn.Linear(o.width, o.width))
        self.groups = nn.ModuleList(condition_token(size, o.width) for size in o.groups)
        self.absent = nn.Parameter(torch.zeros(1, len(o.groups), o.width))
        half = o.blocks // 2
        self.down = nn.ModuleList(Block(o.width, o.heads, skip=False) for _ in range(o.blocks - half))
        self.up = nn.ModuleList(Block(o.width, o.heads, skip=True) for _ in range(half))
        self.norm = nn.LayerNorm(o.width)
        self.unpatch = nn.Linear(o.width, o.head_channels * (o.patch // 2) ** 2)
        self.mix = nn.Conv2d(o.head_channels + 12, 2 * o.head_channels, 3, padding=1)
        self.refine = nn.Conv2d(2 * o.head_channels, 2 * o.head_channels, 3, padding=1)
        self.out = nn.Conv2d(2 * o.head_channels, 12, 3, padding=1)

    def forward(self, x: Tensor, t: Tensor, cond: Tensor, guidance: Tensor, given: Tensor | None = None) -> Tensor:
        """`given` [B] (or of each group, [B, G]) is 0 where latents are withheld; None gives them all."""
        return v_of_x0(x, self.clean(x, t, cond, guidance, given), t)

    def clean(self, x: Tensor, t: Tensor, cond: Tensor, guidance: Tensor, given: Tensor | None = None) -> Tensor:
        """The estimate of the clean picture, unclipped."""
        alpha, _ = alpha_sigma(t)
        return self.from_tokens(self.embed(x, t, cond, guidance, given), x * alpha.view(-1, 1, 1, 1).to(x.dtype))

    def from_tokens(self, tokens: Tensor, seen: Tensor) -> Tensor:
        """Tokens [B, 1 + G + patches, width] and alpha x, which is what the head sees of x -> the picture."""
        skips = []
        for block in self.down:
            tokens = block(tokens)
            skips.append(tokens)
        # The middle block's own output is the input of the first `up` block: it is no skip.
        skips = skips[: len(self.up)]
        for block in self.up:
            tokens = block(tokens, skips.pop())
        return self.paint(tokens[:, 1 + len(self.groups) :], seen)

    def embed(self, x: Tensor, t: Tensor, cond: Tensor, guidance: Tensor, given: Tensor | None) -> Tensor:
        """Picture, time and latents -> tokens [B, 1 + G + patches, width]."""
        o = self.options
        parts = torch.split(cond, list(o.groups), dim=1)
        conditions = torch.stack([layer(part) for layer, part in zip(self.groups, parts, strict=True)], dim=1)
        if given is not None:
            conditions = torch.where(given.view(len(given), -1, 1) > 0.5, conditions, self.absent.to(conditions.dtype))
        time = self.time(time_features(t, o.width).to(x.dtype)) + self.guidance(guidance[:, None] - 1)
        patches = self.patches(F.pixel_unshuffle(x, o.patch).flatten(2).transpose(1, 2))
        return torch.cat([time.unsqueeze(1), conditions, patches], dim=1) + self.position

    def paint(self, tokens: Tensor, x: Tensor) -> Tensor:
        """Patch tokens [B, P, width] and the noisy picture -> a picture at full resolution."""
        o = self.options
        side = o.image // o.patch
        grid = self.unpatch(self.norm(tokens)).transpose(1, 2).unflatten(2, (side, side))
        spread = F.pixel_shuffle(grid, o.patch // 2)
        hidden = self.mix(torch.cat([spread, F.pixel_unshuffle(x, 2)], dim=1))
        hidden = hidden + self.refine(F.silu(hidden))
        return F.pixel_shuffle(self.out(F.silu(hidden)), 2)


def condition_token(size: int, width: int) -> nn.Module:
    """One latent group [B, size] -> one token [B, width]."""
    return nn.Sequential(nn.Linear(size, width), nn.SiLU(), nn.Linear(width, width))


def time_features(t: Tensor, width: int) -> Tensor:
    """t [B] in [0, 1] -> sines and cosines [B, width], wavelengths from 2 pi / 1000 to 2 pi."""
    half = width // 2
    steps = torch.arange(half, device=t.device, dtype=torch.float32) / half
    angles = 1000 * t[:, None] * torch.exp(-math.log(1000.0) * steps)[None]
    return torch.cat([torch.cos(angles), torch.sin(angles)], dim=1).to(t.dtype)


def weighted(model: Denoiser, guidance: float = 1.0) -> Denoise:
    """The denoiser as the samplers call it: v at one guidance weight for the whole batch."""

    def denoise(x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        return model(x, t, cond, torch.full_like(t, guidance))

    return denoise


def group_sizes(groups: Sequence[tuple[str, int]]) -> tuple[int, ...]:
    """Sizes of the latent groups, in order."""
    return tuple(size for _, size in groups)
