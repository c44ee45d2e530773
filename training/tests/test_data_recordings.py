"""The importers of published recordings, on the recordings; skipped, loudly, where they are absent."""

from pathlib import Path

import numpy as np
import pytest
from test_it_recording import write_unit

from phosphene_train.data import DataError, read_dataset, write_dataset
from phosphene_train.data.check import check, picture_hashes
from phosphene_train.data.fmri_digits import import_fmri_digits
from phosphene_train.data.it_rasters import import_it_rasters, split_of_trials
from phosphene_train.data.types import TEST, TRAIN, VALIDATION
from phosphene_train.data.v1_movies import complete, import_v1_movies
from phosphene_train.data.v4 import import_v4
from phosphene_train.it_recording import load_recording

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared/data"
EMOJI = ROOT / "node_modules/@lobehub/fluent-emoji-3d/assets"


def shared(name: str) -> Path:
    if not (SHARED / name).is_dir():
        pytest.skip(f"{name}: ../shared/data is absent")
    return SHARED / name


def splits(session) -> list[int]:
    return np.bincount(session.split, minlength=3).tolist()


@pytest.fixture
def rasters(tmp_path):
    """Three neurons with 20 trials of each condition; each trial has one spike, at its number in the file."""
    if not EMOJI.is_dir():
        pytest.skip("pictures of the IT objects: the npm package is absent (npm ci)")
    for unit in range(3):
        order = np.random.default_rng(unit).permutation(np.repeat(np.arange(21), 20))
        raster = np.zeros((420, 1000), np.uint8)
        raster[np.arange(420), np.arange(420)] = 1
        write_unit(tmp_path / f"unit{unit}_raster_data.mat", order, raster)
    return tmp_path


def test_pseudo_trials_use_each_trial_once_in_its_own_split_and_condition(rasters):
    data, _ = import_it_rasters(rasters, EMOJI, 1, 0, "it")
    check(data)
    session, recording = data.sessions[0], load_recording(rasters)
    assert splits(session) == [21 * 13, 21 * 2, 21 * 5]
    start = session.onset - 0.5
    split_of = split_of_trials(recording)
    for unit in range(3):
        times = session.spikes.times[session.spikes.units == unit]
        rows = np.floor((times - start) * 1000 + 1e-6).astype(int)
        assert sorted(rows.tolist()) == list(range(420))
        mine = np.flatnonzero(recording.unit == unit)[rows]
        assert recording.condition[mine].tolist() == session.stimulus.tolist()
        assert split_of[mine].tolist() == session.split.tolist()


def test_more_rounds_are_more_pseudo_trials_of_train_alone(rasters):
    session = import_it_rasters(rasters, EMOJI, 3, 0, "it")[0].sessions[0]
    assert splits(session) == [3 * 21 * 13, 21 * 2, 21 * 5]


def test_blocks_of_different_splits_lie_apart(rasters):
    session = import_it_rasters(rasters, EMOJI, 1, 0, "it")[0].sessions[0]
    change = np.flatnonzero(np.diff(session.split))
    assert session.split[[0, *(change + 1)]].tolist() == [TRAIN, VALIDATION, TEST]
    assert np.allclose(session.onset[change + 1] - session.onset[change], 3.0)


def test_a_neuron_without_enough_trials_is_named(rasters):
    write_unit(rasters / "unit1_raster_data.mat", np.arange(21))
    with pytest.raises(DataError, match=r"unit1\.1, car-upper: expected trials for train, .* found too few"):
        import_it_rasters(rasters, EMOJI, 1, 0, "it")


def test_units_that_come_and_go():
    there = np.ones((10, 4, 2), bool)
    there[2:, 3] = False  # there in 4 of 20 trials
    there[0, 2] = False
    units, trials = complete(there)
    assert units.tolist() == [True, True, True, False]
    assert trials.sum() == 18


def test_it_rasters(tmp_path):
    if not EMOJI.is_dir():
        pytest.skip("pictures of the IT objects: the npm package is absent (npm ci)")
    data, _ = import_it_rasters(shared("macaque_it_rasters"), EMOJI, 1, 0, "it")
    write_dataset(data, tmp_path / "it.h5")
    session = read_dataset(tmp_path / "it.h5").sessions[0]
    assert (len(session.labels), len(session.spikes.times), splits(session)) == (132, 601_502, [273, 42, 104])


def test_v4_sessions_share_one_split_by_image(tmp_path):
    folder = shared("macaque_v4")
    data, notes = import_v4(folder, ("190925", "210325"), False, 32, (0.2, 0.1), 0, 0, "v4")
    write_dataset(data, tmp_path / "v4.h5")
    shapes = [(session.name, *session.counts.values.shape) for session in data.sessions]
    assert shapes == [("190925", 1200, 1, 36), ("210325", 640, 1, 50)]
    assert notes == ["300 of 1840 images are repeats of others"]
    assert len(set(picture_hashes(data.pictures))) == len(data.pictures) == 1540
    alone, _ = import_v4(folder, ("210325",), False, 32, (0.2, 0.1), 0, 0, "v4")
    assert alone.sessions[0].split.tolist() == data.sessions[1].split.tolist()
    expected = np.load(folder / "responses_repeat_averaged/responses_190925.npy")
    np.testing.assert_allclose(data.sessions[0].counts.values[:, 0].T, expected, rtol=1e-6)


def test_v4_single_trials_average_to_the_averages():
    folder = shared("macaque_v4")
    session = import_v4(folder, ("210325",), True, 32, (0.2, 0.1), 0, 0, "v4")[0].sessions[0]
    values = session.counts.values[:, 0]
    assert values.shape == (4840, 50)
    sums = np.zeros((640, 50))
    np.add.at(sums, session.stimulus, values)
    means = sums / np.bincount(session.stimulus)[:, None]
    expected = np.load(folder / "responses_repeat_averaged/responses_210325.npy")
    np.testing.assert_allclose(means.T, expected, rtol=1e-5, atol=1e-6)


def test_v1_movies_are_split_by_movie():
    data, _ = import_v1_movies(shared("macaque_v1_movies"), 32, (0.2, 0.1), 0, "v1")
    check(data)
    assert data.pictures.shape == (110, 32, 32, 3)
    assert [len(session.labels) for session in data.sessions] == [33, 19]
    for session in data.sessions:
        movies = data.labels["movie"].ids[session.stimulus]
        assert all(len(set(session.split[movies == movie].tolist())) == 1 for movie in range(10))
        assert session.stimulus[:11].tolist() == list(range(session.stimulus[0], session.stimulus[0] + 11))


def test_fmri_digits_keep_the_split_of_the_file():
    data, _ = import_fmri_digits(shared("fmri_digits69"), 28, 0.1, 0, "digits")
    check(data)
    session = data.sessions[0]
    assert session.counts.values.shape == (100, 1, 3092)
    assert session.counts.signed
    assert splits(session) == [81, 9, 10]
    assert (session.split[90:] == TEST).all()
    # A 6 has more ink below the middle, a 9 above: pictures stand upright.
    ink = data.pictures[..., 0].astype(float)
    lower = ink[:, 14:].sum((1, 2)) / ink.sum((1, 2))
    digit = data.labels["digit"].ids
    assert lower[digit == 0].mean() > lower[digit == 1].mean()
