"""The training data format: what is written is read again, and what breaks a rule is refused by name."""

import re
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from data_examples import NAN, assert_same, change, session_with, small_dataset

from phosphene_train.data import (
    ClassLabels,
    Counts,
    DataError,
    Spikes,
    ValueLabels,
    read_dataset,
    write_dataset,
)


def test_what_is_written_is_read_again(tmp_path):
    write_dataset(small_dataset(), tmp_path / "a.h5")
    assert_same(read_dataset(tmp_path / "a.h5"), small_dataset())


def test_signed_responses_may_be_negative(tmp_path):
    counts = Counts(np.full((5, 1, 3), -1.5, np.float32), 2000.0, 0.0, signed=True)
    write_dataset(session_with(1, counts=counts), tmp_path / "a.h5")
    assert_same(read_dataset(tmp_path / "a.h5").sessions[1].counts, counts)


def test_doubles_as_matlab_writes_them_are_taken(tmp_path):
    path = tmp_path / "a.h5"
    write_dataset(small_dataset(), path)
    with h5py.File(path, "r+") as file:
        for name in ("stimulus", "split"):
            put(file, f"sessions/0000/{name}", file[f"sessions/0000/{name}"][()].astype(float))
        file.attrs["version"] = np.array([[1.0]])
    assert_same(read_dataset(path), small_dataset())


