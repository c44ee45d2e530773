"""The pictures: emoji of eight categories, some kept from the decoder, at random poses on calm backgrounds."""

import colorsys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from .catalogue import CATALOGUE, catalogue

TEXTURE = 96


@dataclass(frozen=True)
class Objects:
    """Textures [N, 4, S, S] (premultiplied RGBA, 0-1), category [N], seen [N] by the decoder, and names."""

    textures: Tensor
    category: Tensor
    seen: Tensor
    names: tuple[str, ...]

    def to(self, device: str) -> "Objects":
        return Objects(self.textures.to(device), self.category.to(device), self.seen.to(device), self.names)


@dataclass(frozen=True)
class Scenes:
    """What is drawn, [B] each unless noted: object, position (image widths from the centre), size (image widths),
    angle (degrees), background colours at both ends [B, 2, 3] (0-1) and the gradient's direction (radians)."""

    object: Tensor
    x: Tensor
    y: Tensor
    size: Tensor
    angle: Tensor
    background: Tensor
    direction: Tensor

    def __getitem__(self, index: Tensor | slice) -> "Scenes":
        return Scenes(**{key: value[index] for key, value in self.__dict__.items()})


def load_objects(source: Path) -> Objects:
    """From a folder of <code point>.webp, or from what `pack_emoji` wrote."""
    rows = catalogue()
    packed = np.load(source) if source.suffix == ".npz" else read_emoji(source)
    textures = np.stack([packed[code] for code, _, _ in rows]).astype(np.float32) / 255
    textures[..., :3] *= textures[..., 3:]
    return Objects(
        torch.from_numpy(textures).permute(0, 3, 1, 2).contiguous(),
        torch.tensor([category for _, category, _ in rows]),
        torch.tensor([seen for _, _, seen in rows]),
        tuple(code for code, _, _ in rows),
    )


def read_emoji(folder: Path) -> dict[str, np.ndarray]:
    """Code point -> uint8 [S, S, 4] of every object in the catalogue."""
    codes = sorted(code for code, _, _ in catalogue())
    return {code: read_texture(folder / f"{code}.webp") for code in codes}


def pack_emoji(folder: Path, out: Path) -> None:
    """One .npz of the textures, to take along to a machine without the npm package."""
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out, **read_emoji(folder))


def read_texture(path: Path) -> np.ndarray:
    """uint8 [S, S, 4]; resized premultiplied, so that transparent edges take no colour."""
    image = Image.open(path).convert("RGBA").convert("RGBa").resize((TEXTURE, TEXTURE), Image.Resampling.BOX)
    return np.asarray(image.convert("RGBA"))


def random_scenes(objects: Tensor, count: int, generator: np.random.Generator) -> Scenes:
    """Scenes of the given object ids, drawn evenly over them (as they are listed), with random poses."""
    g = generator
    chosen = objects.cpu().numpy()[g.integers(0, len(objects), count)]
    return Scenes(
        torch.from_numpy(chosen),
        uniform(g, -0.13, 0.13, count),
        uniform(g, -0.13, 0.13, count),
        uniform(g, 0.55, 0.92, count),
        uniform(g, -30, 30, count),
        torch.from_numpy(random_backgrounds(g, count)),
        uniform(g, 0, 2 * np.pi, count),
    )


def balanced(objects: Objects, seen: bool | None) -> Tensor:
    """Ids of the objects on one side of the split (None: of all), so repeated that every category is as frequent.

    Within a category some objects come once more than others (at least 32 times each).
    """
    chosen = torch.ones_like(objects.seen) if seen is None else objects.seen == seen
    groups = [torch.nonzero((objects.category == c) & chosen)[:, 0] for c in range(len(CATALOGUE))]
    length = 32 * max(len(group) for group in groups)
    return torch.cat([group.repeat(-(-length // len(group)))[:length] for group in groups]).cpu()


def uniform(generator: np.random.Generator, low: float, high: float, count: int) -> Tensor:
    return torch.from_numpy(generator.uniform(low, high, count).astype(np.float32))


def random_backgrounds(generator: np.random.Generator, count: int) -> np.ndarray:
    """Two near colours of low saturation, [count, 2, 3] in 0-1."""
    hue = generator.uniform(0, 1, (count, 1)) + generator.uniform(0, 0.12, (count, 2))
    saturation = generator.uniform(0.05, 0.45, (count, 1)).repeat(2, 1)
    value = generator.uniform(0.45, 0.95, (count, 1)) + generator.uniform(-0.12, 0.05, (count, 2))
    rgb = [colorsys.hsv_to_rgb(h % 1, s, v) for h, s, v in zip(hue.flat, saturation.flat, value.flat, strict=True)]
    return np.array(rgb, dtype=np.float32).reshape(count, 2, 3)
