"""Sizes and time of a run; what the paper has is beside what is used here."""

from dataclasses import dataclass, field

from .autoencoder import AutoencoderOptions
from .cross import PictureOptions
from .denoiser import LatentOptions
from .mae import MaeOptions

Groups = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Sizes:
    """Shapes of every network, batches, and shares of the time that each stage may take.

    steps      of each stage, and shares of the time that each may take: what ends first
    thumbnail  side of the small picture whose principal components mu estimates
    frozen     whether the voxel encoder stays as phases 1 and 2 left it while the diffusion model learns
    contrast, cross   whether phases 1 and 2 are done at all (without phase 1 the encoder starts at random)
    """

    side: int = 64
    patch: int = 16
    width: int = 192
    depth: int = 6
    decoder_width: int = 96
    picture_patch: int = 8
    latent: int = 4
    channels: int = 32
    groups: Groups = (("coarse", 8), ("detail", 40))
    denoiser_width: int = 192
    blocks: int = 6
    tokens: int = 16
    context: int = 128
    batch: int = 768
    trajectories: int = 24_576
    thumbnail: int = 16
    samples: int = 5
    frozen: bool = True
    contrast: bool = True
    cross: bool = True
    drop_tokens: float = 0.15
    drop_embedding: float = 0.3
    steps: dict[str, int] = field(
        default_factory=lambda: {
            "autoencoder": 6000, "contrast": 4000, "cross": 3000, "prior": 8000, "tune": 8000, "distil": 5000,
        }
    )  # fmt: skip
    shares: dict[str, float] = field(
        default_factory=lambda: {
            "autoencoder": 0.12, "contrast": 0.1, "cross": 0.08, "prior": 0.26, "tune": 0.24, "distil": 0.2,
        }
    )  # fmt: skip

    @property
    def dimension(self) -> int:
        return sum(size for _, size in self.groups)

    def mae(self, voxels: int) -> MaeOptions:
        heads = max(1, self.width // 32)
        return MaeOptions(voxels, self.patch, self.width, self.depth, heads, self.decoder_width)

    def pictures(self) -> PictureOptions:
        heads = max(1, self.width // 32)
        return PictureOptions(self.side, self.picture_patch, self.width, min(4, self.depth), heads)

    def autoencoder(self) -> AutoencoderOptions:
        return AutoencoderOptions(self.side, self.latent, self.channels)

    def denoiser(self) -> LatentOptions:
        side = self.autoencoder().latent_side
        return LatentOptions(
            side, self.dimension, self.latent, 2 if side % 2 == 0 else 1, self.denoiser_width, self.blocks,
            max(1, self.denoiser_width // 32), self.tokens, self.context,
        )  # fmt: skip


FEW = dict.fromkeys(("autoencoder", "contrast", "cross", "prior", "tune", "distil"), 2)

TINY = Sizes(
    side=16, patch=2, width=16, depth=1, decoder_width=16, picture_patch=4, latent=2, channels=4,
    groups=(("coarse", 2), ("detail", 4)), denoiser_width=16, blocks=1, tokens=2, context=8,
    batch=8, trajectories=16, thumbnail=4, samples=2, steps=FEW,
)  # fmt: skip
"""For tests: the shape of test/fixtures/tiny-latent-diffusion."""

SMALL = Sizes(
    side=28, width=96, depth=3, decoder_width=64, picture_patch=4, channels=16, groups=(("coarse", 8), ("detail", 8)),
    denoiser_width=128, blocks=3, tokens=8, context=64, batch=128, trajectories=4096, drop_tokens=0.5, thumbnail=14,
    steps={"autoencoder": 600, "contrast": 150, "cross": 150, "prior": 800, "tune": 400, "distil": 400},
)  # fmt: skip
"""For a hundred trials, such as the digits of van Gerven et al. (2010)."""

SMOKE = Sizes(
    width=64, depth=1, decoder_width=32, channels=8, denoiser_width=32, blocks=1, tokens=4, context=32, batch=16,
    trajectories=16, samples=2, steps=FEW,
)  # fmt: skip
"""One step or two of everything, with pictures of the demo's size."""
