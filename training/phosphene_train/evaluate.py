"""Measure a trained decoder on held-out scenes, single windows inside the response."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .cortex import Cortex
from .denoiser import Denoiser, weighted
from .diffusion import Timesteps, ddim
from .golden import Normalisation
from .metrics import own_correlation, r2, structural_similarity, top1, two_way
from .pool import Pool
from .population import Population
from .vae import GroupVae
from .windows import normalise, sample_windows, shuffle_units


@dataclass(frozen=True)
class Decoder:
    """What turns counts into pictures, on one device."""

    vae: GroupVae
    denoiser: Denoiser
    normalisation: Normalisation
    timesteps: Timesteps
    guidance: float = 1.0

    def latents(self, counts: Tensor) -> Tensor:
        return self.vae.encode(normalise(counts, self.normalisation))[0]

    @torch.no_grad()
    def decode(self, counts: Tensor, noise: Tensor, steps: str = "4") -> Tensor:
        """Counts [B, W, U], noise [3, H, W] (the same for every window, as in a live session) -> pictures."""
        denoise, parts = weighted(self.denoiser, self.guidance), []
        for chunk in counts.split(256):
            fixed = noise[None].expand(len(chunk), -1, -1, -1)
            parts.append(ddim(denoise, fixed, self.latents(chunk), self.timesteps[steps]))
        return torch.cat(parts)


def session_noise(side: int, device: torch.device, seed: int = 0) -> Tensor:
    """One fixed noise picture [3, side, side]."""
    return torch.randn(3, side, side, generator=torch.Generator().manual_seed(seed)).to(device)


@torch.no_grad()
def evaluate(decoder: Decoder, cortex: Cortex, p: Population, pool: Pool, seed: int) -> dict:
    """Every figure for one pool: a single trial, one 100 ms window inside the response, of each of its scenes."""
    device = pool.pictures.device
    generator = torch.Generator(device).manual_seed(seed)
    true = pool.images(slice(None))
    index = torch.arange(len(pool), device=device)
    counts = sample_windows(p, cortex.rates(true), index, "inside", generator).counts
    noise = session_noise(true.shape[-1], device)
    out = {"windows": len(pool), **readouts(decoder, counts, pool), "pictures": {}}
    for steps in decoder.timesteps:
        out["pictures"][steps] = picture_figures(decoder.decode(counts, noise, steps), true, cortex, pool.category)
    shuffled = shuffle_units(counts, generator)
    out["shuffled"] = readouts(decoder, shuffled, pool)
    out["shuffled"]["twoWay"] = round(two_way(decoder.decode(shuffled, noise), true), 4)
    out["judgeOnTruePictures"] = round(top1(cortex.vision(true)[0], pool.category), 4)
    mean = true.mean(0, keepdim=True).expand_as(true)
    out["meanPictureCorrelation"] = round(own_correlation(mean, true), 4)
    return out


def readouts(decoder: Decoder, counts: Tensor, pool: Pool) -> dict:
    """Category top-1 and explained variance of the pose."""
    window = normalise(counts, decoder.normalisation)
    _mu, _, _, category, place, angle = decoder.vae(window)
    names = ("x", "y", "size", "angle")
    pose = r2(torch.cat([place, angle], 1), pool.pose)
    return {"categoryTop1": round(top1(category, pool.category), 4), "poseR2": dict(zip(names, pose, strict=True))}


def picture_figures(decoded: Tensor, true: Tensor, cortex: Cortex, category: Tensor) -> dict:
    """Figures of decoded pictures. The judge is the network inside the simulated cortex: the decoder never sees it."""
    return {
        "twoWay": round(two_way(decoded, true), 4),
        "correlation": round(own_correlation(decoded, true), 4),
        "ssim": round(structural_similarity(decoded, true), 4),
        "judgeTop1": round(top1(cortex.vision(decoded)[0], category), 4),
    }
