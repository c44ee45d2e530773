"""Simulated visual cortex as fMRI sees it: pictures -> response of each voxel, in standard deviations over pictures."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..cortex import Projection, principal, standard
from ..vision import Vision

AREAS = {"V1": (0.3, 0.05, 0.0), "V2": (0.2, 0.08, 0.2), "V3": (0.15, 0.12, 0.4), "VT": (0.35, 0.0, 1.0)}
"""Share of the voxels; size of a receptive field at the centre of gaze, in image widths; share of the variance that
comes from objects and categories. VT is ventral temporal cortex."""
GRID = 16
WAVELENGTHS, ORIENTATIONS = (4, 8, 16), 4
OBJECT_AXES = 32
CLUSTER = 16
"""Neighbouring voxels that share a part of their tuning; as many as a patch of the autoencoder."""
MAPS = 3 + len(WAVELENGTHS) * ORIENTATIONS


@dataclass(frozen=True)
class VoxelPopulation:
    """Fields [G^2, V] over MAPS feature maps with weights [MAPS, V], object weights [F, V]; `offset` and `scale` [V]
    standardise the drive. `area` [V] is an index into AREAS."""

    vision: Vision
    objects: Projection
    category: Projection
    fields: Tensor
    maps: Tensor
    map_scale: Tensor
    objects_weights: Tensor
    offset: Tensor
    scale: Tensor
    area: np.ndarray

    @property
    def voxels(self) -> int:
        return len(self.area)

    def drive(self, pictures: Tensor) -> Tensor:
        """Unscaled linear drive [B, V] of pictures [B, 3, S, S] in [-1, 1]."""
        low = torch.einsum("bcg,gv,cv->bv", feature_maps(pictures) / self.map_scale, self.fields, self.maps)
        seen = self.vision.features(pictures)
        high = torch.cat([self.objects(seen), self.category(self.vision.category(seen).softmax(1))], 1)
        return low + high @ self.objects_weights

    def respond(self, pictures: Tensor, chunk: int = 512) -> Tensor:
        """Standardised responses [B, V], compressed beyond two standard deviations."""
        parts = [(self.drive(part) - self.offset) / self.scale for part in pictures.split(chunk)]
        return 2 * torch.tanh(torch.cat(parts) / 2)


def feature_maps(pictures: Tensor) -> Tensor:
    """[B, MAPS, GRID^2]: luminance and two opponent colours, and Gabor energy at every wavelength and orientation."""
    r, g, b = pictures.unbind(1)
    light = (r + g + b) / 3
    colours = torch.stack([light, r - g, b - (r + g) / 2], 1)
    even, odd = F.conv2d(light[:, None], gabors().to(pictures), padding="same").chunk(2, 1)
    energy = (even.square() + odd.square() + 1e-6).sqrt()
    return F.adaptive_avg_pool2d(torch.cat([colours, energy], 1), GRID).flatten(2)


def gabors() -> Tensor:
    """Quadrature pairs [2 n, 1, 17, 17], all even ones first, for pictures of 64 pixels; each of mean 0 and norm 1."""
    axis = torch.arange(-8, 9).float()
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    out = []
    for phase in (0.0, math.pi / 2):
        for length in WAVELENGTHS:
            for turn in range(ORIENTATIONS):
                angle = math.pi * turn / ORIENTATIONS
                along = x * math.cos(angle) + y * math.sin(angle)
                wave = torch.cos(2 * math.pi * along / length + phase)
                wave = wave * torch.exp(-(x * x + y * y) / (2 * (0.4 * length) ** 2))
                wave = wave - wave.mean()
                out.append(wave / wave.norm())
    return torch.stack(out)[:, None]


@torch.no_grad()
def make_voxels(vision: Vision, pictures: Tensor, voxels: int, generator: np.random.Generator) -> VoxelPopulation:
    """Draw a population, scaled on `pictures`. Voxels lie area by area, and along each area by the place of their
    receptive field or by cluster, so that neighbours are alike."""
    shares = np.array([share for share, _, _ in AREAS.values()])
    area = np.repeat(np.arange(len(AREAS)), np.diff(np.round(np.cumsum([0, *shares]) * voxels).astype(int)))
    parts = pictures.split(1024)
    seen = torch.cat([vision.features(part) for part in parts])
    objects, category = principal(seen, OBJECT_AXES), standard(vision.category(seen).softmax(1))
    features = torch.cat([feature_maps(part) for part in parts])
    map_scale = features.std((0, 2), keepdim=True)
    fields, maps = receptive_fields(area, generator), map_weights(area, generator)
    high = object_weights(area, OBJECT_AXES + len(category.mean), generator)
    tensors = [torch.from_numpy(a.astype(np.float32)).to(pictures.device) for a in (fields, maps, high)]
    one = torch.ones(len(area), device=pictures.device)
    draft = VoxelPopulation(
        vision, objects, category, tensors[0], tensors[1], map_scale, tensors[2], 0 * one, one, area
    )
    # Both parts are brought to unit variance, then weighed by the area's share.
    low, top = parts_of(draft, pictures)
    share = torch.tensor([high for _, _, high in AREAS.values()], device=pictures.device)[torch.from_numpy(area)]
    maps_t = tensors[1] * ((1 - share).sqrt() / low.std(0).clamp(min=1e-6))
    high_t = tensors[2] * (share.sqrt() / top.std(0).clamp(min=1e-6))
    draft = VoxelPopulation(vision, objects, category, tensors[0], maps_t, map_scale, high_t, 0 * one, one, area)
    drive = torch.cat([draft.drive(part) for part in parts])
    return VoxelPopulation(
        vision, objects, category, tensors[0], maps_t, map_scale, high_t, drive.mean(0), drive.std(0), area
    )


def parts_of(p: VoxelPopulation, pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Drive by the feature maps alone, and by objects alone."""
    zero_maps, zero_high = torch.zeros_like(p.maps), torch.zeros_like(p.objects_weights)
    fields = {k: getattr(p, k) for k in p.__dataclass_fields__}
    only = (VoxelPopulation(**fields | change) for change in ({"objects_weights": zero_high}, {"maps": zero_maps}))
    return tuple(torch.cat([q.drive(part) for part in pictures.split(512)]) for q in only)


