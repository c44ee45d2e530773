"""Pictures of any size and mode as RGB squares of one side."""

from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from .types import DataError

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
GREY = (128, 128, 128)  # behind transparent pixels


def square(picture: Image.Image, side: int) -> np.ndarray:
    """The largest square in the middle, resized to `side`: uint8 [side, side, 3]."""
    if "A" in picture.getbands() or "transparency" in picture.info:
        over = picture.convert("RGBA")
        picture = Image.new("RGB", over.size, GREY)
        picture.paste(over, mask=over.getchannel("A"))
    picture = picture.convert("RGB")
    width, height = picture.size
    short = min(width, height)
    left, top = (width - short) // 2, (height - short) // 2
    picture = picture.crop((left, top, left + short, top + short))
    if short != side:
        picture = picture.resize((side, side), Image.Resampling.LANCZOS)
    return np.asarray(picture, np.uint8).copy()


def square_array(pixels: np.ndarray, side: int, name: str) -> np.ndarray:
    """`square` of [H, W], [H, W, 3] or [H, W, 4]: uint8, or floats in 0..1 or 0..255."""
    pixels = np.asarray(pixels)
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (1, 3, 4)) or 0 in pixels.shape:
        raise DataError(f"{name}: expected pixels [height, width] with 3 or 4 colours or none, got {pixels.shape}")
    if pixels.dtype != np.uint8:
        pixels = _as_bytes(pixels, name)
    return square(Image.fromarray(pixels[..., 0] if pixels.shape[2:] == (1,) else pixels), side)


def _as_bytes(pixels: np.ndarray, name: str) -> np.ndarray:
    if pixels.dtype.kind not in "iufb" or not np.isfinite(pixels).all() or pixels.min() < 0 or pixels.max() > 255:
        raise DataError(f"{name}: expected pixels from 0 to 255 or from 0 to 1, got {pixels.dtype} beyond")
    scale = 255 if pixels.dtype.kind in "fb" and pixels.max() <= 1 else 1
    return np.round(pixels * float(scale)).astype(np.uint8)


def list_pictures(folder: Path) -> dict[str, Path]:
    """Picture files of a folder by name with and without suffix; two files of one name are refused."""
    if not folder.is_dir():
        raise DataError(f"{folder}: expected a folder of pictures, found none")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in SUFFIXES:
            continue
        if path.stem in found:
            raise DataError(f"{folder}: expected one picture {path.stem}, got {found[path.stem].name} and {path.name}")
        found[path.stem] = found[path.name] = path
    return found


def open_square(path: Path, side: int) -> np.ndarray:
    """`square` of a file; DataError when it is no picture."""
    try:
        with Image.open(path) as picture:
            return square(picture, side)
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, SyntaxError) as error:
        raise DataError(f"{path}: expected a picture that can be read, got {type(error).__name__}") from None
