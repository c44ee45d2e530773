"""Which presentations train and test: repeats stay together, shares are kept, lots depend on nothing else."""

import numpy as np
import pytest

from phosphene_train.data import DataError
from phosphene_train.data.split import lots, split_by_lot, split_pictures, split_trials
from phosphene_train.data.types import TEST, TRAIN, VALIDATION


def names(count):
    return [f"picture {at}" for at in range(count)]


def test_pictures_are_split_by_their_share_and_copies_stay_together():
    split = split_pictures(names(50) + names(50)[:20], 0.2, 0.1, seed=0)
    assert np.bincount(split[:50]).tolist() == [35, 5, 10]
    assert split[50:].tolist() == split[:20].tolist()


def test_another_seed_is_another_split_and_the_same_the_same():
    one, again, other = (split_pictures(names(50), 0.2, 0.1, seed) for seed in (0, 0, 1))
    assert one.tolist() == again.tolist()
    assert one.tolist() != other.tolist()


def test_a_lot_depends_on_the_picture_and_the_seed_alone():
    assert lots(names(10), 3)[7:].tolist() == lots(names(10)[7:], 3).tolist()
    assert lots(names(10), 3).tolist() != lots(names(10), 4).tolist()
    assert split_by_lot(names(300), 0.2, 0.1, 5)[100:].tolist() == split_by_lot(names(300)[100:], 0.2, 0.1, 5).tolist()


def test_five_folds_test_every_picture_once():
    tested = sum((split_by_lot(names(1000), 0.2, 0.1, 0, fold) == TEST).astype(int) for fold in range(5))
    assert tested.tolist() == [1] * 1000


def test_lots_are_near_their_shares():
    split = split_by_lot(names(10_000), 0.2, 0.1, 0)
    assert abs((split == TEST).mean() - 0.2) < 0.02
    assert abs((split == VALIDATION).mean() - 0.1) < 0.02


@pytest.mark.parametrize("repeats", [1, 2, 3, 7])
def test_trials_are_spread_evenly_over_the_pictures(repeats):
    hashes = np.random.default_rng(0).permutation(np.repeat(names(40), repeats))
    split = split_trials(list(hashes), 0.3, 0.2, seed=1)
    assert abs((split == TEST).sum() - 0.3 * len(split)) < 1
    assert abs((split == VALIDATION).sum() - 0.2 * len(split)) < 1
    for name in names(40):
        tests = (split[hashes == name] == TEST).sum()
        assert int(0.3 * repeats) <= tests <= int(0.3 * repeats) + 1


def test_no_validation_when_none_is_wanted():
    assert set(split_pictures(names(10), 0.2, 0.0, 0).tolist()) == {TRAIN, TEST}
    assert set(split_trials(names(10), 0.2, 0.0, 0).tolist()) == {TRAIN, TEST}


def test_too_few_pictures_and_shares_of_nothing_are_refused():
    with pytest.raises(DataError, match="more than 2 different pictures for 1 of test and 1 of validation, got 2"):
        split_pictures(["a", "b", "a"], 0.2, 0.1, 0)
    for shares in ((0.0, 0.1), (0.5, 0.5), (float("nan"), 0.1)):
        with pytest.raises(DataError, match="shares: expected test above 0, together below 1"):
            split_trials(names(10), *shares, 0)
