"""The 21 pictures: seven emoji at three heights on mid-grey. They stand for the objects shown to the animal."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from .it_recording import OBJECTS

EMOJI = {
    "car": "1f697",
    "couch": "1f6cb-fe0f",
    "face": "1f610",
    "flower": "1f33b",
    "guitar": "1f3b8",
    "hand": "270b",
    "kiwi": "1f95d",
}
SIDE = 64
SIZE = 36
CENTRES = (19, 32, 45)  # rows of the object's centre: upper, middle, lower
GREY = (128, 128, 128)
ASSETS = Path("node_modules/@lobehub/fluent-emoji-3d/assets")


def find_assets(given: Path | None) -> Path:
    """The folder of emoji: the given one, or the npm package's at or above the working directory."""
    places = [given] if given else [place / ASSETS for place in (Path.cwd(), *Path.cwd().parents)]
    for place in places:
        if (place / f"{EMOJI['car']}.webp").is_file():
            return place
    raise FileNotFoundError(f"{places[0]}: expected the emoji {EMOJI['car']}.webp; run npm ci, or name --emoji FOLDER")


def render(assets: Path) -> np.ndarray:
    """uint8 [21, 64, 64, 3] in condition order."""
    emoji = [Image.open(assets / f"{EMOJI[name]}.webp").convert("RGBA").resize((SIZE, SIZE), 1) for name in OBJECTS]
    return np.stack([_place(picture, centre) for picture in emoji for centre in CENTRES])


def _place(picture: Image.Image, centre: int) -> np.ndarray:
    canvas = Image.new("RGB", (SIDE, SIDE), GREY)
    canvas.paste(picture, ((SIDE - SIZE) // 2, centre - SIZE // 2), picture)
    return np.asarray(canvas)


def targets(pictures: np.ndarray, device: str = "cpu") -> torch.Tensor:
    """float32 [22, 3, 64, 64] in [-1, 1]: the pictures and, last, the blank one, so that target -1 selects it."""
    blank = np.full((1, SIDE, SIDE, 3), GREY, np.uint8)
    planar = np.concatenate([pictures, blank]).transpose(0, 3, 1, 2)
    return torch.from_numpy(planar.astype(np.float32) / 127.5 - 1).to(device)


def to_pixels(images: torch.Tensor) -> np.ndarray:
    """[N, 3, H, W] in [-1, 1] -> uint8 [N, H, W, 3]."""
    planar = ((images.clamp(-1, 1) + 1) * 127.5).round().byte().cpu().numpy()
    return planar.transpose(0, 2, 3, 1)
