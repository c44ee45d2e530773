"""What an edit changed, told by a judge: a picture network of its own that guided nothing."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..pool import Pool
from ..vision import Vision

FACTORS = ("pose", "category", "content")


@dataclass(frozen=True)
class Seen:
    """What the judge says of pictures: pose in standard units [N, 4], probability of each category [N, C], logits of
    each object [N, O]."""

    pose: Tensor
    category: Tensor
    object: Tensor


@dataclass(frozen=True)
class Judge:
    """The network, the category of each object [O], and what two unrelated scenes differ by in each factor [3]."""

    vision: Vision
    category_of: Tensor
    unit: Tensor

    @torch.no_grad()
    def see(self, pictures: Tensor) -> Seen:
        parts = [self.vision(part) for part in pictures.split(512)]
        category, objects, pose = (torch.cat(column) for column in zip(*parts, strict=True))
        return Seen(pose, category.softmax(1), objects)

    def change(self, before: Seen, after: Seen) -> Tensor:
        """[N, 3] in units of what two unrelated scenes differ by: pose, category, content within the category."""
        return raw_change(before, after, self.category_of) / self.unit


def raw_change(before: Seen, after: Seen, category_of: Tensor) -> Tensor:
    """[N, 3]. Pose: root mean square over x, y, size and angle, in standard deviations. Category: total variation
    distance. Content: that of the object within the category that it was, as far as it still is that category."""
    pose = (after.pose - before.pose).square().mean(1).sqrt()
    category = (after.category - before.category).abs().sum(1) / 2
    was = before.category.argmax(1)
    kept = torch.minimum(*(seen.category.gather(1, was[:, None])[:, 0] for seen in (before, after)))
    outside = category_of[None] != was[:, None]
    within = [seen.object.masked_fill(outside, -torch.inf).softmax(1) for seen in (before, after)]
    content = kept * (within[1] - within[0]).abs().sum(1) / 2
    return torch.stack([pose, category, content], 1)


@torch.no_grad()
def make_judge(vision: Vision, category_of: Tensor, scenes: Pool) -> Judge:
    """The unit of each factor, from true pictures: any two scenes; for content, any two of one category."""
    judge = Judge(vision, category_of, torch.ones(len(FACTORS), device=category_of.device))
    rows = torch.arange(min(2048, len(scenes)), device=category_of.device)
    order = scenes.category[rows].argsort(stable=True)
    seen = judge.see(scenes.images(rows))
    unrelated = raw_change(seen, pick(seen, torch.randperm(len(rows), device=rows.device)), category_of).mean(0)
    # Sorted by category, a scene and the next but sixteen are of one category, and nearly always of different objects.
    alike = raw_change(pick(seen, order), pick(seen, order.roll(16)), category_of)
    same = scenes.category[rows[order]] == scenes.category[rows[order.roll(16)]]
    content = alike[same, 2].mean() if same.any() else unrelated[2]
    return Judge(vision, category_of, torch.stack([unrelated[0], unrelated[1], content]).clamp(min=1e-3))


def pick(seen: Seen, rows: Tensor) -> Seen:
    return Seen(seen.pose[rows], seen.category[rows], seen.object[rows])
