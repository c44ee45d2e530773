from pathlib import Path

import numpy as np
import pytest
import torch

from phosphene_train.pool import make_pool
from phosphene_train.render import render
from phosphene_train.stimuli import Objects, Scenes, balanced, catalogue, load_objects, turn_hue

EMOJI = Path(__file__).parents[2] / "node_modules/@lobehub/fluent-emoji-3d/assets"


def squares() -> Objects:
    """Two opaque objects, red and green."""
    textures = torch.zeros(2, 4, 32, 32)
    textures[:, 3] = 1
    textures[0, 0] = textures[1, 1] = 1
    return Objects(textures, torch.tensor([0, 1]), torch.tensor([True, False]), ("red", "green"))


def scene(**changes) -> Scenes:
    values = {"x": 0.0, "y": 0.0, "size": 0.5, "angle": 0.0, "direction": 0.0, **changes}
    tensors = {key: torch.tensor([value], dtype=torch.float32) for key, value in values.items()}
    return Scenes(object=torch.tensor([0]), background=torch.zeros(1, 2, 3), **tensors)


def centre_of_red(**changes):
    picture = render(squares(), scene(**changes), 64)[0]
    mask = picture[0] > 0
    rows, columns = torch.nonzero(mask, as_tuple=True)
    return float(columns.float().mean()) - 31.5, float(rows.float().mean()) - 31.5, int(mask.sum())


def test_position_and_size_are_in_image_widths():
    assert centre_of_red() == (0, 0, 32 * 32)
    x, y, _ = centre_of_red(x=0.125, y=-0.25)
    assert (x, y) == (8, -16)
    assert centre_of_red(size=0.25)[2] == 16 * 16


def test_turning_keeps_place_and_area():
    x, y, area = centre_of_red(angle=30.0, x=0.125)
    assert abs(x - 8) < 0.5
    assert abs(y) < 0.5
    assert abs(area - 32 * 32) < 60


def test_pools_repeat_with_the_seed():
    pools = [make_pool(squares(), torch.tensor([0, 1]), 8, 16, seed) for seed in (1, 1, 2)]
    assert torch.equal(pools[0].pictures, pools[1].pictures)
    assert not torch.equal(pools[0].pictures, pools[2].pictures)


def test_no_emoji_is_on_both_sides_of_the_split():
    sides = {}
    for code, _, seen, _ in catalogue():
        sides.setdefault(code, set()).add(seen)
    assert all(len(side) == 1 for side in sides.values())


def test_a_full_turn_of_the_hue_changes_nothing():
    texture = np.random.default_rng(0).integers(0, 255, (4, 4, 4)).astype(np.uint8)
    assert turn_hue(texture, 0) is texture
    assert np.abs(turn_hue(texture, 360).astype(int) - texture).max() <= 4


@pytest.mark.skipif(not EMOJI.exists(), reason="the npm package is not installed")
def test_categories_are_drawn_equally_often():
    objects = load_objects(EMOJI)
    for seen in (True, False):
        counts = torch.bincount(objects.category[balanced(objects, seen)])
        assert len(set(counts.tolist())) == 1
