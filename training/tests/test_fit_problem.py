"""What a run is about: sessions, foreign stimuli, supervision and pictures, from a synthetic recording."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from phosphene_train.data import ClassLabels, DataError, ValueLabels
from phosphene_train.data.synthetic import SHAPES, SyntheticOptions, synthetic
from phosphene_train.data.types import TEST, TRAIN, VALIDATION
from phosphene_train.fit.evidence import kinds_of, one_each
from phosphene_train.fit.pictures import descriptor, shown_pictures, to_side
from phosphene_train.fit.problem import FOREIGN, prepare
from phosphene_train.fit.read_config import ConfigError, parse
from phosphene_train.fit.train import mixture, new_vae

TABLE = {
    "size": "smoke",
    "data": {"file": "x.h5"},
    "window": {"latency_ms": 50},
    "latents": {"groups": [{"name": "a", "size": 4, "supervise": ["category", "pose"]}]},
}


@pytest.fixture(scope="module")
def dataset():
    return synthetic(SyntheticOptions(units=(12, 9)))


def problem(dataset, **sections):
    config, faults = parse({**TABLE, **sections})
    assert faults == []
    return prepare(config, dataset, "cpu")


def drawn(found, split, kind="inside"):
    generator = torch.Generator().manual_seed(0)
    return found.exported.source.draw(split, kind, 300, generator)


def test_the_exported_session_comes_first(dataset):
    found = problem(dataset, data={"file": "x", "export": "session-b"})
    assert [r.session.name for r in found.recordings] == ["session-b", "session-a"]
    assert [o.options.units for o in new_vae(found).members] == [9, 12]
    with pytest.raises(ConfigError, match="expected sessions among session-a, session-b, got session-c"):
        problem(dataset, data={"file": "x", "export": "session-c"})


def test_foreign_pictures_are_in_no_split_and_their_class_in_no_readout(dataset):
    found = problem(dataset, data={"file": "x", "foreign": {"category": ["cross"]}})
    kinds = dataset.labels["category"].ids
    for split in (TRAIN, VALIDATION, TEST):
        assert (kinds[drawn(found, split).stimulus] != SHAPES.index("cross")).all()
    assert (kinds[drawn(found, FOREIGN).stimulus] == SHAPES.index("cross")).all()
    assert found.readouts[0].labels == ("circle", "square", "triangle")
    scores = kinds_of(found, new_vae(found).members[0].eval())[1]
    assert set(scores) == {"blank", "unitShuffled", "timeShuffled", "otherStimulus", "foreign"}
    with pytest.raises(ConfigError, match=r"data.foreign.category: expected one of .*, got 'cube'"):
        problem(dataset, data={"file": "x", "foreign": {"category": ["cube"]}})


def test_values_are_standardised_over_training_pictures_and_unknown_ones_stay_unknown(dataset):
    values = dataset.labels["pose"].values.copy()
    values[3, 1] = np.nan
    labels = {**dataset.labels, "pose": ValueLabels(("x", "y", "size"), "px", values)}
    found = problem(replace(dataset, labels=labels))
    train = np.unique(found.exported.session.stimulus[found.exported.split == TRAIN])
    standard = found.targets["pose"][train]
    assert standard.nanmean(0).tolist() == pytest.approx([0, 0, 0], abs=1e-5)
    assert found.targets["pose"].isnan().sum() == 1
    mean, std = found.scales["pose"]
    back = (found.targets["pose"] * std + mean).numpy()
    assert back == pytest.approx(values, abs=1e-3, nan_ok=True)
    model = new_vae(found).members[1]
    assert model.pose_mean.tolist() == pytest.approx(mean.tolist())


def test_one_class_is_no_readout(dataset):
    one = ClassLabels(("thing",), np.zeros(len(dataset.pictures), np.int64))
    with pytest.raises(DataError, match="labels category: expected at least 2 classes among the training pictures"):
        problem(replace(dataset, labels={**dataset.labels, "category": one}))


def test_a_window_that_no_presentation_can_fill_is_refused(dataset):
    with pytest.raises(ConfigError, match=r"expected at most twice the presentations of session session-a \(200 ms\)"):
        problem(dataset, window={"bins": 25, "latency_ms": 50})


def test_training_windows_have_blanks_and_responses_in_the_shares_asked_for(dataset):
    found = problem(dataset, vae={"response_share": 0.25})
    windows = mixture(found, found.exported, 4000, torch.Generator().manual_seed(0))
    shown = (windows.stimulus >= 0).float()
    assert shown[:1000].mean() == 1
    # The rest comes as the stream does: half on, half off.
    assert shown[1000:].mean() == pytest.approx(0.5, abs=0.1)


def test_one_window_of_each_presentation(dataset):
    found = problem(dataset)
    windows = one_each(found.exported, TEST, seed=0)
    assert len(windows.presentation.unique()) == len(windows.presentation) == (found.exported.split == TEST).sum()


def test_pictures_keep_their_proportions_and_blanks_are_grey():
    wide = np.zeros((1, 8, 16, 3), np.uint8)
    padded = to_side(wide, 16)
    assert padded.shape == (1, 3, 16, 16)
    assert (padded[0, :, 4:12] == 0).all()
    assert (padded[0, :, :4] == 128).all()
    shown = shown_pictures(padded, torch.tensor([0, -1]))
    assert shown[0].min() == -1
    assert (shown[1] == 0).all()


def test_the_descriptor_has_no_more_columns_than_training_pictures_tell():
    pictures = torch.randint(0, 256, (10, 3, 16, 16), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    found = descriptor(pictures, torch.arange(5), 32)
    assert found.shape == (10, 4)
    assert found[:5].std() == pytest.approx(1, abs=1e-4)
    assert descriptor(pictures, torch.arange(5), 0).shape == (10, 0)
