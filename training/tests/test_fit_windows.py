"""Windows of a recorded stream: counts, what they show, and that no split sees another's spikes."""

import numpy as np
import pytest
import torch

from phosphene_train.data import Counts, DataError, Session, Spikes
from phosphene_train.data.types import TEST, TRAIN, VALIDATION
from phosphene_train.fit.spans import segments, starts, stream
from phosphene_train.fit.windows import BLANK, WindowShape, source_of

SHAPE = WindowShape(20, 5, 70)
MS = 1000


def session(split, times=None, units=None, on=0.2, period=0.4, labels=("a", "b", "c")) -> Session:
    onset = 1.0 + np.arange(len(split)) * period
    rng = np.random.default_rng(0)
    if times is None:
        times = np.sort(rng.uniform(0, onset[-1] + 2, 3000))
        units = rng.integers(0, len(labels), 3000)
    stimulus = np.arange(len(split)) % 4
    spikes = Spikes(np.asarray(times, float), np.asarray(units))
    return Session("s", labels, stimulus, onset, onset + on, np.array(split, np.int8), spikes)


def drawn(source, split, kind, count=500, seed=0, jitter=False):
    return source.draw(split, kind, count, torch.Generator().manual_seed(seed), jitter)


def test_counts_are_those_of_a_histogram(monkeypatch):
    s = session([TRAIN] * 10)
    source = source_of(s, s.split, SHAPE, "cpu")
    kept = []
    monkeypatch.setattr(source, "_shown", lambda start: kept.append(start) or torch.full_like(start, BLANK))
    counts = drawn(source, TRAIN, "stream", 20).counts
    begin = min(s.onset.min(), s.spikes.times.min())
    for window, start in zip(counts.numpy(), kept[0].numpy(), strict=True):
        edges = begin + (start + np.arange(6) * 20 * MS) / 1e6
        for unit in range(3):
            of_unit = np.round((s.spikes.times[s.spikes.units == unit] - begin) * 1e6)
            found = np.histogram(of_unit, np.append((edges[:-1] - begin) * 1e6 - 0.5, (edges[-1] - begin) * 1e6 - 0.5))[
                0
            ]
            assert found.tolist() == window[:, unit].tolist()


@pytest.mark.parametrize("kind", ["stream", "inside", "blank"])
def test_spikes_of_other_splits_are_in_no_window(kind):
    """Units fire only while, and until the latency after, presentations of one split are on: the others see nothing."""
    split = np.random.default_rng(1).permutation([TRAIN] * 20 + [VALIDATION] * 8 + [TEST] * 8)
    for own in (TRAIN, VALIDATION, TEST):
        base = session(split)
        times = np.concatenate([np.arange(a, b + 0.07, 0.0005) for a, b in zip(base.onset, base.offset, strict=True)])
        of = np.repeat(
            split, [len(np.arange(a, b + 0.07, 0.0005)) for a, b in zip(base.onset, base.offset, strict=True)]
        )
        times = times[of == own]
        s = session(split, times, np.zeros(len(times), int))
        source = source_of(s, s.split, WindowShape(20, 5, 70, jitter_ms=15), "cpu")
        for other in {TRAIN, VALIDATION, TEST} - {own}:
            assert drawn(source, other, kind, jitter=other == TRAIN).counts.sum() == 0
        if kind != "blank":
            assert drawn(source, own, kind).counts.sum() > 0


def test_a_window_shows_what_fills_more_than_half_of_it_after_the_latency():
    s = session([TRAIN] * 6)
    source = source_of(s, s.split, SHAPE, "cpu")
    zero = int(source.onset[2])
    at = torch.tensor(
        [zero + 70 * MS, zero + 19 * MS, zero + 21 * MS, zero + 219 * MS, zero + 221 * MS, zero + 300 * MS]
    )
    assert source._shown(at).tolist() == [2, BLANK, 2, 2, BLANK, BLANK]


def test_inside_windows_all_show_their_stimulus_and_blank_ones_none():
    s = session([TRAIN, TEST] * 20)
    source = source_of(s, s.split, SHAPE, "cpu")
    inside, blank = (drawn(source, TEST, kind) for kind in ("inside", "blank"))
    assert (inside.presentation % 2 == 1).all()
    assert (inside.stimulus == torch.from_numpy(s.stimulus)[inside.presentation]).all()
    assert len(inside.presentation.unique()) == 20
    assert (blank.stimulus == BLANK).all()


def test_presentations_shorter_than_a_window_are_seen_whole():
    s = session([TRAIN] * 10, on=0.08)
    found = drawn(source_of(s, s.split, SHAPE, "cpu"), TRAIN, "inside")
    assert (found.stimulus >= 0).all()


def test_a_long_break_is_no_endless_blank():
    onset = np.array([0, 1, 600]) * 1_000_000
    s = stream(onset, onset + 500_000, np.array([TRAIN] * 3), 70_000)
    assert segments(s, TRAIN)[0].tolist() == [[0, 2_570_000], [600_000_000, 601_570_000]]
    assert starts(s, TRAIN, "stream", 100_000).tolist() == [[0, 2_470_000], [600_000_000, 601_470_000]]


def test_splits_without_room_have_no_windows():
    s = session([*[TRAIN, TEST] * 10, TRAIN], on=0.1, period=0.1)
    source = source_of(s, s.split, WindowShape(20, 6, 70), "cpu")
    assert not source.has(TEST, "inside")


def test_aligned_counts_are_windows_as_they_are():
    values = np.random.default_rng(0).poisson(2.0, (12, 2, 3)).astype(np.float32)
    base = session([TRAIN] * 8 + [TEST] * 4)
    s = Session("c", base.labels, base.stimulus, base.onset, base.offset, base.split, counts=Counts(values, 50.0, 40.0))
    source = source_of(s, s.split, WindowShape(50, 2, 70), "cpu")
    found = drawn(source, TEST, "inside")
    assert (found.presentation >= 8).all()
    assert torch.equal(found.counts, torch.from_numpy(values)[found.presentation])
    assert not source.has(TEST, "blank")
    once = source.once(TEST, 100, torch.Generator().manual_seed(0)).presentation
    assert sorted(once.tolist()) == [8, 9, 10, 11]
    with pytest.raises(DataError, match=r"expected counts in 5 bins of 20 ms as \[window\] says, got 2 of 50 ms"):
        source_of(s, s.split, SHAPE, "cpu")
