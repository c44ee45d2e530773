"""The pictures: emoji of eight categories, some kept out of training, and random poses on calm backgrounds."""

import colorsys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

CATALOGUE = {
    "animals": "1f401 1f402 1f404 1f405 1f406 1f407 1f40a 1f40b 1f40e 1f410 1f412 1f413 1f416 1f418 1f419 1f420 1f427 "
    "1f42a 1f42c 1f98c 1f986 1f989 1f993 1f992 1f9a9 1f99c 1f996 / 1f408 1f422 1f411",
    "boats": "26f5 1f6f6 1f6a4 1f6a2 26f4-fe0f 1f6a3 / 1f6e5-fe0f 1f6f3-fe0f",
    "cars": "1f697 1f693 1f699 1f698 1f696 1f691 1f692 1f69a 1f69b 1f69c 1f68c 1f68d 1f68e 1f6fb 1f3ce-fe0f 1f6fa "
    "/ 1f695 1f694 1f690",
    "faces": "1f600 1f60e 1f621 1f920 1f921 1f916 1f47d 1f480 1f383 1f476 1f466 1f467 1f469 1f474 1f9d4 1f9d5 1f385 "
    "1f479 1f608 1f922 1f976 1f47a / 1f468 1f936 1f47f",
    "fruits": "1f347 1f348 1f349 1f34a 1f34b 1f34c 1f34d 1f34e 1f350 1f351 1f352 1f353 1f95d 1f345 1f965 1f951 1fad0 "
    "/ 1f34f 1f96d 1fad2",
    "furniture": "1fa91 1f4ba 1f6cb-fe0f 1f6cf-fe0f 1f9bd 1f6bd 1f6c1 1fa9e 1f6aa 1fa9c 1f5c4-fe0f 1f4fa 1f570-fe0f "
    "/ 1f9bc 1fa9f",
    "household": "1fad6 2615 1f377 23f0 260e-fe0f 1f56f-fe0f 1f4a1 1f3fa 1fad5 1f963 1f373 1f9fa 1f4fb 1fab4 1f9f4 "
    "1f6ce-fe0f 1f37a 1f9c2 / 1f375 1faa3 1fad9",
    "planes": "2708-fe0f 1f6e9-fe0f 1f6eb 1f681 1f680 1f6f8 1f6f0-fe0f / 1f6ec 1fa82",
}
"""Code points of each category; those after the slash are never seen in training."""

HUES = {"boats": (0, 120, 220), "planes": (0, 120, 220)}
"""Degrees by which a thin category's colours are turned to make more objects; all of one emoji stay on one side."""
TEXTURE = 96


@dataclass(frozen=True)
class Objects:
    """Textures [N, 4, S, S] (premultiplied RGBA, 0-1), category [N], seen [N] (in training), and names."""

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


def categories() -> tuple[str, ...]:
    return tuple(CATALOGUE)


def catalogue() -> list[tuple[str, int, bool, int]]:
    """(code point, category id, seen in training, hue shift) of every object, in a fixed order."""
    rows = []
    for index, (name, codes) in enumerate(CATALOGUE.items()):
        for part, seen in zip(codes.split("/"), (True, False), strict=True):
            rows += [(code, index, seen, hue) for code in part.split() for hue in HUES.get(name, (0,))]
    return rows


def load_objects(source: Path) -> Objects:
    """From a folder of <code point>.webp, or from what `pack_emoji` wrote."""
    rows = catalogue()
    packed = np.load(source) if source.suffix == ".npz" else read_emoji(source)
    textures = np.stack([turn_hue(packed[code], hue) for code, _, _, hue in rows]).astype(np.float32) / 255
    textures[..., :3] *= textures[..., 3:]
    return Objects(
        torch.from_numpy(textures).permute(0, 3, 1, 2).contiguous(),
        torch.tensor([category for _, category, _, _ in rows]),
        torch.tensor([seen for _, _, seen, _ in rows]),
        tuple(code if hue == 0 else f"{code}-hue{hue}" for code, _, _, hue in rows),
    )


def read_emoji(folder: Path) -> dict[str, np.ndarray]:
    """Code point -> uint8 [S, S, 4] of every object in the catalogue."""
    codes = sorted({code for code, _, _, _ in catalogue()})
    return {code: read_texture(folder / f"{code}.webp") for code in codes}


def pack_emoji(folder: Path, out: Path) -> None:
    """One .npz of the textures, to take along to a machine without the npm package."""
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out, **read_emoji(folder))


def read_texture(path: Path) -> np.ndarray:
    """uint8 [S, S, 4]; resized premultiplied, so that transparent edges take no colour."""
    image = Image.open(path).convert("RGBA").convert("RGBa").resize((TEXTURE, TEXTURE), Image.Resampling.BOX)
    return np.asarray(image.convert("RGBA"))


def turn_hue(texture: np.ndarray, degrees: int) -> np.ndarray:
    """The texture with every colour turned around the colour circle."""
    if degrees == 0:
        return texture
    h, s, v = Image.fromarray(texture[..., :3]).convert("HSV").split()
    shift = round(degrees / 360 * 256)
    turned = Image.merge("HSV", (h.point(lambda value: (value + shift) % 256), s, v)).convert("RGB")
    return np.concatenate([np.asarray(turned), texture[..., 3:]], axis=2)


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


def balanced(objects: Objects, seen: bool) -> Tensor:
    """Ids of the objects on one side of the split, repeated so that every category is drawn equally often."""
    groups = [torch.nonzero((objects.category == c) & (objects.seen == seen))[:, 0] for c in range(len(CATALOGUE))]
    most = int(np.lcm.reduce([len(group) for group in groups]))
    return torch.cat([group.repeat(most // len(group)) for group in groups]).cpu()


def uniform(generator: np.random.Generator, low: float, high: float, count: int) -> Tensor:
    return torch.from_numpy(generator.uniform(low, high, count).astype(np.float32))


def random_backgrounds(generator: np.random.Generator, count: int) -> np.ndarray:
    """Two near colours of low saturation, [count, 2, 3] in 0-1."""
    hue = generator.uniform(0, 1, (count, 1)) + generator.uniform(0, 0.12, (count, 2))
    saturation = generator.uniform(0.05, 0.45, (count, 1)).repeat(2, 1)
    value = generator.uniform(0.45, 0.95, (count, 1)) + generator.uniform(-0.12, 0.05, (count, 2))
    rgb = [colorsys.hsv_to_rgb(h % 1, s, v) for h, s, v in zip(hue.flat, saturation.flat, value.flat, strict=True)]
    return np.array(rgb, dtype=np.float32).reshape(count, 2, 3)
