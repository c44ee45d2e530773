"""NWB files as training data: units under the daemon's labels, stimuli, pictures, labels, splits."""

import json
import subprocess
from dataclasses import replace
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pytest
from data_nwb import NAMES, make_nwb, put, write_images, write_templates, write_trials, write_units

from phosphene_train.data import ClassLabels, ValueLabels
from phosphene_train.data.nwb import NwbOptions, import_nwb
from phosphene_train.data.nwb_file import open_nwb, read_units

ROOT = Path(__file__).parents[2]
OPTIONS = NwbOptions(side=16)


def imported(path, **options):
    return import_nwb([path], replace(OPTIONS, **options))[0]


def test_units_spikes_and_stimuli_of_a_file(tmp_path):
    data = imported(make_nwb(tmp_path / "a.nwb"))
    session = data.sessions[0]
    assert session.name == "a"
    assert session.labels == ("shank0elec1.10", "unit.11", "shank0elec0.12")
    assert session.spikes.times.tolist() == [0.1, 0.2, 0.3, 0.4]
    assert session.spikes.units.tolist() == [0, 2, 2, 0]
    assert [data.ids[each] for each in session.stimulus] == list(NAMES)
    assert np.allclose(session.onset, np.arange(5) * 0.1)
    assert np.allclose(session.offset - session.onset, 0.1)
    assert data.pictures[data.ids.index("dog")].tolist() == np.full((16, 16, 3), 50).tolist()


