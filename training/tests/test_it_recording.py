"""The loader and the split, on small files written here."""

import numpy as np
import pytest
import scipy.io

from phosphene_train.it_recording import (
    OBJECTS,
    POSITIONS,
    condition_names,
    load_recording,
    number_trials,
    pack,
    read_unit,
)


def write_unit(path, conditions, rasters=None, objects=None):
    """A raster file as the recording has them: label cells in a 1 x 1 struct."""
    conditions = np.asarray(conditions)
    if rasters is None:
        rasters = np.zeros((len(conditions), 1000), np.uint8)
        rasters[np.arange(len(conditions)), conditions] = 1
    names = objects or [OBJECTS[c // 3] for c in conditions]
    labels = {
        "stimulus_ID": np.array(names, dtype=object)[None],
        "stimulus_position": np.array([POSITIONS[c % 3] for c in conditions], dtype=object)[None],
    }
    scipy.io.savemat(path, {"raster_data": rasters, "raster_labels": labels})


@pytest.fixture
def folder(tmp_path):
    order = np.random.default_rng(0).permutation(np.repeat(np.arange(21), 8))
    for name in ("bp1spk_02A", "bp1spk_01A"):
        write_unit(tmp_path / f"{name}_raster_data.mat", order)
    return tmp_path


def test_units_are_the_files_in_name_order(folder):
    assert load_recording(folder).labels == ("bp1spk_01A.1", "bp1spk_02A.1")


def test_rasters_belong_to_their_conditions(folder):
    recording = load_recording(folder)
    assert recording.rasters.shape == (2 * 168, 1000)
    assert (recording.rasters.argmax(1) == recording.condition).all()


def test_every_fourth_trial_of_a_condition_is_held_out(folder):
    recording = load_recording(folder)
    for unit in range(2):
        for condition in range(21):
            rows = (recording.unit == unit) & (recording.condition == condition)
            assert recording.held_out[rows].tolist() == [False, False, False, True] * 2


def test_trials_are_numbered_in_file_order():
    assert number_trials(np.array([5, 2, 5, 5, 2])).tolist() == [0, 0, 1, 2, 1]


def test_a_missing_trial_shifts_only_its_own_condition():
    full, short = number_trials(np.array([0, 1, 0, 1])), number_trials(np.array([0, 1, 1]))
    assert full[[0, 1, 3]].tolist() == short.tolist()


def test_condition_names_are_object_then_position():
    names = condition_names()
    assert (names[0], names[4], names[20]) == ("car-upper", "couch-middle", "kiwi-lower")


def test_packed_recording_is_the_same(folder, tmp_path):
    recording = load_recording(folder)
    pack(recording, tmp_path / "packed.npz")
    again = load_recording(tmp_path / "packed.npz")
    assert again.labels == recording.labels
    for name in ("rasters", "unit", "condition", "index"):
        assert np.array_equal(getattr(again, name), getattr(recording, name))


def test_an_empty_folder_is_refused_by_name(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"expected a folder with files \*_raster_data.mat"):
        load_recording(tmp_path)


def test_an_unknown_object_is_refused_by_file_and_value(tmp_path):
    path = tmp_path / "a_raster_data.mat"
    write_unit(path, [0], objects=["lemon"])
    with pytest.raises(ValueError, match=r"a_raster_data\.mat: stimulus_ID: .*'lemon'"):
        read_unit(path)


def test_a_raster_of_another_length_is_refused(tmp_path):
    path = tmp_path / "a_raster_data.mat"
    write_unit(path, [0], rasters=np.zeros((1, 900), np.uint8))
    with pytest.raises(ValueError, match=r"1 trials x 1000 ms .*got \(1, 900\)"):
        read_unit(path)
