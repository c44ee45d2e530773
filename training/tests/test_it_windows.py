"""Pseudo-population windows: what is drawn, from which trials, and what it should show."""

import numpy as np
import pytest
import torch

from phosphene_train.it_recording import Recording, number_trials
from phosphene_train.it_windows import BLANK, draw, select, shuffle_conditions, target_of

BINS = (20, 5)


def recording(units=3, each=8):
    """Every trial of unit u, condition c spikes c + 1 times in 580..600 ms if kept for training, else in 600..620."""
    condition = np.tile(np.repeat(np.arange(21, dtype=np.int16), each), units)
    unit = np.repeat(np.arange(units, dtype=np.int16), 21 * each)
    index = np.concatenate([number_trials(condition[unit == u]) for u in range(units)])
    rasters = np.zeros((len(unit), 1000), np.uint8)
    for row, (c, i) in enumerate(zip(condition, index, strict=True)):
        start = 600 if i % 4 == 3 else 580
        rasters[row, start : start + min(c + 1, 20)] = 1
    return Recording(tuple(f"u{u}.1" for u in range(units)), rasters, unit, condition, index)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_counts_are_those_of_the_condition_in_its_bin():
    r = recording()
    condition = torch.arange(20)
    drawn = draw(select(r, ~r.held_out), condition, torch.full_like(condition, 620), BINS, generator())
    assert drawn.counts.shape == (20, 5, 3)
    assert (drawn.counts[:, 3] == condition[:, None] + 1).all()
    assert drawn.counts[:, [0, 1, 2, 4]].sum() == 0


def test_no_training_window_holds_a_spike_of_a_held_out_trial():
    r = recording()
    condition = torch.arange(21).repeat(20)
    end = torch.full_like(condition, 620)
    assert draw(select(r, ~r.held_out), condition, end, BINS, generator()).counts[:, 4].sum() == 0
    assert draw(select(r, r.held_out), condition, end, BINS, generator()).counts[:, 3].sum() == 0


def test_a_window_over_a_trial_border_begins_in_the_trial_before():
    r = recording()
    r.rasters[:] = 0
    r.rasters[:, 990] = 1
    drawn = draw(select(r, ~r.held_out), torch.tensor([0]), torch.tensor([40]), BINS, generator())
    assert drawn.counts[0, :, 0].tolist() == [0, 0, 1, 0, 0]


def test_units_are_picked_independently():
    r = recording(units=40)
    r.rasters[:] = 0
    r.rasters[r.index == 0, 600] = 1
    counts = draw(
        select(r, ~r.held_out), torch.zeros(200, dtype=torch.long), torch.full((200,), 620), BINS, generator()
    )
    mean = counts.counts[:, 4].mean().item()
    assert 0.1 < mean < 0.24  # one of six training trials
    assert counts.counts[:, 4].sum(1).std() > 0


def test_jitter_moves_spikes_but_keeps_their_number():
    r = recording()
    condition = torch.full((50,), 4)
    drawn = draw(select(r, ~r.held_out), condition, torch.full_like(condition, 650), BINS, generator(), jitter_ms=15)
    assert (drawn.counts.sum(1) == 5).all()
    assert drawn.counts.argmax(1).unique().numel() > 1


@pytest.mark.parametrize(
    ("end", "target"),
    [(20, 6), (49, 6), (50, BLANK), (500, BLANK), (630, BLANK), (631, 2), (700, 2), (1000, 2)],
)
def test_target_is_what_fills_more_than_half_of_the_window(end, target):
    found = target_of(torch.tensor([2]), torch.tensor([6]), torch.tensor([end]), 100)
    assert found.item() == target


def test_a_unit_without_a_condition_is_refused():
    r = recording()
    with pytest.raises(ValueError, match=r"u1\.1: expected trials of condition 5"):
        select(r, ~((r.unit == 1) & (r.condition == 5)))


def test_label_shuffle_permutes_training_trials_within_a_unit_only():
    r = recording()
    mixed = shuffle_conditions(r, np.random.default_rng(0))
    assert (mixed.condition[r.held_out] == r.condition[r.held_out]).all()
    assert (mixed.condition != r.condition).any()
    for unit in range(3):
        rows = (r.unit == unit) & ~r.held_out
        assert sorted(mixed.condition[rows]) == sorted(r.condition[rows])
