"""The window-length study on units whose spikes tell object and position by construction."""

import numpy as np
import pytest
import torch
from PIL import Image

from phosphene_train.it_curves import LENGTHS, length_curve
from phosphene_train.it_figure import draw
from phosphene_train.it_fit import FitOptions
from phosphene_train.it_recording import OBJECTS, POSITIONS, Recording, number_trials
from phosphene_train.it_windows import select

SMALL = FitOptions(vae_steps=100, vae_batch=64, hidden=64, dropout=0.0, unit_dropout=0.0)


def recording():
    """Unit u fires every 10 ms from 80 ms after onset on, at its own object (units 0 to 6) or position (7 to 9)."""
    units, each = len(OBJECTS) + len(POSITIONS), 4
    condition = np.tile(np.repeat(np.arange(21, dtype=np.int16), each), units)
    unit = np.repeat(np.arange(units, dtype=np.int16), 21 * each)
    index = np.tile(number_trials(condition[unit == 0]), units)
    mine = np.where(unit < 7, condition // 3 == unit, condition % 3 == unit - 7)
    rasters = np.zeros((len(unit), 1000), np.uint8)
    rasters[:, 580::10] = mine[:, None]
    return Recording(tuple(f"u{u}.1" for u in range(units)), rasters, unit, condition, index)


@pytest.fixture(scope="module")
def curve():
    r = recording()
    return length_curve((select(r, ~r.held_out), select(r, r.held_out)), SMALL, each=4)


def test_windows_are_50_to_400_ms_and_end_within_the_trial(curve):
    assert [row["windowMs"] for row in curve] == [50, 100, 150, 200, 300, 400]
    assert [row["endMs"] for row in curve] == [190, 240, 290, 340, 440, 500]
    assert all(row["binMs"] == width for row, (width, _) in zip(curve, LENGTHS, strict=True))


def test_every_length_reads_what_the_units_tell_and_shuffled_units_tell_nothing(curve):
    for row in curve:
        assert row["object"] > 0.75, row["windowMs"]
        assert row["position"] > 0.75, row["windowMs"]
        assert row["unitShuffled"]["object"] < 0.5


def test_the_stream_tells_nothing_of_a_stimulus_before_the_response(curve):
    for row in curve:
        by_end = {point["endMs"]: point["object"] for point in row["stream"]}
        assert list(by_end) == list(range(20, 501, 20))
        assert by_end[60] < 0.5 < by_end[480]


def test_seeds_train_anew(curve, monkeypatch):
    monkeypatch.setattr("phosphene_train.it_curves.LENGTHS", LENGTHS[:1])
    r = recording()
    torch.manual_seed(99)
    again = length_curve((select(r, ~r.held_out), select(r, r.held_out)), SMALL, each=4, seeds=2)
    assert [row["seed"] for row in again] == [0, 1]
    assert again[0] == curve[0]


def test_the_picture_is_drawn(curve, tmp_path):
    draw(curve, tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.width > 600
