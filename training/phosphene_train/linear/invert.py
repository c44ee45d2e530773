"""The closed-form inverse of receptive fields: the mean of all pictures that could have given a response.

Under s ~ N(m, S) and r = K s + b + n, n ~ N(0, C): E[z | r] = cov(z, s) K' (K S K' + C)^-1 (r - K m - b), and the
posterior's variance is what is left of the prior's, the same for every r (Thirion et al. 2006; Garasto et al. 2018).
z is anything that varies with the picture: here the latents of a linear bundle.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from .model import Affine
from .receptive_fields import CHUNK


@dataclass(frozen=True)
class Prior:
    """Moments over training windows, float64: stimuli s [P'], latents z [D], cov(s), cov(z, s), var(z)."""

    s_mean: Tensor
    z_mean: Tensor
    ss: Tensor
    zs: Tensor
    zz: Tensor


def prior_of(s: Tensor, z: Tensor) -> Prior:
    """From the stimuli s [n, P'] and the latents z [n, D] of windows."""
    ss = torch.zeros(s.shape[1], s.shape[1], dtype=torch.float64)
    zs = torch.zeros(z.shape[1], s.shape[1], dtype=torch.float64)
    for a, b in zip(s.split(CHUNK), z.split(CHUNK), strict=True):
        ss += a.T @ a
        zs += b.T @ a
    s_mean, z_mean = s.double().mean(0), z.double().mean(0)
    zz = z.double().square().mean(0) - z_mean.square()
    return Prior(s_mean, z_mean, ss / len(s) - s_mean[:, None] * s_mean, zs / len(s) - z_mean[:, None] * s_mean, zz)


def invert(fields: Affine, noise: Tensor, prior: Prior) -> tuple[Affine, Tensor]:
    """The map from responses [R] to the posterior mean of z [D], and the posterior's variance [D]; float32."""
    k = fields.weights.double()
    zr = prior.zs @ k.T
    rr = k @ prior.ss @ k.T + noise
    gain = torch.cholesky_solve(zr.T, torch.linalg.cholesky(rr)).T
    bias = prior.z_mean - gain @ (k @ prior.s_mean + fields.bias.double())
    variance = (prior.zz - (gain * zr).sum(1)).clamp(min=0)
    return Affine(gain.float(), bias.float()), variance.float()
