"""Session, pictures and the whole command, small; and the split of the real recording where it is at hand."""

import argparse
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from test_it_recording import write_unit

from phosphene_train.it_cli import add_parser
from phosphene_train.it_evaluate import picture_accuracy
from phosphene_train.it_pictures import EMOJI, GREY, render, targets, to_pixels
from phosphene_train.it_recording import load_recording
from phosphene_train.it_session import session
from phosphene_train.verify import verify_bundle

REAL = Path(os.environ.get("PHOSPHENE_IT_RASTERS", Path(__file__).parents[3] / "shared/data/macaque_it_rasters"))


@pytest.fixture
def assets(tmp_path):
    """Seven discs instead of emoji, each of its own colour."""
    folder = tmp_path / "assets"
    folder.mkdir()
    for i, code in enumerate(EMOJI.values()):
        picture = np.zeros((256, 256, 4), np.uint8)
        picture[40:216, 40:216] = (36 * i, 255 - 36 * i, 90 + 20 * (i % 3), 255)
        Image.fromarray(picture, "RGBA").save(folder / f"{code}.webp", lossless=True)
    return folder


def test_session_names_units_stimuli_and_split():
    found = session(("bp1001spk_01A.1",))
    assert found["units"] == [{"label": "bp1001spk_01A.1", "electrode": "bp1001spk_01A", "sortedId": 1}]
    assert len(found["stimuli"]) == 21
    assert found["stimuli"][1]["labels"] == {"position": "middle"}
    assert found["split"] == {"rule": "every-nth", "n": 4, "offset": 3}
    assert found["presentation"] == {"onMs": 500, "offMs": 500}


def test_pictures_differ_by_object_and_height_on_grey(assets):
    pictures = render(assets)
    assert pictures.shape == (21, 64, 64, 3)
    assert len({picture.tobytes() for picture in pictures}) == 21
    assert (pictures[:, :, 0] == GREY).all()
    rows = [np.flatnonzero((picture != GREY).any((1, 2))).mean() for picture in pictures[:3]]
    assert rows == sorted(rows)


def test_target_minus_one_is_the_blank_picture(assets):
    shown = targets(render(assets))
    assert shown[-1].unique().numel() == 1
    assert (to_pixels(shown[-1:]) == GREY).all()


def test_true_pictures_are_their_own_nearest(assets):
    known = targets(render(assets))[:-1]
    found = picture_accuracy(known, known, torch.arange(21))
    assert found == {"object": 1.0, "position": 1.0, "picture": 1.0, "twoWay": 1.0}


def test_equal_pictures_are_at_chance(assets):
    known = targets(render(assets))[:-1]
    found = picture_accuracy(torch.zeros_like(known), known, torch.arange(21))
    assert found["twoWay"] == 0.5
    assert found["picture"] == pytest.approx(1 / 21, abs=1e-3)


def test_one_command_makes_a_bundle_that_verifies(tmp_path, assets):
    raw = np.random.default_rng(0)
    for unit in range(4):
        conditions = raw.permutation(np.repeat(np.arange(21), 4))
        rasters = (raw.random((84, 1000)) < 0.02).astype(np.uint8)
        write_unit(tmp_path / f"u{unit}_raster_data.mat", conditions, rasters)
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    out = tmp_path / "out"
    small = [
        "--steps",
        "0.002",
        "--each",
        "2",
        "--no-curves",
        "--device",
        "cpu",
        "--emoji",
        str(assets),
        "--out",
        str(out),
    ]
    options = parser.parse_args(["it-objects", str(tmp_path), *small])
    assert options.run(options) == 0
    assert all(check.ok for check in verify_bundle(out))
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["units"]["labels"] == ["u0.1", "u1.1", "u2.1", "u3.1"]
    assert manifest["bins"] == {"widthMs": 20, "window": 5}
    assert (out / "session" / "kiwi-lower.webp").is_file()


@pytest.mark.skipif(not REAL.is_dir(), reason=f"REAL RECORDING ABSENT: {REAL} (or set PHOSPHENE_IT_RASTERS)")
def test_real_recording_has_the_published_spikes_and_a_complete_split():
    recording = load_recording(REAL)
    assert len(recording.labels) == 132
    assert int(recording.rasters.sum()) == 603_003
    assert sorted(set(np.bincount(recording.unit))) == [419, 420]
    cell = recording.unit.astype(int) * 21 + recording.condition
    held, kept = (np.bincount(cell[rows], minlength=132 * 21) for rows in (recording.held_out, ~recording.held_out))
    assert set(kept) == {15}
    assert set(held) == {4, 5}
