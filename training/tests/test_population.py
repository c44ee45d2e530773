import math

import numpy as np
import torch

from phosphene_train.population import bin_counts, gains, random_population, rates, spikes, thin


def population(units=6, **constants):
    return random_population(units, np.random.default_rng(3), **constants)


def formula(p, unit, current, previous, tau):
    """docs/bundle.md, word for word."""

    def h(x):
        if x < 0:
            return 0.0
        if x < p.on:
            return (1 - math.exp(-x / p.rise)) * (1 + p.transient * math.exp(-x / p.transient_decay))
        end = (1 - math.exp(-p.on / p.rise)) * (1 + p.transient * math.exp(-p.on / p.transient_decay))
        return end * math.exp(-(x - p.on) / p.off_decay)

    x = tau - float(p.latency[unit])
    return max(0.0, float(p.baseline[unit]) + current * h(x) + previous * h(x + p.on + p.off))


def test_rates_are_the_formula_of_the_bundle_page():
    p = population()
    current, previous = torch.linspace(-8, 40, 6), torch.linspace(30, -5, 6)
    taus = [-50.0, 0.0, 55.5, 71.0, 120.0, 500.0, 940.0, 970.0, 1290.0]
    ours = rates(p, current[None], previous[None], torch.tensor([taus]))[0]
    for row, tau in zip(ours, taus, strict=True):
        expected = [formula(p, u, float(current[u]), float(previous[u]), tau) for u in range(6)]
        assert np.allclose(row.numpy(), expected, atol=1e-3)


def test_counts_repeat_with_the_seed():
    p = population()
    driven, start = torch.full((4, 6), 20.0), torch.tensor([0.0, 100.0, 300.0, 880.0])
    draw = [bin_counts(p, driven, driven, start, 5, 20, torch.Generator().manual_seed(s)) for s in (1, 1, 2)]
    assert torch.equal(draw[0], draw[1])
    assert not torch.equal(draw[0], draw[2])


def test_thinning_without_a_loop_equals_the_loop():
    fired = torch.rand(20, 80, 3, generator=torch.Generator().manual_seed(0)) < 0.5
    kept = torch.zeros_like(fired)
    for t in range(80):
        kept[:, t] = fired[:, t] & ~kept[:, max(0, t - 1) : t].any(1)
    assert torch.equal(thin(fired, 1), kept)
    assert not (thin(fired, 3)[:, 1:] & thin(fired, 3)[:, :-1]).any()


def test_spike_rate_follows_the_rate():
    p = population(refractory=0.0)
    fired = spikes(p, torch.full((50, 1000, 6), 40.0), torch.Generator().manual_seed(0))
    assert math.isclose(float(fired.mean()) * 1000, 1000 * (1 - math.exp(-0.04)), rel_tol=0.03)


def test_gain_has_its_mean_and_deviation():
    p = population()
    gain = gains(p, 20_000, 50, torch.Generator().manual_seed(0), torch.device("cpu")).log()
    assert abs(float(gain.std()) - p.gain_sd) < 0.01
    assert abs(float(gain.mean()) + p.gain_sd**2 / 2) < 0.005
