"""The synthetic recording: its factors are in its pictures and spikes, and it is the same as NWB."""

from dataclasses import replace

import numpy as np
import pytest
from data_examples import assert_same

from phosphene_train.data import DataError, Session, read_dataset, write_dataset
from phosphene_train.data.nwb import NwbOptions, import_nwb
from phosphene_train.data.synthetic import COLOURS, GREY, LATENCY_S, SyntheticOptions, synthetic
from phosphene_train.data.synthetic_nwb import write_nwb

SMALL = SyntheticOptions(units=(24, 31), stimuli=40)


def counts(session: Session, width_s=0.2) -> np.ndarray:
    """Spikes of each unit in the response to each presentation: [N, U]."""
    edges = session.onset[:, None] + LATENCY_S + np.array([0, width_s])
    each = [session.spikes.times[session.spikes.units == unit] for unit in range(len(session.labels))]
    return np.stack([np.diff(np.searchsorted(times, edges))[:, 0] for times in each], 1)


def test_it_keeps_the_rules_and_the_same_seed_gives_the_same(tmp_path):
    write_dataset(synthetic(SMALL), tmp_path / "a.h5")
    assert_same(read_dataset(tmp_path / "a.h5"), synthetic(SMALL))
    one, other = (synthetic(replace(SMALL, seed=seed)).sessions[0].spikes.times.tolist() for seed in (0, 1))
    assert one != other


def test_every_session_shows_every_picture_as_often():
    data = synthetic(SMALL)
    for session, units in zip(data.sessions, (24, 31), strict=True):
        assert len(session.labels) == units
        assert np.bincount(session.stimulus).tolist() == [2] * 40
        assert np.bincount(session.split).tolist() == [56, 8, 16]


def test_labels_say_where_the_shape_is_and_of_what_colour():
    data = synthetic(SMALL)
    for picture, kind, (x, y, size) in zip(
        data.pictures, data.labels["category"].ids, data.labels["pose"].values, strict=True
    ):
        rows, columns = np.nonzero((picture != GREY).any(2))
        assert abs(columns.mean() + 0.5 - x) < 1
        assert abs((columns.max() - columns.min() + 1) / 2 - size) < 1
        assert abs((rows.max() + rows.min() + 1) / 2 - y) < 1
        assert picture[round(y), round(x)].tolist() == list(COLOURS[kind])


def test_spikes_tell_the_factors_of_pictures_never_shown_in_training():
    """Ridge from one trial's counts to the position: cross-validated by the split, far above chance."""
    data = synthetic(SyntheticOptions(units=(60,), stimuli=100, repeats=3))
    session = data.sessions[0]
    inputs = counts(session).astype(float)
    targets = data.labels["pose"].values[session.stimulus]
    train, test = session.split == 0, session.split == 2
    centre, mean = inputs[train].mean(0), targets[train].mean(0)
    gram = (inputs[train] - centre).T @ (inputs[train] - centre) + 100 * np.eye(60)
    weights = np.linalg.solve(gram, (inputs[train] - centre).T @ (targets[train] - mean))
    error = (inputs[test] - centre) @ weights + mean - targets[test]
    explained = 1 - (error**2).sum(0) / ((targets[test] - mean) ** 2).sum(0)
    assert (explained > 0.5).all()


def test_rest_is_at_the_baseline():
    session = synthetic(SyntheticOptions(units=(60,), stimuli=100)).sessions[0]
    gaps = session.offset[:-1] + LATENCY_S + 0.01
    times = session.spikes.times
    spikes = (np.searchsorted(times, gaps + 0.15) - np.searchsorted(times, gaps)).sum()
    assert abs(spikes / (len(gaps) * 0.15 * 60) - 8.0) < 0.5


@pytest.mark.parametrize("inside", [True, False])
def test_as_nwb_it_is_imported_as_it_was(tmp_path, inside):
    data = synthetic(replace(SMALL, validation=0.2))
    images = None if inside else tmp_path / "images"
    paths = write_nwb(data, tmp_path / "a.nwb", images)
    assert [path.name for path in paths] == ["a-session-a.nwb", "a-session-b.nwb"]
    options = NwbOptions(images=images, labels="category,pose=x+y+size@px", validation=0.2)
    again, notes = import_nwb(paths, options)
    assert notes == []
    order = [again.ids.index(each) for each in data.ids]
    assert_same(again.pictures[order], data.pictures)
    assert_same(again.labels["pose"].values[order], data.labels["pose"].values)
    for mine, theirs in zip(again.sessions, data.sessions, strict=True):
        assert mine.labels == theirs.labels
        assert_same(mine.spikes, theirs.spikes)
        assert_same(mine.split, theirs.split)
        assert [again.ids[each] for each in mine.stimulus] == [data.ids[each] for each in theirs.stimulus]
        assert_same(mine.onset, theirs.onset)


def test_a_recording_of_nothing_is_refused():
    for wrong in ({"units": ()}, {"units": (0,)}, {"stimuli": 3}, {"repeats": 0}):
        with pytest.raises(DataError, match="synthetic: expected at least 1 unit, 4 stimuli and 1 repeat"):
            synthetic(replace(SMALL, **wrong))
