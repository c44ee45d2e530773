"""A small dataset for the tests of training data, and ways to change and to compare one."""

from dataclasses import replace

import numpy as np

from phosphene_train.data import ClassLabels, Counts, Dataset, Session, Spikes, ValueLabels

NAN = float("nan")


def small_dataset(split_by="stimuli") -> Dataset:
    """Four pictures; a session of spikes with two units, one of counts with three."""
    pictures = np.random.default_rng(0).integers(0, 255, (4, 8, 10, 3), np.uint8)
    shown = {
        "stimulus": np.array([0, 1, 2, 3, 0]),
        "onset": np.arange(5.0),
        "offset": np.arange(5.0) + 0.5,
        "split": np.array([0, 0, 1, 2, 0], np.int8),
    }
    spikes = Spikes(np.array([0.1, 0.2, 0.2, 3.5]), np.array([0, 1, 0, 1]))
    counts = Counts(np.arange(30, dtype=np.float32).reshape(5, 2, 3), 20.0, -40.0)
    return Dataset(
        name="small",
        pictures=pictures,
        ids=("a", "b", "ç", "d"),
        labels={
            "category": ClassLabels(("cat", "dog"), np.array([0, 1, -1, 0])),
            "pose": ValueLabels(("x", "y"), "px", np.array([[1, 2], [3, NAN], [5, 6], [7, 8]], np.float32)),
        },
        sessions=(
            Session("monday", ("E1.1", "E1.2"), **shown, spikes=spikes),
            Session("tuesday", ("E1.1", "E2.1", "E3.1"), **shown, counts=counts),
        ),
        split_by=split_by,
        source="made by a test",
    )


def session_with(index=0, **changes) -> Dataset:
    data = small_dataset()
    sessions = list(data.sessions)
    sessions[index] = replace(sessions[index], **changes)
    return replace(data, sessions=tuple(sessions))


def assert_same(one, other):
    """Equal dataclasses, arrays by value and dtype."""
    assert type(one) is type(other)
    if hasattr(one, "__dataclass_fields__"):
        for name in one.__dataclass_fields__:
            assert_same(getattr(one, name), getattr(other, name))
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for name in one:
            assert_same(one[name], other[name])
    elif isinstance(one, tuple):
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            assert_same(left, right)
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    else:
        assert one == other


def change(array, index, value):
    """A copy with one element changed."""
    copy = array.copy()
    copy[index] = value
    return copy
