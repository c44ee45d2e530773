"""The latent diffusion model: latent patches attend to the tokens of the pattern; its embedding joins the time."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..denoiser import time_features
from ..diffusion import v_of_x0
from .layers import Layer


@dataclass(frozen=True)
class LatentOptions:
    """Latent [channels, side, side] in patches; `tokens` of `context` numbers and an embedding of `dimension`."""

    side: int
    dimension: int
    channels: int = 4
    patch: int = 2
    width: int = 256
    blocks: int = 6
    heads: int = 8
    tokens: int = 16
    context: int = 128

    @property
    def condition(self) -> int:
        """Length of a condition: tokens, row by row, then the embedding."""
        return self.tokens * self.context + self.dimension


class LatentDenoiser(nn.Module):
    """v(x [B, c, h, w], t [B], cond [B, condition], guidance [B]) -> [B, c, h, w]; as denoiser.Denoiser elsewhere.

    The network estimates the clean latent. Time, guidance and the embedding are one token ("added to the time
    embedding", arXiv 2305.17214, phase 3); the tokens of the pattern are attended to in every block. `hint` is what the
    embedding alone makes likely, a latent that is linear in it (the released code of the paper starts its sampler from
    such a prediction): it stands beside the noisy latent, and the network estimates what is to be added to it.
    """

    def __init__(self, options: LatentOptions) -> None:
        super().__init__()
        o = self.options = options
        pixels = o.channels * o.patch**2
        self.patches, self.out = nn.Linear(2 * pixels, o.width), nn.Linear(o.width, pixels)
        self.hint = nn.Linear(o.dimension, o.channels * o.side**2)
        self.position = nn.Parameter(torch.randn(1, 1 + (o.side // o.patch) ** 2, o.width) * 0.5)
        self.time = nn.Sequential(nn.Linear(o.width, o.width), nn.SiLU(), nn.Linear(o.width, o.width))
        self.guidance = nn.Sequential(nn.Linear(1, o.width), nn.SiLU(), nn.Linear(o.width, o.width))
        self.embedding = nn.Sequential(nn.Linear(o.dimension, o.width), nn.SiLU(), nn.Linear(o.width, o.width))
        self.absent = nn.Parameter(torch.zeros(1, o.width))
        self.no_tokens = nn.Parameter(torch.randn(1, o.tokens, o.context) * 0.1)
        self.token_position = nn.Parameter(torch.randn(1, o.tokens, o.context) * 0.1)
        self.blocks = nn.ModuleList(Layer(o.width, o.heads, ratio=4, given=o.context) for _ in range(o.blocks))
        self.norm = nn.LayerNorm(o.width)

    def forward(self, x: Tensor, t: Tensor, cond: Tensor, guidance: Tensor, given: Tensor | None = None) -> Tensor:
        """`given` [B] is 0 where the condition is withheld (for classifier-free guidance); None gives it all."""
        return v_of_x0(x, self.clean(x, t, cond, guidance, given), t)

    def clean(self, x: Tensor, t: Tensor, cond: Tensor, guidance: Tensor, given: Tensor | None = None) -> Tensor:
        """The estimate of the clean latent, unclipped."""
        o = self.options
        context, embedding, hint = self.condition(cond, given)
        time = self.time(time_features(t, o.width).to(x.dtype)) + self.guidance(guidance[:, None] - 1) + embedding
        seen = torch.cat([x, hint], dim=1)
        patches = self.patches(F.pixel_unshuffle(seen, o.patch).flatten(2).transpose(1, 2))
        tokens = torch.cat([time.unsqueeze(1), patches], dim=1) + self.position
        for block in self.blocks:
            tokens = block(tokens, context)
        side = o.side // o.patch
        grid = self.out(self.norm(tokens[:, 1:])).transpose(1, 2).unflatten(2, (side, side))
        return hint + F.pixel_shuffle(grid, o.patch)

    def condition(self, cond: Tensor, given: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Tokens [B, n, context], the embedding's token [B, width] and the hint [B, c, h, w], or what stands for them
        where they are withheld."""
        o = self.options
        context, mu = cond.split([o.tokens * o.context, o.dimension], dim=1)
        context, embedding = context.unflatten(1, (o.tokens, o.context)), self.embedding(mu)
        hint = self.hint(mu).unflatten(1, (o.channels, o.side, o.side))
        if given is not None:
            here = given.view(-1, 1) > 0.5
            context = torch.where(here[..., None], context, self.no_tokens.to(context.dtype))
            embedding = torch.where(here, embedding, self.absent.to(embedding.dtype))
            hint = torch.where(here[..., None, None], hint, self.hint.bias.view(1, *hint.shape[1:]).to(hint.dtype))
        return context + self.token_position, embedding, hint
