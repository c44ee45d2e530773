import math

import numpy as np
import torch

from phosphene_train.population import adapted, random_population, rates


def population(units=6, **constants):
    return random_population(units, np.random.default_rng(3), **constants)


def formula(p, unit, current, previous, tau):
    """docs/bundle.md, word for word."""
    rise, transient = float(p.rise[unit]), float(p.transient[unit])

    def h(x):
        if x < 0:
            return 0.0
        if x < p.on:
            return (1 - math.exp(-x / rise)) * (1 + transient * math.exp(-x / p.transient_decay))
        end = (1 - math.exp(-p.on / rise)) * (1 + transient * math.exp(-p.on / p.transient_decay))
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


def test_units_differ_in_every_constant_within_physiological_bounds():
    p = population(200)
    for name, low, high in [("baseline", 1, 6), ("latency", 50, 90), ("rise", 8, 20), ("transient", 0.3, 1.3),
                            ("adaptation", 0, 0.4)]:  # fmt: skip
        values = getattr(p, name)
        assert low <= values.min()
        assert values.max() <= high
        assert values.std() > 0.2 * (high - low)


def test_adaptation_takes_its_share_and_no_more():
    p = population()
    driven = torch.full((1, 6), 20.0)
    for before, share in [(0.0, 0.0), (-5.0, 0.0), (25.0, 0.5), (50.0, 1.0), (400.0, 1.0)]:
        expected = 20 * (1 - share * p.adaptation)
        assert torch.allclose(adapted(p, driven, torch.full((1, 6), before))[0], expected)
    assert bool((p.adaptation > 0).all())


def test_the_manifest_holds_the_very_constants():
    p = population()
    written = p.manifest()
    for key, values in [("riseMs", p.rise), ("transient", p.transient), ("adaptation", p.adaptation)]:
        assert torch.equal(torch.tensor(written[key]), values)
    assert [factor["tauMs"] for factor in written["factors"]] == list(p.factor_taus)
    assert torch.equal(torch.tensor([factor["loadings"] for factor in written["factors"]]), p.loadings)
    assert p.double().rise.tolist() == written["riseMs"]


def test_constants_repeat_with_the_seed():
    one, same, other = (random_population(6, np.random.default_rng(s)).manifest() for s in (1, 1, 2))
    assert one == same
    assert one != other
