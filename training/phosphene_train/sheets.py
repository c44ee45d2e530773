"""Contact sheets of true and decoded pictures."""

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from .pool import to_bytes


def save_pairs(true: Tensor, decoded: Tensor, path: Path, columns: int = 8, scale: int = 1) -> None:
    """Pictures [N, 3, H, W] in [-1, 1]: each true picture with the decoded one at its right, in a grid of full rows."""
    whole = max(columns, len(true) // columns * columns)
    true, decoded = true[:whole], decoded[:whole]
    pairs = torch.cat([true, decoded], dim=3)
    pairs = F.pad(pairs, (2, 4, 2, 4), value=1.0)
    rows = [torch.cat(list(row), dim=2) for row in pairs.split(columns)]
    sheet = to_bytes(torch.cat(rows, dim=1)).permute(1, 2, 0).cpu().numpy()
    image = Image.fromarray(sheet)
    if scale > 1:
        image = image.resize((image.width * scale, image.height * scale), Image.Resampling.LANCZOS)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, optimize=True)
