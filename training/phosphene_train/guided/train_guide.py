"""Train the picture network of the guide and its scorers together, on the estimates that guidance will show it."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..demo_data import LatentPool
from ..diffusion import add_noise
from ..loop import LoopOptions, train
from ..train_denoiser import autocast
from ..vision import Vision
from .edit import DEEPEST
from .guide import Guide, info_nce, information
from .network import estimate, random_groups

CLEAN = 0.25
"""Share of training pictures shown as they are; the others are estimates of a clean picture from a noisy one."""


@dataclass(frozen=True)
class GuideTraining:
    """Steps, batch (its size bounds the information that can be measured: log batch), peak rate, seconds."""

    steps: int
    batch: int = 512
    rate: float = 1e-3
    seconds: float = 0.0


@dataclass
class Shown:
    """Windows that a stimulus drives, with what is true of it: drawn in batches."""

    pool: LatentPool

    def __post_init__(self) -> None:
        self.rows = torch.nonzero(self.pool.shown > 0.5)[:, 0]
        self.mean, self.std = self.pool.pool.pose.mean(0), self.pool.pool.pose.std(0)

    def draw(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """(pictures [B, 3, H, W], latents [B, D], scene [B])."""
        at = self.rows[torch.randint(len(self.rows), (count,), device=self.rows.device)]
        scene = self.pool.stimulus[at]
        return self.pool.pool.images(scene), self.pool.mu[at], scene

    def labels(self, scene: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Category, object and pose in standard units."""
        scenes = self.pool.pool
        return scenes.category[scene], scenes.object[scene], (scenes.pose[scene] - self.mean) / self.std


def train_guide(guide: Guide, denoiser: nn.Module, shown: Shown, options: GuideTraining) -> Guide:
    """Categories, objects, poses and InfoNCE at once; returns the average with its negatives filled.

    Guidance looks at estimates of the clean picture, blurred early on: features that know sharp pictures only give
    it gradients without meaning there.
    """

    def loss(_step: int) -> tuple[Tensor, dict[str, Tensor]]:
        picture, z, scene = shown.draw(options.batch)
        seen = as_guidance_sees(denoiser, picture, z)
        with autocast(picture):
            f = guide.vision.features(seen).float()
        classes = label_loss(guide.vision, f, *shown.labels(scene))
        lost = info_nce(guide.code_latents(z), guide.code_features(f))
        regressed = F.mse_loss(guide.regress(f), z)
        terms = {f"nce-{i}": value.detach() for i, value in enumerate(lost)}
        return classes + lost.sum() + regressed, {"classes": classes.detach(), **terms}

    loop = LoopOptions("guide", options.steps, options.rate, decay=0.02, keep=0.998, seconds=options.seconds)
    average = train(guide, loss, loop)
    average.negatives.copy_(shown.draw(len(average.negatives))[1])
    return average.eval().requires_grad_(False)


def label_loss(vision: Vision, f: Tensor, category: Tensor, objects: Tensor, pose: Tensor) -> Tensor:
    """As vision_loss, from features that are known."""
    classes = F.cross_entropy(vision.category(f), category) + 0.5 * F.cross_entropy(vision.object(f), objects)
    return classes + 2 * F.mse_loss(vision.pose(f), pose)


@torch.no_grad()
def as_guidance_sees(denoiser: nn.Module, picture: Tensor, z: Tensor) -> Tensor:
    """Each picture as the denoiser sees it through noise of a random level, but for CLEAN of them."""
    t = DEEPEST * torch.rand(len(picture), device=picture.device)
    given = random_groups(len(picture), len(denoiser.options.groups), picture.device)
    with autocast(picture):
        guess = estimate(denoiser, add_noise(picture, torch.randn_like(picture), t)[0], t, z, given).float()
    whole = torch.rand(len(picture), device=picture.device) < CLEAN
    level = 0.15 * torch.rand(len(picture), 1, 1, 1, device=picture.device) ** 2
    return torch.where(whole.view(-1, 1, 1, 1), picture, guess) + level * torch.randn_like(picture)


@torch.no_grad()
def measured_information(guide: Guide, pictures: Tensor, z: Tensor) -> list[float]:
    """log B - L_N of every group on held-out pairs, in nats; B is their number."""
    f = torch.cat([guide.vision.features(part) for part in pictures.split(512)])
    return [round(float(v), 4) for v in information(guide.code_latents(z), guide.code_features(f))]
