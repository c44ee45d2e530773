"""Pictures of a run of `demo-direct`, to be looked at."""

from pathlib import Path

import torch

from ..linear.scenes import Held, draw
from ..pool import Pool
from ..sheets import save_pairs
from .demo_data import Scenes
from .demo_measure import outputs
from .model import DirectModel

SWEEP = (-3.0, -2.0, -1.0, -0.5, 0.0, 1.0, 2.0, 3.0)


@torch.no_grad()
def draw_sheets(scenes: Scenes, model: DirectModel, work: Path, seed: int) -> None:
    """48 held-out scenes of each kind beside their pictures, 16 of each in one small sheet; the units' maps; a sweep of
    each group."""
    few = []
    for name, held in scenes.held.items():
        p, some = held.pool, slice(0, 48)
        part = Held(Pool(p.pictures[some], p.category[some], p.object[some], p.pose[some]), held.driven[some])
        window = draw(scenes.animal, part, "inside", torch.Generator(scenes.device).manual_seed(seed + 30))
        true, decoded = part.pool.images(slice(None)), outputs(model, window)[-1]
        save_pairs(true, decoded, work / f"sheet-{name}.png", scale=2)
        few.append((true[:16], decoded[:16]))
        if name == "heldOutRenderings":
            draw_sweep(model, window[:4], work / "sheet-steering.png")
    save_pairs(*(torch.cat(column) for column in zip(*few, strict=True)), work / "grid.png")
    side = model.options.painter.map_side
    maps = model.maps.maps.detach().view(-1, 3, side, side)[:96]
    maps = (maps / (3 * maps.square().mean((1, 2, 3), keepdim=True).sqrt())).clamp(-1, 1)
    save_pairs(maps[::2], maps[1::2], work / "sheet-maps.png", scale=3)


def draw_sweep(model: DirectModel, window: torch.Tensor, path: Path) -> None:
    """Every group at SWEEP for a few windows: a row a window and group."""
    rows, o = [], model.vae.options
    for one in window.split(1):
        for name, _ in o.groups:
            steering = torch.zeros(o.dimension, device=window.device)
            for gamma in SWEEP:
                steering[o.span(name)] = gamma
                rows.append(outputs(model, one, steering)[-1])
    pictures = torch.cat(rows)
    save_pairs(pictures[::2], pictures[1::2], path, columns=4, scale=1)
