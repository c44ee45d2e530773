"""NWB files that cannot be training data: one sentence that begins with the file and names the thing."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pytest
from data_nwb import NAMES, make_nwb, put, write_images, write_templates, write_trials, write_units

from phosphene_train.data import DataError
from phosphene_train.data.nwb import NwbOptions, import_nwb

SHARED = Path(__file__).parents[3] / "shared/data"


def change(path, value):
    """A writer that replaces the values of a dataset."""
    return lambda file: file[path].__setitem__(..., value)


WHOLE = (write_units, write_trials, write_templates)
FILES = {
    "no units": ((write_trials, write_templates), {}, "/units: expected a table .* found none"),
    "no spike times": (
        (lambda file: put(file.create_group("units"), "id", [1]), write_trials),
        {},
        "/units: expected columns spike_times and spike_times_index, found id",
    ),
    "NaN spike": ((*WHOLE, change("units/spike_times", np.nan)), {}, "/units/spike_times, spike 0: .* got nan"),
    "index": (
        (*WHOLE, change("units/spike_times_index", [2, 1, 4])),
        {},
        "/units/spike_times_index: expected ends that",
    ),
    "no intervals": (
        (write_units, write_templates),
        {},
        "stimuli: expected a table of intervals with .*, found no intervals and no IndexSeries",
    ),
    "no stimulus column": (
        (write_units, partial(write_trials, column="picture"), write_templates),
        {},
        r"a column naming the stimulus, found trials \(picture, start_time, stop_time\); name them with --intervals",
    ),
    "wrong column": (
        WHOLE,
        {"stimulus_column": "foo"},
        r"a column foo, found trials \(start_time, stimulus_name, stop",
    ),
    "wrong table": (WHOLE, {"intervals": "foo"}, r"expected a table foo with .* found trials \("),
    "two tables": (
        (*WHOLE, partial(write_trials, table="movies")),
        {},
        r"one table of stimuli, found movies \(by stimulus_name\), trials \(by .* name one with --intervals",
    ),
    "only blanks": (
        (write_units, partial(write_trials, names=["blank"] * 5), write_templates),
        {},
        "/intervals/trials: expected rows that name a stimulus in stimulus_name, found only blank ones",
    ),
    "stop before start": (
        (*WHOLE, change("intervals/trials/stop_time", -1.0)),
        {},
        r"/intervals/trials, row 0: expected a stop_time after 0\.0 s, got -1\.0 s",
    ),
    "no pictures": (
        (write_units, write_trials),
        {},
        "expected images in /stimulus/templates or --images FOLDER, found neither",
    ),
    "a missing picture": (
        (write_units, write_trials, partial(write_templates, names=NAMES[1:])),
        {},
        r"one for stimulus 'cat' of /intervals/trials \(1 of 5 have none\), found in /stimulus/templates/pictures: ",
    ),
    "two templates": (
        (*WHOLE, partial(write_templates, path="stimulus/templates/others")),
        {},
        "one template for the stimuli, found /stimulus/templates/others, /stimulus/templates/pictures; .* --template",
    ),
    "pixels beyond": (
        (
            write_units,
            partial(write_trials, column="frame", names=[0, 1, 2]),
            lambda file: file.__setitem__("stimulus/templates/m/data", np.full((3, 8, 8), 4000)),
        ),
        {},
        r"/stimulus/templates/m/data\[0\]: expected pixels from 0 to 255",
    ),
    "silent": (
        (*WHOLE, change("units/spike_times", 100.0)),
        {},
        r"expected spikes from 0\.000 s to 0\.500 s, .* found none",
    ),
    "too slow": (WHOLE, {"min_rate": 99.0}, r"/units: expected a unit of at least 99\.0 Hz, found 4\.00 Hz at most"),
    "where": (
        WHOLE,
        {"where": (("quality", "best"),)},
        "/units/quality: expected at least one unit with best, found good, mua",
    ),
    "where column": (
        WHOLE,
        {"where": (("depth", "1"),)},
        "/units: expected a column depth of 3 values, found electrodes, ",
    ),
    "label": (WHOLE, {"labels": "kind"}, "labels kind: expected a column kind in /intervals/trials, found none"),
    "label text": (
        (write_units, partial(write_trials, kind=list("ababa")), write_templates),
        {"labels": "kind@px"},
        "labels kind: expected numbers in kind, got texts",
    ),
    "few pictures": (
        (write_units, partial(write_trials, names=["cat", "dog"]), write_templates),
        {},
        "split by stimuli: expected more than 2 different pictures for 1 of test and 1 of validation, got 2",
    ),
    "shares": (WHOLE, {"test": 0.9, "validation": 0.2}, r"expected test above 0, together below 1, got test 0\.9"),
}


@pytest.mark.parametrize("case", FILES)
def test_one_sentence_names_the_thing(case, tmp_path):
    fill, options, sentence = FILES[case]
    path = make_nwb(tmp_path / "a.nwb", *fill)
    with pytest.raises(DataError, match=sentence) as error:
        import_nwb([path], replace(NwbOptions(side=16), **options))
    assert "\n" not in str(error.value)
    if not str(error.value).startswith(("split", "shares")):  # of all files together
        assert str(error.value).startswith(f"{path}")


def test_what_is_no_nwb_file(tmp_path):
    (tmp_path / "text.nwb").write_text("hello")
    with h5py.File(tmp_path / "one.nwb", "w") as file:
        file.attrs["nwb_version"] = "1.0.6"
    for name, sentence in (("no", "found none"), ("text", "HDF5"), ("one", "nwb_version: expected 2.x, got 1.0.6")):
        with pytest.raises(DataError, match=sentence):
            import_nwb([tmp_path / f"{name}.nwb"], NwbOptions())


def test_a_folder_of_pictures_that_does_not_fit(tmp_path):
    path = make_nwb(tmp_path / "a.nwb", write_units, write_trials)
    images = write_images(tmp_path / "images")
    (images / "cat.png").write_text("no picture")
    with pytest.raises(DataError, match=r"cat\.png: expected a picture that can be read"):
        import_nwb([path], NwbOptions(images=images))
    (images / "cat.png").unlink()
    with pytest.raises(DataError, match=r"one for stimulus 'cat' of /intervals/trials \(1 of 5"):
        import_nwb([path], NwbOptions(images=images))
    (images / "dog.jpg").touch()
    with pytest.raises(DataError, match=r"one picture dog, got dog\.jpg and dog\.png"):
        import_nwb([path], NwbOptions(images=images))
    with pytest.raises(DataError, match="expected a folder of pictures, found none"):
        import_nwb([path], NwbOptions(images=tmp_path / "nowhere"))


def test_two_files_that_say_different_things_of_a_picture(tmp_path):
    paths = []
    for name, kinds in (("a", "ababa"), ("b", "bbaba")):
        trials = partial(write_trials, kind=list(kinds))
        paths.append(make_nwb(tmp_path / f"{name}.nwb", write_units, trials, write_templates))
    with pytest.raises(DataError, match="labels kind: expected one class a picture, got b and a"):
        import_nwb(paths, NwbOptions(side=16))


def test_a_published_file_without_stimuli():
    path = SHARED / "recordings/ecephys_tutorial_v2.5.0.nwb"
    if not path.is_file():
        pytest.skip("ecephys_tutorial_v2.5.0.nwb: ../shared/data is absent")
    with pytest.raises(
        DataError, match=r"ecephys_tutorial_v2\.5\.0\.nwb: stimuli: expected a table of intervals .* found no"
    ):
        import_nwb([path], NwbOptions())
