"""The pool: every distinct picture of every session once, with altered copies, and the targets made from them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .recording import Session

SIDE = 64


@dataclass(frozen=True)
class Pool:
    """`pictures` uint8 [(1 + copies) P, 3, 112, 112], the first P unaltered; `fold` [(1 + copies) P]; `distinct` = P;
    `rows[s]` [N] is the place in the pool of each picture that session s presented."""

    pictures: Tensor
    fold: Tensor
    distinct: int
    rows: list[Tensor]

    def small(self) -> Tensor:
        """float [(1 + copies) P, 3, 64, 64] in [-1, 1]."""
        return torch.cat([shrink(part) for part in self.pictures.split(512)])


def make_pool(sessions: Sequence[Session], folds: Sequence[np.ndarray], copies: int, device: str, seed: int) -> Pool:
    """Distinct pictures in order of first presentation; copy c of picture i stands at c * P + i, in i's fold."""
    place: dict[str, int] = {}
    pictures, fold, rows = [], [], []
    for session, own in zip(sessions, folds, strict=True):
        for i, digest in enumerate(session.digests):
            if digest not in place:
                place[digest] = len(place)
                pictures.append(session.pictures[i])
                fold.append(own[i])
        rows.append(torch.tensor([place[d] for d in session.digests], device=device))
    originals = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).to(device)
    generator = torch.Generator(device).manual_seed(seed)
    altered = [alter(part, generator) for _ in range(copies) for part in originals.split(512)]
    folds_all = torch.tensor(fold, device=device).repeat(1 + copies)
    return Pool(torch.cat([originals, *altered]), folds_all, len(place), rows)


def shrink(pictures: Tensor, side: int = SIDE) -> Tensor:
    """uint8 -> float [B, 3, side, side] in [-1, 1], antialiased."""
    small = F.interpolate(pictures.float(), size=(side, side), mode="bilinear", antialias=True, align_corners=False)
    return small / 127.5 - 1


def alter(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Mirror half of them, cut out 70-100 % of the side anywhere, change contrast, brightness and colour a little."""
    count, device = len(pictures), pictures.device
    draw = lambda *shape: torch.rand(*shape, generator=generator, device=device)  # noqa: E731
    scale = 0.7 + 0.3 * draw(count)
    shift = (2 * draw(count, 2) - 1) * (1 - scale[:, None])
    mirror = torch.where(draw(count) < 0.5, -1.0, 1.0)
    affine = torch.zeros(count, 2, 3, device=device)
    affine[:, 0, 0], affine[:, 1, 1], affine[:, :, 2] = scale * mirror, scale, shift
    grid = F.affine_grid(affine, [count, *pictures.shape[1:]], align_corners=False)
    x = F.grid_sample(pictures.float(), grid, align_corners=False, padding_mode="reflection")
    gain = (0.8 + 0.4 * draw(count, 1, 1, 1)) * (0.92 + 0.16 * draw(count, 3, 1, 1))
    return ((x - 112) * gain + 112 + 30 * (draw(count, 1, 1, 1) - 0.5)).round().clamp(0, 255).byte()


@dataclass(frozen=True)
class Targets:
    """Pictures as contrast-normalised deviations from a session's mean picture, in components shared by a fold.

    Normalised, since the correlation that judges a decoded picture knows no contrast.

    mean        [12288] mean training picture of the session, in [-1, 1]
    basis       [n, 12288] principal components of the fold's training pictures of all sessions
    coefficients  [(1 + copies) P, n] of every pool picture's deviation, scaled to mean square 1 over all n
    contrast    mean norm of a training picture's deviation
    """

    mean: Tensor
    basis: Tensor
    coefficients: Tensor
    contrast: float

    def picture(self, coefficients: Tensor) -> Tensor:
        """Coefficients [B, n] -> pictures [B, 12288] in [-1, 1], with the contrast of an average picture."""
        return (self.mean + self.contrast * F.normalize(coefficients @ self.basis, dim=1)).clamp(-1, 1)


def make_basis(training: Tensor, components: int) -> Tensor:
    """Principal components [n, 12288] of the normalised deviations of training pictures [N, 12288]."""
    unit = F.normalize(training - training.mean(0), dim=1)
    values, vectors = torch.linalg.eigh(unit @ unit.T)
    keep = torch.arange(len(values) - 1, max(len(values) - 1 - components, -1), -1, device=unit.device)
    return F.normalize(vectors[:, keep].T @ unit, dim=1)


def make_targets(flat: Tensor, shown: Tensor, basis: Tensor) -> Targets:
    """`flat` [(1 + copies) P, 12288] of the whole pool; `shown` [N] pool places of a session's training pictures."""
    mean = flat[shown].mean(0)
    parts = [F.normalize(part - mean, dim=1) @ basis.T for part in flat.split(2048)]
    contrast = float((flat[shown] - mean).norm(dim=1).mean())
    return Targets(mean, basis, torch.cat(parts) * len(basis) ** 0.5, contrast)
