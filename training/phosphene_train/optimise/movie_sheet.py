"""A picture of reconstructed movies: a row of frames for each way, the shown movie on top."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from .descend import EVALUATION_THRESHOLD

COLUMNS, SCALE, MARGIN = 8, 3, 14


def movie_sheet(shown: Tensor, found: dict[str, Tensor], mask: Tensor, path: Path, skip: int = 32) -> None:
    """Movies [T, H, W] of grey levels; outside the evaluation mask [H, W] they are darkened."""
    frames = torch.linspace(min(skip, len(shown) - 1), len(shown) - 1, COLUMNS).long().tolist()
    shade = torch.where(mask >= EVALUATION_THRESHOLD, 1.0, 0.45)
    rows = {"shown": shown.float(), **found}
    height, width = shown.shape[1] * SCALE, shown.shape[2] * SCALE
    sheet = Image.new("L", (COLUMNS * (width + 2), len(rows) * (height + MARGIN)), 255)
    draw = ImageDraw.Draw(sheet)
    for r, (name, movie) in enumerate(rows.items()):
        top = r * (height + MARGIN)
        draw.text((2, top + 1), name, fill=0)
        for c, frame in enumerate(frames):
            pixels = (movie[frame] * shade).clamp(0, 255).round().byte().cpu().numpy()
            picture = Image.fromarray(np.ascontiguousarray(pixels)).resize((width, height), Image.Resampling.NEAREST)
            sheet.paste(picture, (c * (width + 2), top + MARGIN))
    sheet.save(path)