def receptive_fields(area: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Gaussians [G^2, V] of sum 1; they grow with the distance from the centre, and neighbours lie side by side."""
    axis = (np.arange(GRID) + 0.5) / GRID - 0.5
    y, x = (part.ravel()[:, None] for part in np.meshgrid(axis, axis, indexing="ij"))
    out = np.full((GRID**2, len(area)), 1 / GRID**2)
    for at, (_, size, _) in enumerate(AREAS.values()):
        mine = np.flatnonzero(area == at)
        if size == 0:
            continue
        # Along the area the polar angle turns once; eccentricity varies within a neighbourhood.
        angle = 2 * np.pi * (np.arange(len(mine)) + generator.normal(0, 4, len(mine))) / len(mine)
        radius = 0.45 * np.sqrt(generator.uniform(0, 1, len(mine)))
        spread = size + 0.15 * radius
        square = (x - radius * np.cos(angle)) ** 2 + (y - radius * np.sin(angle)) ** 2
        field = np.exp(-square / (2 * spread**2))
        out[:, mine] = field / field.sum(0)
    return out


def map_weights(area: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Weights [MAPS, V] of light, colours and energies: half of a cluster's, half a voxel's own; energies excite."""
    common = np.repeat(generator.standard_normal((MAPS, -(-len(area) // CLUSTER))), CLUSTER, 1)[:, : len(area)]
    mixed = (common + generator.standard_normal((MAPS, len(area)))) / np.sqrt(2)
    mixed[3:] = np.abs(mixed[3:]) ** 2  # sparse: a voxel prefers few orientations and scales
    mixed[:3] *= 0.8
    return mixed


def object_weights(area: np.ndarray, axes: int, generator: np.random.Generator) -> np.ndarray:
    """Weights [F, V] of object axes (earlier ones weigh more) and categories, a part shared within clusters."""
    common = np.repeat(generator.standard_normal((axes, -(-len(area) // CLUSTER))), CLUSTER, 1)[:, : len(area)]
    mixed = (common + generator.standard_normal((axes, len(area)))) / np.sqrt(2)
    mixed[:OBJECT_AXES] *= np.arange(1, OBJECT_AXES + 1)[:, None] ** -0.3
    return mixed
