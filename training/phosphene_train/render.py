"""Draw scenes in batches on any device: affine texture sampling over a gradient, with antialiasing."""

import torch
from torch import Tensor
from torch.nn import functional as F

from .stimuli import Objects, Scenes

OVERSAMPLING = 2


def render(objects: Objects, scenes: Scenes, side: int = 64) -> Tensor:
    """Pictures [B, 3, side, side] in [-1, 1]; sampled at twice the size and averaged down."""
    fine = side * OVERSAMPLING
    device = objects.textures.device
    textures = objects.textures[scenes.object.to(device)]
    grid = F.affine_grid(affine(scenes).to(device), [len(textures), 4, fine, fine], align_corners=False)
    layer = F.grid_sample(textures, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    picture = layer[:, :3] + backgrounds(scenes, fine, device) * (1 - layer[:, 3:])
    return F.avg_pool2d(picture, OVERSAMPLING) * 2 - 1


def affine(scenes: Scenes) -> Tensor:
    """[B, 2, 3]: picture coordinates in [-1, 1] -> texture coordinates. Positive angles turn anticlockwise."""
    angle = torch.deg2rad(scenes.angle)
    cos, sin = torch.cos(angle) / scenes.size, torch.sin(angle) / scenes.size
    x, y = 2 * scenes.x, 2 * scenes.y
    rows = [torch.stack([cos, -sin, -(cos * x - sin * y)], 1), torch.stack([sin, cos, -(sin * x + cos * y)], 1)]
    return torch.stack(rows, 1)


def backgrounds(scenes: Scenes, side: int, device: torch.device) -> Tensor:
    """Linear gradients [B, 3, side, side] in 0-1."""
    axis = torch.linspace(-1, 1, side, device=device)
    direction = scenes.direction.to(device)[:, None, None]
    along = (torch.cos(direction) * axis[None, None, :] + torch.sin(direction) * axis[None, :, None]) / 2.83 + 0.5
    start, end = (scenes.background[:, i, :, None, None].to(device) for i in (0, 1))
    return start + (end - start) * along[:, None]
