from pathlib import Path

import pytest
import torch

from phosphene_train.catalogue import CATALOGUE, LEAST_HELD_OUT, catalogue, object_counts
from phosphene_train.pool import Pools, make_pool
from phosphene_train.render import render
from phosphene_train.stimuli import Objects, Scenes, balanced, load_objects

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


def test_every_emoji_is_there_once_and_every_category_has_enough_on_both_sides():
    codes = [code for code, _, _ in catalogue()]
    assert len(codes) == len(set(codes))
    for seen, unseen in object_counts().values():
        assert seen >= 14
        assert unseen >= LEAST_HELD_OUT
    assert sum(map(sum, object_counts().values())) == len(codes)
    assert len(CATALOGUE) == 8


def test_the_split_is_the_same_every_time_and_not_the_order_of_the_list():
    assert catalogue() == catalogue()
    held_out = [index for index, (_, _, seen) in enumerate(catalogue()) if not seen]
    assert held_out[:6] != list(range(6))


@pytest.fixture(scope="module")
def objects():
    if not EMOJI.exists():
        pytest.skip("the npm package @lobehub/fluent-emoji-3d is not installed: run npm install in the repository root")
    return load_objects(EMOJI)


def test_categories_are_drawn_equally_often(objects):
    for seen in (True, False, None):
        ids = balanced(objects, seen)
        assert len(set(torch.bincount(objects.category[ids]).tolist())) == 1
        often = torch.bincount(ids, minlength=len(objects.names))
        assert set((often > 0).tolist()) == ({True} if seen is None else {True, False})
        for category in range(8):
            counts = often[(objects.category == category) & (often > 0)]
            assert counts.max() - counts.min() <= 1


def test_the_decoder_never_sees_what_the_animal_has_seen(objects):
    pools = Pools(objects, train=400, test=64, side=16, seed=1)
    sides = {name: set(objects.seen[getattr(pools, name).object].tolist()) for name in ("train", "rendering", "unseen")}
    assert sides == {"train": {True}, "rendering": {True}, "unseen": {False}}
    assert set(objects.seen[pools.life.object].tolist()) == {True, False}
    poses = {tuple(row) for row in pools.life.pose.tolist()}
    assert not poses & {
        tuple(row) for pool in (pools.train, pools.rendering, pools.unseen) for row in pool.pose.tolist()
    }


def test_the_objects_can_be_told_apart_and_fill_their_texture(objects):
    assert not any(torch.equal(a, b) for a, b in zip(objects.textures, objects.textures[1:], strict=False))
    assert float(objects.textures[:, 3].mean((1, 2)).min()) > 0.1
