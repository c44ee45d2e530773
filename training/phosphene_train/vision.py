"""A small convolutional network over pictures: features for the simulated cortex, and a judge of decoded pictures."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Vision(nn.Module):
    """Pictures [B, 3, side, side] -> category and object logits, pose; `features` is the layer before them."""

    def __init__(
        self, categories: int, objects: int, poses: int = 4, features: int = 128,
        widths: tuple[int, ...] = (32, 64, 128, 192), side: int = 64,
    ) -> None:  # fmt: skip
        super().__init__()
        self.side = side
        self.stages = nn.ModuleList(stage(a, b) for a, b in pairwise((3, *widths)))
        self.flat = nn.Sequential(nn.Flatten(), nn.Linear(widths[-1] * (side >> len(widths)) ** 2, features), nn.ReLU())
        self.category = nn.Linear(features, categories)
        self.object = nn.Linear(features, objects)
        self.pose = nn.Linear(features, poses)

    def maps(self, picture: Tensor) -> list[Tensor]:
        """Activations of every stage, from fine to coarse."""
        out = []
        for layer in self.stages:
            picture = layer(picture)
            out.append(picture)
        return out

    def features(self, picture: Tensor) -> Tensor:
        return self.flat(self.maps(picture)[-1])

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features = self.features(picture)
        return self.category(features), self.object(features), self.pose(features)


def stage(inputs: int, outputs: int) -> nn.Module:
    """Two convolutions, the second halving the picture."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1),
        nn.GroupNorm(8, outputs),
        nn.ReLU(),
        nn.Conv2d(outputs, outputs, 3, stride=2, padding=1),
        nn.GroupNorm(8, outputs),
        nn.ReLU(),
    )


def vision_loss(model: Vision, picture: Tensor, category: Tensor, object_id: Tensor, pose: Tensor) -> Tensor:
    """Cross-entropy of category and object plus squared error of the pose in standard units.

    Pose counts twice: it is learned last, and what the network does not know of it no decoder can read from the units.
    """
    categories, objects, poses = model(picture)
    classes = F.cross_entropy(categories, category) + 0.5 * F.cross_entropy(objects, object_id)
    return classes + 2 * F.mse_loss(poses, pose)


def perceptual_distance(model: Vision, a: Tensor, b: Tensor) -> Tensor:
    """Mean squared difference of channel-normalised activations over the stages (Zhang et al. 2018, own network)."""
    pairs = zip(model.maps(a), model.maps(b), strict=True)
    return torch.stack([(unit(p) - unit(q)).square().sum(1).mean() for p, q in pairs]).mean()


def unit(maps: Tensor) -> Tensor:
    """Unit length along the channels."""
    return maps / (maps.square().sum(1, keepdim=True) + 1e-6).sqrt()
