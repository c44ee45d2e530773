"""What guides an edit: picture features and, for each latent group, how much a picture tells about its latents.

MIG-Vis (arXiv 2510.02182, sections 3.2 and 3.3) scores (z_g, picture) by a network trained with InfoNCE over DINO
features. Here the features are those of our own picture network (vision.py): DINO's weights cannot be had.
"""

import math
from dataclasses import dataclass
from itertools import accumulate, pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..vision import Vision


@dataclass(frozen=True)
class GuideOptions:
    """Sizes of the latent groups, classes of the picture network, features, code on which a score is a dot product,
    negatives that are kept, side of the picture, channels of the picture network's stages."""

    groups: tuple[int, ...]
    categories: int
    objects: int
    features: int = 256
    hidden: int = 256
    latent_hidden: int = 128
    code: int = 64
    negatives: int = 256
    side: int = 64
    widths: tuple[int, ...] = (32, 64, 128, 192)

    @property
    def dimension(self) -> int:
        return sum(self.groups)

    def spans(self) -> list[slice]:
        """Where each group lies on the latent axis."""
        return [slice(a, b) for a, b in pairwise(accumulate(self.groups, initial=0))]


class Guide(nn.Module):
    """Scores s_g(z_g, f) = a_g(z_g) . b_g(f) / sqrt(code) with f the features of a picture.

    A dot product of two codes: every latent of a batch is a negative of every picture for one matrix product, and the
    gradient with respect to f needs the codes of the latents only. `negatives` [M, D] are latents of unrelated windows:
    a sample of p(z), fixed, so that a guided picture is a function of its inputs. `regress` is the latent that a
    picture is expected to cause; activation guidance uses it.
    """

    def __init__(self, options: GuideOptions) -> None:
        super().__init__()
        o = self.options = options
        self.vision = Vision(o.categories, o.objects, features=o.features, widths=o.widths, side=o.side)
        self.latent_codes = nn.ModuleList(latent_code(size, o.latent_hidden, o.code) for size in o.groups)
        self.picture_codes = nn.Sequential(
            nn.Linear(o.features, o.hidden), nn.ReLU(), nn.Linear(o.hidden, len(o.groups) * o.code)
        )
        self.regress = nn.Linear(o.features, o.dimension)
        self.register_buffer("negatives", torch.zeros(o.negatives, o.dimension))

    def code_latents(self, z: Tensor) -> Tensor:
        """z [B, D] -> codes [B, G, code], scaled so that a score is a plain dot product."""
        parts = z.split(list(self.options.groups), dim=1)
        codes = [layer(part) for layer, part in zip(self.latent_codes, parts, strict=True)]
        return torch.stack(codes, 1) / math.sqrt(self.options.code)

    def code_features(self, f: Tensor) -> Tensor:
        """Features [B, F] -> codes [B, G, code]."""
        return self.picture_codes(f).unflatten(1, (len(self.options.groups), self.options.code))

    def scores(self, z: Tensor, picture: Tensor) -> Tensor:
        """s_g of every pair [B, G], in nats."""
        return (self.code_latents(z) * self.code_features(self.vision.features(picture))).sum(2)


def latent_code(size: int, hidden: int, code: int) -> nn.Module:
    """Three layers, as many as the density-ratio network of the paper."""
    inner = nn.Linear(hidden, hidden)
    return nn.Sequential(nn.Linear(size, hidden), nn.SiLU(), inner, nn.SiLU(), nn.Linear(hidden, code))


def info_nce(latents: Tensor, pictures: Tensor) -> Tensor:
    """L_N of every group [G], in nats: -log of the share of exp s that falls on the picture's own latents.

    latents, pictures: codes [B, G, code] of pairs; the other rows' latents are the negatives (paper, equation 6).
    """
    table = torch.einsum("igc,jgc->gij", latents, pictures)
    own = torch.arange(table.shape[1], device=table.device).expand(table.shape[0], -1)
    # Columns are pictures, and the softmax runs over latents: `cross_entropy` wants classes on axis 1.
    return F.cross_entropy(table, own, reduction="none").mean(1)


def information(latents: Tensor, pictures: Tensor) -> Tensor:
    """Lower bound log B - L_N of the mutual information of every group's latents and the picture [G], in nats."""
    return math.log(len(latents)) - info_nce(latents, pictures)
