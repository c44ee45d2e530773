"""The scores on latents whose answer is known: one dimension a factor, every factor in every dimension, nothing."""

import numpy as np
import pytest

from phosphene_train.disentanglement import Factor, factor_vae_score, mig, sap, selectivity

N = 4000


def made(kind: str):
    """(latents [N, 6] in groups of 3, factors): a class of 4 and two numbers."""
    rng = np.random.default_rng(0)
    category, x, y = rng.integers(0, 4, N), rng.uniform(-1, 1, N), rng.uniform(-1, 1, N)
    sources = np.stack([x, y, (category - 1.5) / 1.118], 1)
    quiet = rng.normal(size=(N, 3)) * 0.01
    if kind == "apart":
        z = np.concatenate([sources[:, :2] * 1.7, quiet[:, :1], sources[:, 2:], quiet[:, 1:]], 1)
    elif kind == "mixed":
        rotation = np.linalg.qr(rng.normal(size=(6, 6)))[0][:3] * np.sqrt(2)
        z = sources @ rotation + rng.normal(size=(N, 6)) * 0.05
    else:
        z = rng.normal(size=(N, 6))
    return z, [Factor("category", category, True), Factor("x", x, False), Factor("y", y, False)]


GROUPS = (("pose", 3), ("category", 3))


def test_factors_in_dimensions_of_their_own_score_near_1():
    z, factors = made("apart")
    assert factor_vae_score(z, factors) > 0.95
    assert sap(z, factors) > 0.9
    assert mig(z, factors) > 0.75


def test_factors_in_all_dimensions_score_low():
    z, factors = made("mixed")
    assert sap(z, factors) < 0.3
    assert mig(z, factors) < 0.25
    assert factor_vae_score(z, factors) < factor_vae_score(*made("apart"))


def test_latents_that_know_nothing_are_at_chance():
    z, factors = made("nothing")
    assert sap(z, factors) < 0.01
    assert mig(z, factors) < 0.01
    assert factor_vae_score(z, factors) < 0.55
    assert selectivity(z[::2], halves(factors)[0], z[1::2], halves(factors)[1], GROUPS) == pytest.approx(0, abs=0.05)


def halves(factors):
    return [[Factor(f.name, f.values[at::2], f.discrete) for f in factors] for at in (0, 1)]


def test_selectivity_names_the_group_that_holds_a_factor():
    z, factors = made("apart")
    matrix = selectivity(z[::2], halves(factors)[0], z[1::2], halves(factors)[1], GROUPS)
    assert matrix[0] == pytest.approx([0, 1], abs=0.05)
    assert matrix[1:] == pytest.approx(np.array([[1, 0], [1, 0]]), abs=0.05)


def test_with_groups_the_vote_is_among_groups_and_label_sets():
    z, factors = made("apart")
    sets = [Factor(f.name, f.values, f.discrete, "category" if f.discrete else "pose") for f in factors]
    assert factor_vae_score(z, sets, GROUPS) > 0.95
    assert factor_vae_score(made("mixed")[0], sets, GROUPS) < 0.9
