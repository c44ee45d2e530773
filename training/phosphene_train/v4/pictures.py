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
    """P distinct pictures and versions of them: version v of picture i stands at v * P + i, in i's fold.

    Version 0 is as shown, 1 to `copies` are altered, `copies` + 1 is grey, the last `copies` are altered and grey: one
    session was shown grey pictures, and the prior of a session is pictures that look like its own.

    pictures  uint8 [2 (1 + copies) P, 3, 112, 112]
    fold      [2 (1 + copies) P]
    grey      [2 (1 + copies) P] whether a picture has no colour
    rows      place of each picture that a session presented, [N] for each session
    """

    pictures: Tensor
    fold: Tensor
    grey: Tensor
    distinct: int
    rows: list[Tensor]

    def small(self) -> Tensor:
        """float [2 (1 + copies) P, 3, 64, 64] in [-1, 1]."""
        return torch.cat([shrink(part) for part in self.pictures.split(512)])

    def unaltered(self, grey: bool) -> Tensor:
        """Places of the P pictures that are as shown but grey, or of those with colour that are as shown."""
        first = torch.arange(self.distinct, device=self.fold.device)
        return first + len(self.fold) // 2 if grey else first[~self.grey[: self.distinct]]


def make_pool(sessions: Sequence[Session], folds: Sequence[np.ndarray], copies: int, device: str, seed: int) -> Pool:
    """Distinct pictures in order of first presentation, and their versions."""
    place: dict[str, int] = {}
    pictures, fold, rows = [], [], []
    for session, own in zip(sessions, folds, strict=True):
        for i, digest in enumerate(session.digests):
            if digest not in place:
                place[digest] = len(place)
                pictures.append(session.pictures[i])
                fold.append(own[i])
        rows.append(torch.tensor([place[d] for d in session.digests], device=device))
    shown = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).to(device)
    generator = torch.Generator(device).manual_seed(seed)
    versions = [shown, *(altered(shown, generator) for _ in range(copies))]
    versions += [torch.cat([grey_of(part) for part in version.split(512)]) for version in versions]
    everything = torch.cat(versions)
    folds_all = torch.tensor(fold, device=device).repeat(len(versions))
    return Pool(everything, folds_all, is_grey(everything), len(place), rows)


def altered(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """One altered version of each picture; a grey one stays grey."""
    out = torch.cat([alter(part, generator) for part in pictures.split(512)])
    grey = is_grey(pictures)
    out[grey] = grey_of(out[grey])
    return out


def is_grey(pictures: Tensor) -> Tensor:
    """Whether all three channels are equal [B]."""
    return torch.cat([(p[:, :1] == p).all(dim=(1, 2, 3), keepdim=False) for p in pictures.split(512)])


def grey_of(pictures: Tensor) -> Tensor:
    """Luminance (Rec. 601) in all channels, uint8."""
    weight = torch.tensor([0.299, 0.587, 0.114], device=pictures.device)[:, None, None]
    return (pictures.float() * weight).sum(1, keepdim=True).round().byte().expand_as(pictures)


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
    coefficients  [pool, n] of every pool picture's deviation, scaled to mean square 1 over all n
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
    """`flat` [pool, 12288]; `shown` [N] pool places of a session's training pictures."""
    mean = flat[shown].mean(0)
    parts = [F.normalize(part - mean, dim=1) @ basis.T for part in flat.split(2048)]
    contrast = float((flat[shown] - mean).norm(dim=1).mean())
    return Targets(mean, basis, torch.cat(parts) * len(basis) ** 0.5, contrast)
