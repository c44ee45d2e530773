"""Stimulus pictures as the decoder sees them, and the descriptor that the latents learn to predict."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

THUMBNAIL = 16


def to_side(pictures: np.ndarray, side: int) -> Tensor:
    """uint8 [P, H, W, 3] -> uint8 [P, 3, side, side]; a picture that is not square is padded with mid-grey."""
    parts = []
    for part in np.array_split(pictures, max(1, len(pictures) // 256)):
        x = torch.from_numpy(np.ascontiguousarray(part)).permute(0, 3, 1, 2).float()
        height, width = x.shape[2:]
        more = max(height, width)
        left, top = (more - width) // 2, (more - height) // 2
        x = F.pad(x, (left, more - width - left, top, more - height - top), value=127.5)
        if more != side:
            x = F.interpolate(x, (side, side), mode="bilinear", antialias=True, align_corners=False)
        parts.append(x.round().clamp(0, 255).byte())
    return torch.cat(parts)


def shown_pictures(pictures: Tensor, stimulus: Tensor) -> Tensor:
    """The pictures [N, 3, S, S] in [-1, 1] of stimuli [N]; mid-grey for a blank."""
    images = pictures[stimulus.clamp(min=0)].float() / 127.5 - 1
    return images * (stimulus >= 0)[:, None, None, None]


def descriptor(pictures: Tensor, train: Tensor, count: int) -> Tensor:
    """[P, count]: principal components of 16x16 thumbnails over the training pictures, divided by their common
    deviation. Fewer columns where there are fewer training pictures than `count`."""
    if count == 0:
        return torch.zeros(len(pictures), 0)
    parts = [F.adaptive_avg_pool2d(part.float() / 127.5 - 1, THUMBNAIL) for part in pictures.split(1024)]
    flat = torch.cat(parts).flatten(1).double()
    flat = flat - flat[train].mean(0)
    _, values, vectors = torch.linalg.svd(flat[train], full_matrices=False)
    count = min(count, int((values > 1e-6 * values[0].clamp(min=1e-12)).sum()))
    scores = flat @ vectors[:count].T
    return (scores / scores[train].std().clamp(min=1e-6)).float()