DATA = small_dataset()
FIRST, SECOND = DATA.sessions
BAD = {
    "no session": (replace(DATA, sessions=()), "sessions: expected at least one, found none"),
    "twice a session": (replace(DATA, sessions=(FIRST, FIRST)), "sessions: .* got 'monday' twice"),
    "twice an id": (replace(DATA, ids=("a", "b", "b", "d")), "ids: .* got 'b' twice"),
    "grey pictures": (
        replace(DATA, pictures=DATA.pictures[..., 0]),
        r"pictures: expected uint8 .* got uint8 \[4, 8, 10\]",
    ),
    "unknown class": (
        replace(DATA, labels={"category": ClassLabels(("cat",), np.array([0, 1, 0, 0]))}),
        "labels category, picture 1: expected a class from -1 to 0, got 1",
    ),
    "infinite value": (
        replace(DATA, labels={"pose": ValueLabels(("x",), "px", np.full((4, 1), np.inf, np.float32))}),
        "labels pose, picture 0, x: expected a number or NaN, got inf",
    ),
    "label name": (replace(DATA, labels={"a/b": DATA.labels["category"]}), "labels: expected names of .* got 'a/b'"),
    "no unit": (session_with(labels=()), "session monday: expected at least one unit"),
    "twice a unit": (session_with(labels=("E1.1", "E1.1")), "session monday, labels of units: .* got 'E1.1' twice"),
    "picture beyond": (
        session_with(stimulus=change(FIRST.stimulus, 1, 4)),
        "stimulus of presentation 1: expected 0 to 3",
    ),
    "time runs back": (
        session_with(onset=change(FIRST.onset, 2, 0.5)),
        "session monday, onset of presentation 2: expected at least 1.0 s, got 0.5 s",
    ),
    "offset before onset": (
        session_with(offset=FIRST.onset - 1),
        "offset of presentation 0: expected at least its onset",
    ),
    "NaN onset": (session_with(onset=change(FIRST.onset, 3, NAN)), "onset of presentation 3: expected a finite number"),
    "no train": (session_with(split=np.full(5, 2, np.int8)), "session monday, split train: expected at least one"),
    "neither": (session_with(spikes=None), "session monday: expected spikes or counts, got neither"),
    "both": (session_with(counts=SECOND.counts), "session monday: expected spikes or counts, got both"),
    "spikes run back": (
        session_with(spikes=Spikes(np.array([2.0, 1.0]), np.array([0, 0]))),
        "session monday, time of spike 1: expected at least 2.0 s, got 1.0 s",
    ),
    "NaN spike": (
        session_with(spikes=Spikes(np.array([NAN]), np.array([0]))),
        "time of spike 0: expected a finite number",
    ),
    "unit of a spike": (
        session_with(spikes=Spikes(np.array([1.0]), np.array([2]))),
        "unit of spike 0: expected 0 to 1, got 2",
    ),
    "other unit count": (
        session_with(1, labels=("E1.1", "E2.1")),
        r"session tuesday, counts: expected float32 \[5, any, 2\], got float32 \[5, 2, 3\]",
    ),
    "NaN count": (
        session_with(1, counts=replace(SECOND.counts, values=change(SECOND.counts.values, (3, 1, 2), NAN))),
        "session tuesday, presentation 3, bin 1, unit E3.1: expected a finite count of 0 or more, got nan",
    ),
    "negative count": (
        session_with(1, counts=replace(SECOND.counts, values=change(SECOND.counts.values, (0, 0, 1), -1))),
        "presentation 0, bin 0, unit E2.1: expected a finite count of 0 or more, got -1",
    ),
    "bin of nothing": (session_with(1, counts=replace(SECOND.counts, bin_ms=0.0)), "expected bin_ms above 0"),
    "split_by": (replace(DATA, split_by="days"), "split_by: expected stimuli or trials, got 'days'"),
    "no test": (
        replace(DATA, sessions=tuple(replace(s, split=np.zeros(5, np.int8)) for s in DATA.sessions)),
        "split test: expected at least one presentation, found none",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_broken_rule_is_named_and_nothing_is_written(case, tmp_path):
    data, sentence = BAD[case]
    with pytest.raises(DataError, match=sentence) as error:
        write_dataset(data, tmp_path / "a.h5")
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_the_same_picture_under_two_names_in_two_splits_is_a_leak(tmp_path):
    data = small_dataset()
    leaking = replace(data, pictures=change(data.pictures, 3, data.pictures[1]))
    with pytest.raises(DataError, match=r"session monday, picture d: .* one split only, got test here and train as b"):
        write_dataset(leaking, tmp_path / "a.h5")
    write_dataset(replace(leaking, split_by="trials"), tmp_path / "a.h5")


def test_a_leak_between_sessions_is_a_leak(tmp_path):
    with pytest.raises(DataError, match=r"session tuesday, picture a: .* one split only, got test here and train as a"):
        write_dataset(session_with(1, split=np.array([2, 0, 1, 2, 2], np.int8)), tmp_path / "a.h5")


def test_a_failing_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.h5"
    write_dataset(small_dataset(), path)
    before = path.read_bytes()
    data = small_dataset()
    broken = replace(data, labels={**data.labels, "z": ClassLabels(("a",), np.zeros(4, np.int64))}, name=object())
    with pytest.raises(TypeError):
        write_dataset(broken, path)
    assert [file.name for file in tmp_path.iterdir()] == ["a.h5"]
    assert path.read_bytes() == before


def put(file, name, values):
    """Replace a dataset."""
    del file[name]
    file[name] = values


DAMAGE = {
    "no pictures": (lambda file: file.pop("pictures"), "/pictures: expected a dataset, found none"),
    "other format": (lambda file: file.attrs.update(format="x"), "attribute format: expected phosphene-training-data"),
    "no format": (lambda file: file.attrs.pop("format"), "attribute format of /: expected one, found none"),
    "newer": (lambda file: file.attrs.update(version=2), "attribute version: expected 1, got 2"),
    "version text": (lambda file: file.attrs.update(version="x"), "expected HDF5 that can be read"),
    "half a split": (
        lambda file: put(file, "sessions/0000/split", [0.5] * 5),
        "sessions/0000/split: expected whole numbers",
    ),
    "texts for numbers": (
        lambda file: put(file, "sessions/0000/onset", ["a"] * 5),
        "sessions/0000/onset: expected float64",
    ),
    "numbers for texts": (
        lambda file: put(file, "ids", [1, 2, 3, 4]),
        "/ids: expected a list of texts",
    ),
    "kind": (
        lambda file: file["labels/pose"].attrs.update(kind="x"),
        "/labels/pose, attribute kind: expected class or value",
    ),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_a_damaged_file_is_refused_by_name(case, tmp_path):
    damage, sentence = DAMAGE[case]
    path = tmp_path / "a.h5"
    write_dataset(small_dataset(), path)
    with h5py.File(path, "r+") as file:
        damage(file)
    with pytest.raises(DataError, match=sentence) as error:
        read_dataset(path)
    assert str(error.value).startswith(f"{path}: ")


def test_what_is_no_hdf5_is_refused(tmp_path):
    (tmp_path / "a.h5").write_text("hello")
    with pytest.raises(DataError, match=r"a\.h5: expected HDF5 that can be read"):
        read_dataset(tmp_path / "a.h5")
    with pytest.raises(DataError, match=r"b\.h5: expected a file of training data, found none"):
        read_dataset(tmp_path / "b.h5")


def test_the_example_of_the_page_is_training_data(tmp_path, monkeypatch):
    page = Path(__file__).parents[2] / "docs/training-data.md"
    code = re.search(r"```python\n(.*?)```", page.read_text(), re.DOTALL).group(1)
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    data = read_dataset("mine.h5")
    assert data.ids == ("cat", "dog", "emu", "fox")
    assert data.sessions[0].stimulus.tolist() == [0, 1, 2, 3, 0, 1, 2, 3]
    assert data.labels == {}
