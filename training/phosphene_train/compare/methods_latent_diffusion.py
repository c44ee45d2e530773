"""Latent diffusion in the table: every unit a voxel, the mean over a window's bins the pattern."""

import numpy as np
import torch

from .types import Reconstruct, Split

LEAST_TRIALS = 40


class LatentDiffusion:
    """latent_diffusion/few.py: all of its stages, small, on the training trials alone. 60 s on two cores, and
    never less than 25 s a fold."""

    name, kind, refits = "latent-diffusion", "latent-diffusion", False

    def refuses(self, split: Split) -> str | None:
        if split.train.clip is not None:
            return "it draws still pictures: what a frame has in common with the one before it is lost"
        if len(split.train) < LEAST_TRIALS:
            return f"its networks need at least {LEAST_TRIALS} training trials, there are {len(split.train)}"
        return None

    def fit(self, split: Split, device: str, seconds: float, seed: int, units: np.ndarray | None) -> Reconstruct:
        from ..latent_diffusion.few import fit_few

        kept = np.arange(split.units) if units is None else units

        def pattern(windows: np.ndarray) -> torch.Tensor:
            return torch.from_numpy(np.ascontiguousarray(windows[:, :, kept].mean(1))).float().to(device)

        pictures = torch.from_numpy(np.ascontiguousarray(split.train.pictures)).float().to(device)
        decoder = fit_few(pattern(split.train.windows), pictures, seconds, seed)
        return lambda windows: decoder(pattern(windows)).cpu().numpy()


METHODS = (LatentDiffusion(),)
