"""The ladder: how good pictures are against the number of steps, for each solver and for the student."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .denoiser import Denoiser, weighted
from .diffusion import Timesteps, ddim, even_timesteps, ipndm
from .frechet import features_of, frechet_distance
from .metrics import own_correlation, structural_similarity, two_way
from .vision import Vision, perceptual_distance

SOLVER_STEPS = (1, 2, 3, 4, 5, 8, 10, 20)
TWO_WAY_PICTURES = 1024


@dataclass(frozen=True)
class Bench:
    """Held-out windows' latents [N, D], their true pictures and one noise each [N, 3, H, W], and the network that
    judges: `judge.features` for the Frechet distance, its maps for the perceptual distance. It trained nothing here."""

    cond: Tensor
    true: Tensor
    noise: Tensor
    judge: Vision

    @torch.no_grad()
    def draw(self, solve: Callable, denoise: Callable, timesteps: list[float], chunk: int = 512) -> Tensor:
        """Pictures of all latents."""
        parts = zip(self.noise.split(chunk), self.cond.split(chunk), strict=True)
        return torch.cat([solve(denoise, noise, cond, timesteps) for noise, cond in parts])

    @torch.no_grad()
    def quality(self, decoded: Tensor) -> dict[str, float]:
        """Frechet and perceptual distance (less is better), two-way identification, pixel correlation, SSIM."""
        some = slice(0, TWO_WAY_PICTURES)
        pairs = zip(decoded.split(512), self.true.split(512), strict=True)
        far = [perceptual_distance(self.judge, a, b) * len(a) for a, b in pairs]
        return {
            "frechet": round(self.frechet(decoded), 3),
            "perceptual": round(float(torch.stack(far).sum() / len(decoded)), 4),
            "twoWay": round(two_way(decoded[some], self.true[some]), 4),
            "correlation": round(own_correlation(decoded, self.true), 4),
            "ssim": round(structural_similarity(decoded, self.true), 4),
        }

    def frechet(self, decoded: Tensor) -> float:
        """Frechet distance of decoded to true pictures in the judge's features."""
        return frechet_distance(*(features_of(self.judge.features, pictures) for pictures in (decoded, self.true)))


def ladder(bench: Bench, teacher: Denoiser, student: Denoiser, guidance: float, timesteps: Timesteps) -> list[dict]:
    """Rows {model, solver, steps, quality}: the undistilled teacher by DDIM and iPNDM, the student by its samplers."""
    rows = []
    for name, solve in (("ddim", ddim), ("ipndm", ipndm)):
        for steps in SOLVER_STEPS:
            decoded = bench.draw(solve, weighted(teacher), even_timesteps(steps))
            rows.append({"model": "teacher", "solver": name, "steps": steps, **bench.quality(decoded)})
    for weight in sorted({1.0, guidance}):
        for steps, times in timesteps.items():
            decoded = bench.draw(ddim, weighted(student, weight), times)
            row = {"model": "student", "solver": "ddim", "steps": int(steps), "guidance": weight}
            rows.append({**row, **bench.quality(decoded)})
    return rows
