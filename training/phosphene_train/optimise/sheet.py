"""Rows of pictures with a name each: the shown ones on top."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from torch import Tensor

from ..pool import to_bytes

MARGIN = 12


def picture_rows(rows: dict[str, Tensor], path: Path, columns: int = 8) -> None:
    """Pictures [N, C, H, W] in [-1, 1] by the name of their row."""
    first = next(iter(rows.values()))
    height, width = first.shape[2:]
    sheet = Image.new("RGB", (columns * (width + 2), len(rows) * (height + MARGIN)), (255, 255, 255))
    draw = ImageDraw.Draw(sheet)
    for r, (name, pictures) in enumerate(rows.items()):
        top = r * (height + MARGIN)
        draw.text((2, top), name, fill=(0, 0, 0))
        for c, picture in enumerate(to_bytes(pictures[:columns]).cpu()):
            pixels = picture.expand(3, -1, -1).permute(1, 2, 0).numpy()
            sheet.paste(Image.fromarray(np.ascontiguousarray(pixels)), (c * (width + 2), top + MARGIN))
    sheet.save(path)
