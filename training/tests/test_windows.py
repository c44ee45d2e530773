import numpy as np
import torch

from phosphene_train.evidence import Scores, auc
from phosphene_train.evidence_kinds import calibrate_kinds
from phosphene_train.metrics import own_correlation, two_way
from phosphene_train.population import random_population
from phosphene_train.windows import sample_windows, shown_share, shuffle_units

POPULATION = random_population(5, np.random.default_rng(0))


def test_a_window_belongs_to_what_was_on_one_latency_earlier():
    starts = torch.tensor([-100.0, 0.0, 20.0, 70.0, 400.0, 870.0, 920.0, 970.0, 1200.0])
    share = shown_share(POPULATION, starts)
    assert torch.allclose(share, torch.tensor([0.0, 0.3, 0.5, 1.0, 1.0, 1.0, 0.5, 0.0, 0.0]), atol=1e-6)


def test_windows_inside_and_of_blanks_are_labelled_so():
    driven = torch.rand(10, 5) * 30
    index = torch.arange(10)
    labels = {
        kind: sample_windows(POPULATION, driven, index, kind, torch.Generator().manual_seed(0)).shown.unique().tolist()
        for kind in ("inside", "blank")
    }
    assert labels == {"inside": [1.0], "blank": [0.0]}


def test_shuffling_keeps_each_window_s_spikes():
    counts = torch.rand(4, 5, 30)
    shuffled = shuffle_units(counts, torch.Generator().manual_seed(0))
    assert torch.equal(counts.sort(2).values, shuffled.sort(2).values)
    assert not torch.equal(counts, shuffled)


def test_two_way_is_one_for_the_true_pictures_and_half_for_one_picture():
    pictures = torch.randn(20, 3, 8, 8)
    assert two_way(pictures, pictures) == 1
    assert abs(own_correlation(pictures, pictures) - 1) < 1e-5
    assert abs(two_way(pictures[:1].expand_as(pictures), pictures) - 0.5) < 1e-6


def test_auc_counts_ties_as_half():
    assert auc(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == 1
    assert auc(np.array([1.0, 1.0]), np.array([1.0])) == 0.5


def test_calibration_tells_clear_kinds_apart():
    g = np.random.default_rng(0)

    def kind(bits, explained):
        return Scores(g.normal(bits, 1, 500), g.normal(explained, 0.05, 500), g.normal(0, 1, (500, 4)))

    others = {"blank": kind(3, 0.5), "unitShuffled": kind(12, 0.1)}
    evidence = calibrate_kinds(kind(20, 0.8), others)
    assert evidence.calibration["rejected"]["real"] <= 0.03
    assert evidence.calibration["rejected"]["blank"] >= 0.99
    assert evidence.calibration["rejected"]["unitShuffled"] >= 0.99
