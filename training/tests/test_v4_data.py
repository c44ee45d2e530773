"""The order of pictures, the split, and the pool."""

import numpy as np
import pytest
import torch
import v4_toy

from phosphene_train.v4.pictures import make_pool
from phosphene_train.v4.recording import load_session, read_pictures
from phosphene_train.v4.split import FOLDS, assign_folds, merge
from phosphene_train.v4.task import spread, trials_of


def write_session(root, name, pictures, counts, folder="", order=None):
    for part in ("images", "responses_repeat_averaged"):
        (root / part).mkdir(exist_ok=True)
    v4_toy.write_images(root / "images" / f"images_{name}.zip", pictures, folder, order)
    np.save(root / "responses_repeat_averaged" / f"responses_{name}.npy", counts)


def grey_levels(count):
    """Flat pictures, dark to bright."""
    return np.stack([np.full((112, 112, 3), 10 * i, np.uint8) for i in range(count)])


@pytest.mark.parametrize(("folder", "order"), [("", None), ("images_190923/", None), ("", [3, 0, 4, 1, 2])])
def test_pictures_are_in_order_of_file_names(tmp_path, folder, order):
    v4_toy.write_images(tmp_path / "a.zip", grey_levels(5), folder, order)
    assert np.allclose(read_pictures(tmp_path / "a.zip").mean((1, 2, 3)), 10 * np.arange(5), atol=1)


def test_responses_of_another_length_are_refused(tmp_path):
    write_session(tmp_path, "201025", grey_levels(5), np.ones((3, 6)))
    with pytest.raises(ValueError, match=r"responses_201025.npy: expected neurons x 5 pictures, got \(3, 6\)"):
        load_session(tmp_path, "201025")


def test_counts_that_are_no_numbers_are_refused(tmp_path):
    write_session(tmp_path, "201025", grey_levels(2), np.array([[1.0, np.nan]]))
    with pytest.raises(ValueError, match="expected finite counts"):
        load_session(tmp_path, "201025")


@pytest.fixture
def sessions(tmp_path):
    """Two sessions; the second shows three pictures of the first, and one twice."""
    rng = np.random.default_rng(3)
    first, second = v4_toy.blotches(rng, 60), v4_toy.blotches(rng, 40)
    second[:3] = first[10:13]
    second[7] = second[8]
    write_session(tmp_path, "190923", first, rng.random((2, 60)))
    write_session(tmp_path, "190925", second, rng.random((2, 40)))
    return [load_session(tmp_path, name) for name in ("190923", "190925")]


def test_no_picture_is_on_both_sides(sessions):
    folds = assign_folds(sessions)
    pool = make_pool(sessions, folds, 1, "cpu", 0)
    assert pool.distinct == 96
    for fold in range(FOLDS):
        train, test = set(), set()
        for session, own in zip(sessions, folds, strict=True):
            train |= {d for d, f in zip(session.digests, own, strict=True) if f != fold}
            test |= {d for d, f in zip(session.digests, own, strict=True) if f == fold}
        assert test
        assert not train & test


def test_a_version_is_in_the_fold_of_its_original(sessions):
    pool = make_pool(sessions, assign_folds(sessions), 2, "cpu", 0)
    assert len(pool.pictures) == 6 * pool.distinct
    assert torch.equal(pool.fold.view(6, -1)[1:], pool.fold[: pool.distinct].expand(5, -1))
    for session, rows in zip(sessions, pool.rows, strict=True):
        assert torch.equal(pool.pictures[rows].permute(0, 2, 3, 1), torch.from_numpy(session.pictures))


def test_half_of_the_pool_is_grey_and_grey_pictures_stay_grey(tmp_path):
    rng = np.random.default_rng(5)
    coloured, grey = v4_toy.blotches(rng, 8), v4_toy.blotches(rng, 8)[..., :1].repeat(3, 3)
    write_session(tmp_path, "210225", coloured, rng.random((2, 8)))
    write_session(tmp_path, "210325", grey, rng.random((2, 8)))
    sessions = [load_session(tmp_path, name) for name in ("210225", "210325")]
    pool = make_pool(sessions, [np.zeros(8, int)] * 2, 1, "cpu", 0)
    expected = torch.tensor([False] * 8 + [True] * 8)
    assert pool.grey.view(4, 16).tolist() == [expected.tolist()] * 2 + [[True] * 16] * 2
    assert pool.unaltered(grey=False).tolist() == list(range(8))
    assert pool.unaltered(grey=True).tolist() == list(range(32, 48))
    assert torch.equal(pool.pictures[32 + 8 : 48], pool.pictures[8:16])


def test_nearly_equal_pictures_share_a_group():
    rng = np.random.default_rng(4)
    thumbs = rng.normal(size=(5, 768)).astype(np.float32)
    thumbs[3] = thumbs[1] + 0.05 * rng.normal(size=768)
    assert merge(thumbs).tolist() == [0, 1, 2, 1, 4]


def test_missing_trials_make_no_rows():
    counts = torch.tensor([[[1.0, 2.0, torch.nan]], [[3.0, torch.nan, torch.nan]]])
    rows, label = spread(counts, torch.tensor([7, 9]))
    assert rows[:, 0].tolist() == [1, 2, 3]
    assert label.tolist() == [7, 7, 9]


def test_trials_are_gathered_by_picture():
    rooted = torch.tensor([[1.0], [2.0], [3.0]])
    found = trials_of(rooted, torch.tensor([1, 0, 1]), torch.tensor([1.0, 2.0]))
    assert found[0, 0, 0] == 2
    assert found[0, 0, 1].isnan()
    assert found[1, 0].tolist() == [1, 3]
