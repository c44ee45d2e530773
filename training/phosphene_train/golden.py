"""golden.json: inputs and what PyTorch makes of them, for the daemon to reproduce at start."""

import base64
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from .denoiser import Denoiser, weighted
from .diffusion import Timesteps, ddim
from .vae import GroupVae

TOLERANCE = 1e-3
"""Largest absolute error that the daemon accepts: fp32 kernels differ by about 1e-5, TF32 by a few 1e-4."""
HALF_TOLERANCE = 0.05
"""The same of the graphs that compute in fp16: pictures lie in [-1, 1] and are shown in 256 levels."""
STEP_TIME = 0.5


@dataclass(frozen=True)
class Normalisation:
    """Per-unit mean and standard deviation of the spike count of one bin [U], and the bound of the z-score."""

    mean: np.ndarray
    std: np.ndarray
    clip: float = 8.0
    known: dict[torch.device, tuple[Tensor, Tensor]] = field(default_factory=dict, compare=False, repr=False)

    def on(self, device: torch.device) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation as float32 on a device, copied there once: a copy waits for the device."""
        if device not in self.known:
            self.known[device] = tuple(
                torch.as_tensor(x, dtype=torch.float32, device=device) for x in (self.mean, self.std)
            )
        return self.known[device]

    def apply(self, counts: np.ndarray) -> np.ndarray:
        """Counts [..., U] -> clipped z-scores, float32."""
        z = (counts - self.mean) / self.std
        return np.clip(z, -self.clip, self.clip).astype(np.float32)

    def manifest(self) -> dict:
        return {"kind": "zscore", "mean": rounded(self.mean), "std": rounded(self.std), "clip": self.clip}


def rounded(values: np.ndarray, digits: int = 6) -> list[float]:
    """A list that survives JSON: what is written is what is computed with, once callers round first."""
    return [round(float(v), digits) for v in values]


def encode_array(array: np.ndarray | Tensor) -> str:
    """base64 of little-endian float32."""
    if isinstance(array, Tensor):
        array = array.detach().cpu().numpy()
    return base64.b64encode(np.ascontiguousarray(array, dtype="<f4").tobytes()).decode()


def decode_array(text: str, *shape: int) -> np.ndarray:
    """The inverse of encode_array."""
    return np.frombuffer(base64.b64decode(text), dtype="<f4").reshape(shape).copy()


@torch.no_grad()
def golden_case(
    vae: GroupVae,
    denoiser: Denoiser,
    timesteps: Timesteps,
    counts: np.ndarray,
    noise: np.ndarray,
    norm: Normalisation,
    guidance: float = 1.0,
) -> dict:
    """One case: counts [W, U], noise [3, H, W], and every output, by PyTorch in fp32 on the CPU."""
    vae, denoiser = vae.cpu().float().eval(), denoiser.cpu().float().eval()
    window = norm.apply(counts)
    x = torch.from_numpy(noise.astype(np.float32))[None]
    mu, logvar, expected, *readouts = vae(torch.from_numpy(window)[None])
    denoise = weighted(denoiser, guidance)
    v = denoise(x, torch.tensor([STEP_TIME]), mu)
    images = {k: ddim(denoise, x, mu, times) for k, times in timesteps.items()}
    return {
        "counts": encode_array(counts),
        "noise": encode_array(noise),
        "guidance": guidance,
        "window": encode_array(window),
        "mu": encode_array(mu),
        "logvar": encode_array(logvar),
        "expected": encode_array(expected),
        "readouts": {r.name: encode_array(y) for r, y in zip(vae.options.readouts, readouts, strict=True)},
        "v": {"t": STEP_TIME, "out": encode_array(v)},
        "images": {k: encode_array(image) for k, image in images.items()},
    }
