"""A pool of rendered scenes with what is known about each: the data set of the demo."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from .render import render
from .stimuli import Objects, Scenes, balanced, random_scenes


@dataclass(frozen=True)
class Pool:
    """Pictures uint8 [N, 3, H, W], category and object ids [N], pose [N, 4] (x, y, size in image widths; degrees)."""

    pictures: Tensor
    category: Tensor
    object: Tensor
    pose: Tensor

    def __len__(self) -> int:
        return len(self.pictures)

    def images(self, index: Tensor | slice) -> Tensor:
        """Pictures in [-1, 1], float32."""
        return self.pictures[index].float() / 127.5 - 1

    def standard_pose(self, mean: Tensor, std: Tensor) -> Tensor:
        return (self.pose - mean) / std


def make_pool(objects: Objects, ids: Tensor, count: int, side: int, seed: int) -> Pool:
    """`count` random scenes of the given objects, on the device of their textures."""
    scenes = random_scenes(ids, count, np.random.default_rng(seed))
    pictures = torch.cat([to_bytes(render(objects, scenes[at : at + 1024], side)) for at in range(0, count, 1024)])
    device = objects.textures.device
    chosen = scenes.object.to(device)
    return Pool(pictures, objects.category[chosen], chosen, pose(scenes).to(device))


def pose(scenes: Scenes) -> Tensor:
    """[B, 4]: x, y, size, angle."""
    return torch.stack([scenes.x, scenes.y, scenes.size, scenes.angle], 1)


def to_bytes(pictures: Tensor) -> Tensor:
    """[-1, 1] -> uint8."""
    return ((pictures + 1) * 127.5).round().clamp(0, 255).byte()


class Pools:
    """Training scenes, held-out renderings of the training objects, and scenes of objects that the decoder never sees.

    `life` is what the simulated animal's own network learns from: other scenes, of all objects. An animal has seen
    things that its decoder has not; "never seen" means never seen by the decoder. From four seeds; each pool is drawn
    when first asked for, since a resumed run may need no training scenes.
    """

    def __init__(self, objects: Objects, train: int, test: int, side: int, seed: int) -> None:
        self.objects, self.sizes, self.side, self.seed = objects, (train, test), side, seed

    @cached_property
    def train(self) -> Pool:
        return make_pool(self.objects, balanced(self.objects, True), self.sizes[0], self.side, self.seed)

    @cached_property
    def rendering(self) -> Pool:
        return make_pool(self.objects, balanced(self.objects, True), self.sizes[1], self.side, self.seed + 1)

    @cached_property
    def unseen(self) -> Pool:
        return make_pool(self.objects, balanced(self.objects, False), self.sizes[1], self.side, self.seed + 2)

    @cached_property
    def life(self) -> Pool:
        return make_pool(self.objects, balanced(self.objects, None), self.sizes[0], self.side, self.seed + 3)
