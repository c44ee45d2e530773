"""Train a picture network on the training scenes."""

import torch
from torch import Tensor

from .optimiser import adamw, set_rate
from .pool import Pool
from .progress import Track
from .train_denoiser import autocast
from .vision import Vision, vision_loss


def train_vision(pool: Pool, categories: int, objects: int, steps: int, batch: int, seed: int) -> Vision:
    """Category, object and pose from the picture; pixels jittered a little."""
    torch.manual_seed(seed)
    rate = 1e-3
    device = pool.pictures.device
    model = Vision(categories, objects).to(device)
    optimiser = adamw(model, rate, decay=0.02)
    mean, std = pool.pose.mean(0), pool.pose.std(0)
    track = Track("vision", steps)
    for step in track:
        set_rate(optimiser, rate, step, steps)
        index = torch.randint(len(pool), (batch,), device=device)
        picture = jitter(pool.images(index))
        with autocast(picture):
            pose = (pool.pose[index] - mean) / std
            loss = vision_loss(model, picture, pool.category[index], pool.object[index], pose)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        if track.due(step):
            track.note(loss=loss.item())
    return model.eval().requires_grad_(False)


def jitter(pictures: Tensor) -> Tensor:
    """Noise, brightness, contrast and colour balance, so that objects and not exact colours are learned."""
    shape = (len(pictures), 1, 1, 1)
    gain = 1 + 0.3 * (torch.rand(shape, device=pictures.device) - 0.5)
    tint = 0.3 * (torch.rand(len(pictures), 3, 1, 1, device=pictures.device) - 0.5)
    return pictures * gain + tint + 0.05 * torch.randn_like(pictures)
