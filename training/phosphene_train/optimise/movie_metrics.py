"""How well a movie was reconstructed, as Bauer et al. judge it: inside the evaluation mask, first frames skipped."""

import torch
from torch import Tensor
from torch.nn import functional as F

SKIP = 32
"""Frames at the beginning that do not count."""
BLUR = 0.5
"""Standard deviation of the final blur over time and space, in frames and pixels."""


def pearson(a: Tensor, b: Tensor) -> float:
    """Correlation of all entries; 0 where one does not vary."""
    a, b = a.double().flatten() - a.double().mean(), b.double().flatten() - b.double().mean()
    return float((a * b).sum() / (a.norm() * b.norm()).clamp(min=1e-12))


def video_correlation(shown: Tensor, found: Tensor, mask: Tensor, skip: int = SKIP) -> float:
    """Over all masked pixels and frames of movies [T, H, W] together; mask [H, W] is true inside."""
    return pearson(shown[skip:, mask], found[skip:, mask])


def frame_correlation(shown: Tensor, found: Tensor, mask: Tensor, skip: int = SKIP) -> float:
    """The mean over frames of the correlation over a frame's masked pixels."""
    pairs = zip(shown[skip:, mask], found[skip:, mask], strict=True)
    values = [pearson(a, b) for a, b in pairs]
    return sum(values) / len(values)


def root_mean_square(shown: Tensor, found: Tensor, mask: Tensor, skip: int = SKIP) -> float:
    """Error in grey levels inside the mask."""
    return float((shown[skip:, mask].float() - found[skip:, mask]).square().mean().sqrt())


def judge(shown: Tensor, found: Tensor, mask: Tensor, skip: int = SKIP) -> dict[str, float]:
    """Every measure of one clip."""
    measures = {"video": video_correlation, "frame": frame_correlation, "rmse": root_mean_square}
    return {name: round(measure(shown, found, mask, skip), 5) for name, measure in measures.items()}


def gaussian(sigma: float, device: torch.device | None = None) -> Tensor:
    """A kernel of sum 1 that reaches four standard deviations, as SciPy's does."""
    reach = max(1, int(4 * sigma + 0.5))
    x = torch.arange(-reach, reach + 1, device=device, dtype=torch.float32)
    weights = torch.exp(-(x**2) / (2 * sigma**2))
    return weights / weights.sum()


def blur_along(x: Tensor, sigma: float, dim: int) -> Tensor:
    """Gaussian blur of any tensor along one axis; the edges go on."""
    kernel = gaussian(sigma, x.device)
    moved = x.movedim(dim, -1)
    padded = F.pad(moved.flatten(0, -2)[:, None], (len(kernel) // 2,) * 2, mode="replicate")
    return F.conv1d(padded, kernel[None, None])[:, 0].view(moved.shape).movedim(-1, dim)


def blur_movie(movies: Tensor, sigma: float = BLUR) -> Tensor:
    """The final blur of movies [..., T, H, W]."""
    for dim in (-3, -2, -1):
        movies = blur_along(movies, sigma, dim)
    return movies
