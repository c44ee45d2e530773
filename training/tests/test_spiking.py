import math

import numpy as np
import torch

from phosphene_train.population import random_population
from phosphene_train.spiking import bin_counts, gains, ornstein_uhlenbeck, spikes, thin
from phosphene_train.windows import sample_windows

CPU = torch.device("cpu")


def population(units=6, **constants):
    return random_population(units, np.random.default_rng(3), **constants)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def covariance(log_gain):
    """Of the log gains [N, T, U] over trials and times, [U, U]."""
    return torch.cov(log_gain.flatten(0, 1).T)


def test_counts_repeat_with_the_seed():
    p = population()
    driven, start = torch.full((4, 6), 20.0), torch.tensor([0.0, 100.0, 300.0, 880.0])
    draw = [bin_counts(p, driven, driven, start, 5, 20, seeded(s)) for s in (1, 1, 2)]
    assert torch.equal(draw[0], draw[1])
    assert not torch.equal(draw[0], draw[2])


def test_thinning_without_a_loop_equals_the_loop():
    fired = torch.rand(20, 80, 3, generator=seeded()) < 0.5
    kept = torch.zeros_like(fired)
    for t in range(80):
        kept[:, t] = fired[:, t] & ~kept[:, max(0, t - 1) : t].any(1)
    assert torch.equal(thin(fired, 1), kept)
    assert not (thin(fired, 3)[:, 1:] & thin(fired, 3)[:, :-1]).any()


def test_spike_rate_follows_the_rate():
    p = population(refractory=0.0)
    fired = spikes(p, torch.full((50, 1000, 6), 40.0), seeded())
    assert math.isclose(float(fired.mean()) * 1000, 1000 * (1 - math.exp(-0.04)), rel_tol=0.03)


def test_the_process_is_stationary_and_forgets_in_its_time_constant():
    y = ornstein_uhlenbeck(20, 20_000, 41, seeded(), CPU)
    assert torch.allclose(y.std(0), torch.ones(41), atol=0.03)
    assert abs(float((y[:, 0] * y[:, 20]).mean()) - math.exp(-1)) < 0.03


def test_shared_factors_make_the_stated_covariance_of_log_gains():
    p = population(drift_sd=0.0)
    log_gain = gains(p, 40_000, 3, seeded(), CPU).log()
    stated = p.gain_sd**2 + p.loadings.T @ p.loadings
    assert torch.allclose(covariance(log_gain), stated, atol=1.5e-3)
    assert float((stated - p.gain_sd**2).abs().max()) > 0.01, "these loadings would not be noticed"


def test_drift_has_its_deviation_and_is_each_unit_s_own():
    p = population(gain_sd=0.0)
    p = p.each(lambda tensor: tensor * 0 if tensor.ndim == 2 else tensor)
    log_gain = gains(p, 40_000, 2, seeded(), CPU).log()
    assert torch.allclose(covariance(log_gain), torch.eye(6) * p.drift_sd**2, atol=5e-4)
    assert torch.equal(log_gain[:, 0], log_gain[:, 1])


def test_the_mean_gain_is_one():
    gain = gains(population(), 40_000, 2, seeded(), CPU)
    assert torch.allclose(gain.mean((0, 1)), torch.ones(6), atol=0.01)


def test_spike_counts_of_like_units_are_correlated_by_the_gains_and_not_without():
    """Of 100 ms counts at 60 Hz: Poisson variance m, shared variance m^2 (exp(c) - 1), r about m c / (1 + m c)."""

    def correlation(**constants):
        p = population(2, drift_sd=0.0, **constants).each(lambda t: t * 0 if t.ndim == 2 else t)
        driven = torch.full((20_000, 2), 60.0)
        counts = bin_counts(p, driven, driven * 0, torch.full((20_000,), 500.0), 5, 20, seeded()).sum(1)
        return float(torch.corrcoef(counts.T)[0, 1])

    assert abs(correlation(gain_sd=0.0)) < 0.03
    m, c = 6.5, 0.3**2
    assert abs(correlation(gain_sd=0.3, gain_tau=5_000.0) - m * c / (1 + m * c)) < 0.08


def test_a_stimulus_after_itself_gets_fewer_spikes():
    p = population(adaptation_hz=40.0)
    driven, index = torch.full((1, 6), 40.0), torch.zeros(4000, dtype=torch.long)
    fresh = p.each(lambda tensor: tensor * 0 if tensor is p.adaptation else tensor)
    counts = [sample_windows(q, driven, index, "inside", seeded()).counts.sum((0, 1)) for q in (fresh, p)]
    lost = 1 - counts[1] / counts[0]
    expected = p.adaptation * 40 / (40 + p.baseline)
    assert torch.allclose(lost, expected, atol=0.03)
