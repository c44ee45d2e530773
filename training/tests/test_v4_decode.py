"""Scores, closed forms and simulation on problems with known answers."""

import pytest
import torch

from phosphene_train.v4 import linear
from phosphene_train.v4.batches import Batches, Member
from phosphene_train.v4.encoding import (
    Encoding,
    centre,
    correlation,
    counts_of,
    fit_encoding,
    leave_one_out,
    root,
)
from phosphene_train.v4.network import identification
from phosphene_train.v4.pictures import make_basis, make_targets
from phosphene_train.v4.score import HeldOut, identify
from phosphene_train.v4.table import median, pool_folds
from phosphene_train.v4.task import Task


def held(flat):
    return HeldOut(flat, torch.arange(len(flat)), torch.arange(len(flat)), torch.zeros(flat.shape[1]))


def test_the_own_picture_wins_and_a_strangers_loses():
    flat = torch.randn(20, 300, generator=torch.Generator().manual_seed(0))
    assert identify(flat, held(flat)).mean() == 1
    assert identify(flat.roll(1, 0), held(flat)).mean() == pytest.approx(0.5, abs=0.08)


def test_decoding_shuffled_responses_is_chance():
    g = torch.Generator().manual_seed(1)
    flat, mix = torch.randn(400, 48, generator=g), torch.randn(48, 30, generator=g)
    counts = flat @ mix
    decoded = linear.ridge(counts[:300], flat[:300], counts[300:], 10.0)
    shuffled = linear.ridge(counts[:300], flat[:300], counts[300:][torch.randperm(100, generator=g)], 10.0)
    assert identify(decoded, held(flat[300:])).mean() > 0.99
    assert identify(shuffled, held(flat[300:])).mean() == pytest.approx(0.5, abs=0.05)


def test_another_showing_of_the_picture_is_no_other_picture():
    flat = torch.randn(3, 50, generator=torch.Generator().manual_seed(2))
    twice = HeldOut(flat[[0, 0, 1]], torch.tensor([0, 0, 1]), torch.arange(3), torch.zeros(50))
    assert identify(flat[[0, 0, 1]], twice).tolist() == [1, 1, 1]


def test_residuals_leave_out_whole_pictures():
    """Targets are noise of the picture: only a fit that has seen the picture could predict them."""
    g = torch.Generator().manual_seed(3)
    place = torch.arange(100).repeat_interleave(4)
    target = torch.randn(100, 1, generator=g)[place]
    rows = torch.randn(100, 60, generator=g)[place] + 0.01 * torch.randn(400, 60, generator=g)
    inside = target - linear.ridge(rows, target, rows, 1.0)
    outside = linear.residuals(lambda *x: linear.ridge(*x, 1.0), rows, target, place)
    assert inside.square().mean() < 0.6 * target.var()
    assert outside.square().mean() > target.var()


def test_leave_one_out_is_what_refitting_gives():
    g = torch.Generator().manual_seed(4)
    features, measured = torch.randn(30, 5, generator=g), torch.randn(30, 2, generator=g)
    kernel = features @ features.T
    inner, _ = centre(kernel, kernel)
    residual, _ = leave_one_out(inner, measured - measured.mean(0), 0.7)
    rest = torch.arange(30) != 7
    inner, outer = centre(kernel[rest][:, rest], kernel[:, rest])
    _, weights = leave_one_out(inner, measured[rest] - measured[rest].mean(0), 0.7)
    refit = outer[7] @ weights + measured[rest].mean(0)
    assert torch.allclose(measured[7] - residual[7], refit, atol=1e-4)


def test_an_encoding_model_predicts_pictures_that_it_was_not_fitted_to():
    g = torch.Generator().manual_seed(6)
    features = torch.randn(200, 10, generator=g)
    rates = features @ torch.randn(10, 3, generator=g)
    kernel = features @ features.T / 10
    measured = rates + 0.3 * torch.randn(200, 3, generator=g)
    encoding = fit_encoding([kernel], torch.arange(150), measured[:150])
    assert (encoding.r > 0.9).all()
    assert correlation(encoding.predicted[150:], rates[150:]).min() > 0.95
    assert encoding.covariance.diagonal().allclose(torch.full((3,), 0.09), rtol=0.5)