@pytest.mark.parametrize("electrodes", [True, False])
def test_labels_are_those_of_the_daemon(tmp_path, electrodes):
    """Asks the daemon itself what it calls the units of the file."""
    if not (ROOT / "node_modules/node/bin/node").exists():
        pytest.skip("labels of the daemon: node_modules is absent (npm ci)")
    path = make_nwb(tmp_path / "a.nwb", partial(write_units, electrodes=electrodes), write_trials)
    command = [ROOT / "node_modules/node/bin/node", "daemon/main.ts", "record", "info", str(path)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    units = [line.split() for line in said.split("their spikes:\n")[1].splitlines()]
    with open_nwb(path) as file:
        found = read_units(file)
    counts = np.bincount(found.units, minlength=len(found.labels))
    assert dict(zip(found.labels, counts.tolist(), strict=True)) == {label: int(count) for label, count in units}


def test_electrodes_by_id_and_units_without_ids(tmp_path):
    def fill(file):
        put(file.create_group("general/extracellular_ephys/electrodes"), "id", [7.0, 8.5])
        units = file.create_group("units")
        put(units, "spike_times", [0.1, 0.2])
        put(units, "spike_times_index", [1, 2])
        put(units, "electrodes", [0, 1])

    with open_nwb(make_nwb(tmp_path / "a.nwb", fill)) as file:
        assert read_units(file).labels == ("7.0", "8.5.1")


def test_units_of_one_label_are_one_unit(tmp_path):
    def fill(file):
        write_units(file, electrodes=False)
        file["units/id"][...] = [3, 4, 3]

    with open_nwb(make_nwb(tmp_path / "a.nwb", fill)) as file:
        units = read_units(file)
    assert units.labels == ("unit.3", "unit.4")
    assert units.units.tolist() == [0, 0, 0, 0]
    assert units.notes == ("1 units share the label of another and were joined with it",)


def test_units_are_chosen_by_column_and_rate(tmp_path):
    path = make_nwb(tmp_path / "a.nwb")
    assert imported(path, where=(("quality", "mua"),)).sessions[0].labels == ("shank0elec0.12",)
    busy = imported(path, min_rate=1.0).sessions[0]
    assert busy.labels == ("shank0elec1.10", "shank0elec0.12")
    assert busy.spikes.units.tolist() == [0, 1, 1, 0]


def test_pictures_of_a_folder_are_cut_square_and_resized(tmp_path):
    path = make_nwb(tmp_path / "a.nwb", write_units, write_trials)
    data = imported(path, images=write_images(tmp_path / "images", suffix=".webp"))
    assert data.pictures.shape == (5, 16, 16, 3)
    assert data.pictures[data.ids.index("emu"), 3, 4].tolist() == [90, 0, 0]


def test_stimuli_may_carry_the_suffix_of_their_file(tmp_path):
    names = [f"{name}.png" for name in NAMES]
    path = make_nwb(tmp_path / "a.nwb", write_units, partial(write_trials, names=names))
    assert imported(path, images=write_images(tmp_path / "images")).ids == tuple(names)


def test_numbers_count_the_frames_of_a_series(tmp_path):
    def fill(file):
        frames = np.stack([np.full((8, 8), level / 4) for level in range(5)])
        file["stimulus/templates/movie/data"] = frames

    path = make_nwb(
        tmp_path / "a.nwb", write_units, partial(write_trials, column="frame", names=[4, 3, 2, 1, -1]), fill
    )
    data = imported(path)
    assert data.ids == ("1", "2", "3", "4")  # -1 is a blank
    assert [picture[0, 0, 0] for picture in data.pictures] == [64, 128, 191, 255]
    assert data.sessions[0].stimulus.tolist() == [3, 2, 1, 0]


def test_an_index_series_says_what_came_on_when(tmp_path):
    def fill(file):
        write_templates(file)
        series = file.create_group("stimulus/presentation/shown")
        series.attrs["neurodata_type"] = "IndexSeries"
        put(series, "data", [2, 0, 1, 2, 3])
        series["starting_time"] = 0.0
        series["starting_time"].attrs["rate"] = 10.0
        series["indexed_images"] = h5py.SoftLink("/stimulus/templates/pictures")

    session = imported(make_nwb(tmp_path / "a.nwb", write_units, fill)).sessions[0]
    assert np.allclose(session.onset, [0, 0.1, 0.2, 0.3, 0.4])
    assert np.allclose(session.offset, [0.1, 0.2, 0.3, 0.4, 0.5])
    assert session.stimulus.tolist() == [2, 0, 1, 2, 3]


def test_columns_of_the_table_become_labels(tmp_path):
    columns = {"kind": ["a", "b", "a", "b", ""], "x": [1.0, 2.0, 3.0, 4.0, np.nan], "block": [1, 1, 2, 2, 2]}
    path = make_nwb(tmp_path / "a.nwb", write_units, partial(write_trials, **columns), write_templates)
    labels = imported(path).labels
    assert labels["kind"].names == ("a", "b")
    assert labels["kind"].ids.tolist() == [0, 1, 0, 1, -1]
    assert labels["block"].names == ("1", "2")
    assert isinstance(labels["x"], ValueLabels)
    assert labels["x"].values[:4, 0].tolist() == [1, 2, 3, 4]
    assert np.isnan(labels["x"].values[4, 0])
    chosen = imported(path, labels="kind,place=x+block@deg").labels
    assert set(chosen) == {"kind", "place"}
    assert isinstance(chosen["kind"], ClassLabels)
    assert (chosen["place"].names, chosen["place"].unit) == (("x", "block"), "deg")
    assert imported(path, labels="none").labels == {}


def test_a_column_that_changes_between_presentations_is_no_label(tmp_path):
    names = ["cat", "cat", "dog", "emu", "fox"]
    trials = partial(write_trials, names=names, correct=["yes", "no", "yes", "no", "yes"])
    assert imported(make_nwb(tmp_path / "a.nwb", write_units, trials, write_templates)).labels == {}


def test_repeats_of_a_picture_stay_in_one_split(tmp_path):
    names = [NAMES[at % 5] for at in range(50)]
    path = make_nwb(tmp_path / "a.nwb", write_units, partial(write_trials, names=names), write_templates)
    session = imported(path, test=0.4, validation=0.2).sessions[0]
    splits = [set(session.split[session.stimulus == picture].tolist()) for picture in range(5)]
    assert sorted(map(tuple, splits)) == [(0,), (0,), (1,), (2,), (2,)]
    by_trial = imported(path, split_by="trials", test=0.4, validation=0.2).sessions[0]
    for picture in range(5):
        assert np.bincount(by_trial.split[by_trial.stimulus == picture]).tolist() == [4, 2, 4]


def test_files_are_sessions_that_share_their_pictures(tmp_path):
    paths = [make_nwb(tmp_path / f"{name}.nwb") for name in "ab"]
    with h5py.File(paths[1], "r+") as file:
        file["stimulus/templates/pictures/cat"][...] = 255
    data, _ = import_nwb(paths, OPTIONS)
    assert [session.name for session in data.sessions] == ["a", "b"]
    assert len(data.ids) == 6
    cats = [data.ids[session.stimulus[0]] for session in data.sessions]
    assert cats[0] == "cat"
    assert cats[1].startswith("cat-")
    assert data.sessions[0].stimulus[1:].tolist() == data.sessions[1].stimulus[1:].tolist()


def test_the_source_says_what_the_file_says(tmp_path):
    def fill(file):
        file["session_description"] = "shapes"
        put(file.create_group("general"), "experimenter", ["A. Nother"])

    path = make_nwb(tmp_path / "a.nwb", write_units, write_trials, write_templates)
    with h5py.File(path, "r+") as file:
        file.pop("general")
        fill(file)
    assert json.loads(json.dumps(imported(path).source)) == "a.nwb: shapes; A. Nother"
