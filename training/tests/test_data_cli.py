"""The commands import and data: what they write and say, and that a mistake is one sentence and no file."""

import numpy as np
import pytest
from data_nwb import make_nwb, write_templates, write_trials

from phosphene_train.cli import main
from phosphene_train.data import read_dataset


def test_from_nothing_through_nwb_to_training_data(tmp_path, capsys):
    made, nwb, images, imported = (str(tmp_path / name) for name in ("made.h5", "made.nwb", "images", "imported.h5"))
    few = ("--sessions", "1", "--units", "12")
    assert main(["import", "synthetic", made, *few, "--nwb", nwb, "--images", images]) == 0
    assert main(["import", "nwb", nwb, imported, "--images", images, "--test", "0.25"]) == 0
    data = read_dataset(imported)
    assert data.name == "imported"
    assert np.bincount(data.sessions[0].split).tolist() == [52, 8, 20]
    capsys.readouterr()
    assert main(["data", imported]) == 0
    said = " ".join(capsys.readouterr().out.split())
    for part in (
        "imported",
        "52 + 8 + 20",
        "40 pictures of 64 x 64, split by stimuli",
        "circle, cross, square, triangle",
    ):
        assert part in said


def refused(arguments, capsys) -> str:
    assert main([str(each) for each in arguments]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err


def test_a_file_without_units_is_one_sentence_and_leaves_nothing(tmp_path, capsys):
    path = make_nwb(tmp_path / "a.nwb", write_trials, write_templates)
    said = refused(["import", "nwb", path, tmp_path / "b.h5"], capsys)
    assert said == f"phosphene-train: {path}: /units: expected a table with spike_times of sorted units, found none\n"
    assert [each.name for each in tmp_path.iterdir()] == ["a.nwb"]


def test_a_recording_named_as_the_output_is_not_overwritten(tmp_path, capsys):
    paths = [make_nwb(tmp_path / name) for name in ("a.nwb", "b.nwb", "c.h5")]
    before = [path.read_bytes() for path in paths]
    for out in paths[1:]:
        said = refused(["import", "nwb", paths[0], out], capsys)
        assert f"{out}: expected a new name ending in .h5, or training data to replace" in said
    assert [path.read_bytes() for path in paths] == before
    assert len(list(tmp_path.iterdir())) == 3
    for _ in range(2):  # training data are replaced
        assert main(["import", "nwb", str(paths[0]), str(tmp_path / "d.h5")]) == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["import", "synthetic", "b.h5", "--side", "4"], "--side: expected at least 8, got 4"),
        (["import", "synthetic", "b.h5", "--images", "x"], "--images: expected --nwb with it, found none"),
        (["data", "nowhere.h5"], "nowhere.h5: expected a file of training data, found none"),
        (["import", "nwb", "nowhere.nwb", "b.h5"], "nowhere.nwb: expected an NWB file, found none"),
        (["import", "nwb", "a.nwb", "b.h5", "--where", "quality"], "--where: expected COLUMN=VALUE, got quality"),
        (["import", "synthetic", "b.h5", "--units", "12,x"], "--units: expected whole numbers such as 24,31, got 12,x"),
        (["import", "it-rasters", "nowhere", "b.h5"], "nowhere: expected a folder with files *_raster_data.mat"),
        (["import", "v4", "nowhere", "b.h5", "--sessions", "x"], "--sessions: expected some of 190923, "),
        (["import", "v4", "nowhere", "b.h5"], "images_190923.zip: expected a zip of images, found none"),
        (["import", "v1-movies", "nowhere", "b.h5"], "nowhere: expected responses/*_image_sequences.mat, found none"),
        (["import", "fmri-digits", "nowhere", "b.h5"], "nowhere: expected digit69_28x28.mat, found none"),
    ],
)
def test_mistakes_are_one_sentence(arguments, sentence, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert sentence in refused(arguments, capsys)
    assert list(tmp_path.iterdir()) == []