def test_root_and_counts_are_inverse():
    counts = torch.tensor([0.0, 0.5, 7.0])
    assert torch.allclose(counts_of(root(counts)), counts, atol=1e-5)


def test_simulated_counts_have_the_predicted_mean_and_covariance():
    covariance = torch.tensor([[0.04, 0.02], [0.02, 0.09]])
    encoding = Encoding(torch.tensor([[3.0, 5.0]]), torch.zeros(1, 2), covariance, torch.ones(2))
    counts = encoding.simulate(torch.zeros(20_000, dtype=torch.long), torch.Generator().manual_seed(5))
    assert torch.allclose(root(counts).mean(0), torch.tensor([3.0, 5.0]), atol=0.01)
    assert torch.allclose(root(counts).T.cov(), covariance, atol=0.005)


def toy_task(units, seed):
    g = torch.Generator().manual_seed(seed)
    flat = torch.rand(40, 12, generator=g)
    places = torch.arange(30)
    targets = make_targets(flat, places, make_basis(flat[:30], 4))
    counts = torch.rand(40, units, generator=g) * 9
    scored = HeldOut(flat[30:], torch.arange(30, 40), torch.arange(10), targets.mean)
    return Task("toy", 0, False, counts[:30], places, counts[30:], scored, targets, places, places)


def test_batches_hold_training_rows_and_simulated_counts_of_training_pictures_only():
    tasks = [toy_task(3, 0), toy_task(5, 1)]
    encoding = Encoding(torch.full((40, 5), 2.0), torch.zeros(1, 5), 1e-4 * torch.eye(5), torch.ones(5))
    batches = Batches([Member(tasks[0], None), Member(tasks[1], encoding)], 0.0, 0)
    window, target, place = batches.draw(64)
    assert window.shape == (2, 64, 5)
    assert (window[0, :, 3:] == 0).all()
    assert place.max() < 30
    assert torch.equal(target[1], tasks[1].targets.coefficients[place[1]])
    counts = window[1] * batches.std[1] + batches.mean[1]
    seen = window[1] != 0
    assert torch.allclose(counts[seen], torch.tensor(3.9), atol=0.3)


def test_a_decoded_picture_has_the_mean_pictures_place_and_average_contrast():
    task = toy_task(3, 2)
    picture = task.targets.picture(task.targets.coefficients[:5])
    assert (picture - task.targets.mean).norm(dim=1).allclose(torch.tensor(task.targets.contrast), rtol=0.05)


def test_folds_are_weighted_by_their_rows():
    part = lambda rows, value: {  # noqa: E731
        "t": {
            "rows": rows,
            "pictures": rows,
            "units": 2,
            "encodingR": {"clean": value},
            "decoders": {"a": {"centred": value}},
        }
    }
    pooled = pool_folds({"0": part(10, 0.5), "1": part(30, 0.9)})["t"]
    assert (pooled["rows"], pooled["decoders"]["a"]["centred"]) == (40, 0.8)


def test_median_of_even_and_odd_numbers():
    assert (median([3, 1, 2]), median([4, 1, 2, 3])) == (2, 2.5)


def test_identification_loss_knows_the_own_picture_and_spares_equal_ones():
    target = torch.randn(1, 6, 9, generator=torch.Generator().manual_seed(7))
    place, sharp = torch.arange(6)[None], torch.tensor([20.0])
    right = identification(target, target, place, sharp)
    wrong = identification(target.roll(1, 1), target, place, sharp)
    assert right < 0.1 < 3 < wrong
    twice = target[:, [0, 0, 2, 3, 4, 5]]
    assert identification(twice, twice, torch.tensor([[0, 0, 2, 3, 4, 5]]), sharp) < 0.1
    assert identification(twice, twice, place, sharp) > 0.2
