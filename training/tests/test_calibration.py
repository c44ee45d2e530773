"""Posterior variance against latents whose truth is known, and Poisson deviance against its definition."""

import numpy as np
import pytest
import torch

from phosphene_train.calibration import (
    Repeats,
    describe,
    fold,
    moments,
    poisson_deviance_explained,
    temperatures,
)
from phosphene_train.vae import GroupVae, VaeOptions

GROUPS = (("sharp", 2), ("faint", 1), ("empty", 1))
TRUE = torch.tensor([0.2, 0.3, 0.7, 0.9999])


def bayesian(scale: torch.Tensor, stimuli: int = 600, trials: int = 5) -> Repeats:
    """What an exact posterior of a linear Gaussian observation says, its variances multiplied by `scale` [4]."""
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(stimuli, 1, 4, generator=generator)
    noise = torch.randn(stimuli, trials, 4, generator=generator) / (1 / TRUE - 1).sqrt()
    mu = ((1 - TRUE) * (z + noise)).flatten(0, 1)
    return Repeats(mu, (TRUE * scale).log().expand_as(mu), torch.arange(stimuli).repeat_interleave(trials))


def test_an_exact_posterior_needs_no_temperature_and_covers_as_it_says():
    found = bayesian(torch.ones(4))
    assert temperatures(moments(found), GROUPS) == pytest.approx([1, 1, 1], abs=0.12)
    report = describe(found, moments(found), GROUPS)
    assert report["coverage68"] == pytest.approx(0.683, abs=0.02)
    assert report["coverage95"] == pytest.approx(0.95, abs=0.02)
    assert report["dimensionsThatCarry"] == 2


def test_overconfidence_is_found_group_by_group():
    found = bayesian(torch.tensor([0.25, 0.25, 1.0, 1.0]))
    assert temperatures(moments(found), GROUPS) == pytest.approx([4, 1, 1], rel=0.15)
    assert describe(found, moments(found), GROUPS)["coverage68"] < 0.5


def test_a_group_without_a_signal_is_not_given_bits():
    silent = Repeats(torch.zeros(100, 4), torch.zeros(100, 4), torch.arange(50).repeat_interleave(2))
    assert temperatures(moments(silent), GROUPS) == pytest.approx([1, 1, 1])


def test_few_repeats_change_little_and_none_change_nothing():
    found = bayesian(torch.full((4,), 0.25), stimuli=2, trials=2)
    assert all(0.5 < factor < 2.2 for factor in temperatures(moments(found), GROUPS))
    once = Repeats(found.mu[::2], found.logvar[::2], found.stimulus[::2])
    assert moments(once) is None
    assert temperatures(None, GROUPS) == [1.0, 1.0, 1.0]


def test_folding_multiplies_the_variance_of_its_group_alone():
    vae = GroupVae(VaeOptions(5, 2, GROUPS, (), hidden=8)).eval()
    window = torch.randn(3, 2, 5, generator=torch.Generator().manual_seed(0))
    before = vae.encode(window)[1]
    fold(vae, [2.0, 1.0, 0.5])
    factor = (vae.encode(window)[1] - before).exp()[0].tolist()
    assert factor == pytest.approx([2, 2, 1, 0.5], rel=1e-4)


def test_deviance_is_1_for_the_counts_themselves_and_0_for_the_mean():
    counts = np.random.default_rng(0).poisson(3.0, (40, 7)).astype(float)
    mean = np.full(7, 3.0)
    assert poisson_deviance_explained(counts, counts, mean) == pytest.approx(np.ones(40), abs=1e-2)
    assert poisson_deviance_explained(counts, np.tile(mean, (40, 1)), mean) == pytest.approx(np.zeros(40))
    assert (poisson_deviance_explained(counts, np.tile(9 * mean, (40, 1)), mean) < 0).all()
