"""Sheets of traversals."""

from pathlib import Path

from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from ..pool import to_bytes


def save_traversals(pictures: Tensor, path: Path, scale: int = 1) -> None:
    """Pictures [rows, columns, 3, H, W] in [-1, 1] as one sheet."""
    framed = F.pad(pictures, (1, 1, 1, 1), value=1.0)
    sheet = framed.permute(2, 0, 3, 1, 4).flatten(3, 4).flatten(1, 2)
    image = Image.fromarray(to_bytes(sheet).permute(1, 2, 0).cpu().numpy())
    if scale > 1:
        image = image.resize((image.width * scale, image.height * scale), Image.Resampling.LANCZOS)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, optimize=True)
