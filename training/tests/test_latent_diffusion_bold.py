"""Haemodynamics, simulated voxels and time courses; what the window's weights read from them."""

import numpy as np
import pytest
import torch

from phosphene_train.latent_diffusion.bold import Noise, Paradigm, autoregress, kernel, make_scanner, run_of
from phosphene_train.latent_diffusion.hrf import boxcar_response, double_gamma, window_times, window_weights
from phosphene_train.latent_diffusion.voxels import AREAS, make_voxels
from phosphene_train.random_bundle import random_cortex
from phosphene_train.render import backgrounds
from phosphene_train.stimuli import random_scenes

P = Paradigm()


def weights(**changes) -> np.ndarray:
    p = P
    return window_weights(p.volumes, p.tr_s, p.age * p.tr_s, p.on_s, p.apart_s, **changes)


def test_the_haemodynamic_response_peaks_at_five_seconds_and_undershoots():
    t = np.arange(0, 30, 0.01)
    course = double_gamma(t)
    assert t[course.argmax()] == pytest.approx(5, abs=0.1)
    assert 13 < t[course.argmin()] < 18
    assert course.min() < 0
    assert double_gamma(np.array([-1.0, 0.0])).tolist() == [0, 0]


def test_weights_see_the_response_and_neither_a_baseline_nor_a_straight_drift_by_much():
    w = weights()
    own = boxcar_response(window_times(P.volumes, P.tr_s, P.age * P.tr_s), P.on_s)
    assert w @ own == pytest.approx(1)
    assert w.sum() == pytest.approx(0, abs=1e-9)
    trend = np.linspace(-0.5, 0.5, P.volumes)
    assert abs(weights(drift=20.0) @ trend) < 0.02 < abs(w @ trend)


def test_less_noise_lets_the_neighbours_be_corrected_for():
    t = window_times(P.volumes, P.tr_s, P.age * P.tr_s)
    before = boxcar_response(t + P.apart_s, P.on_s)
    assert abs(weights(noise=0.05) @ before) < abs(weights() @ before)


def test_a_run_is_a_sum_of_responses_in_whole_intensities():
    quiet = Noise(own=0, shared=0, drift=0)
    scanner = make_scanner(6, quiet, np.random.default_rng(0), torch.device("cpu"))
    responses = torch.randn(3, 6, generator=torch.Generator().manual_seed(0))
    volumes = run_of(P, quiet, scanner, responses, torch.Generator().manual_seed(1), lead=2)
    assert torch.equal(volumes, volumes.round())
    shape, step = kernel(P, scanner, 28), round(P.apart_s / P.tr_s)
    expected = torch.zeros_like(volumes)
    for at in range(3):
        begin = 2 + at * step
        length = min(28, len(volumes) - begin)
        amount = (quiet.mean + quiet.signal * responses[at]) * scanner.amplitude
        expected[begin : begin + length] += amount * shape[:length]
    assert torch.allclose(volumes, (scanner.baseline * (1 + expected / 100)).round(), atol=1.01)
    assert torch.equal(volumes[:2], scanner.baseline.round().expand(2, -1))


def test_noise_is_correlated_from_volume_to_volume_and_keeps_its_variance():
    white = torch.randn(20_000, 4, generator=torch.Generator().manual_seed(0))
    noise = autoregress(white, 0.35)
    assert noise.var(0).mean() == pytest.approx(1, abs=0.03)
    assert (noise[1:] * noise[:-1]).mean() == pytest.approx(0.35, abs=0.03)


def test_the_pattern_of_a_run_follows_the_pictures_and_survives_a_drifted_baseline():
    noise = Noise(own=0.2, shared=0.1, drift=0.0)
    scanner = make_scanner(64, noise, np.random.default_rng(0), torch.device("cpu"))
    responses = torch.randn(40, 64, generator=torch.Generator().manual_seed(0))
    volumes = run_of(P, noise, scanner, responses, torch.Generator().manual_seed(1), lead=16)
    ends = 16 + torch.arange(40) * 8 + P.age
    w = torch.from_numpy(weights().astype(np.float32))
    read = lambda x: torch.stack([torch.einsum("w,wv->v", w, x[e - P.volumes : e]) for e in ends])  # noqa: E731
    patterns = read(volumes) / scanner.baseline
    both = torch.stack([patterns.flatten(), (responses * scanner.amplitude).flatten()])
    assert torch.corrcoef(both)[0, 1] > 0.7
    assert torch.allclose(read(volumes + 25), read(volumes), atol=1e-2)


def test_simulated_voxels_answer_pictures_by_area():
    generator = np.random.default_rng(0)
    cortex = random_cortex(4, 32, generator)
    scenes = random_scenes(torch.zeros(1, dtype=torch.long), 64, generator)
    pictures = backgrounds(scenes, 32, torch.device("cpu")) * 2 - 1
    voxels = make_voxels(cortex.vision, pictures, 40, generator)
    assert np.bincount(voxels.area).tolist() == [round(40 * share) for share, _, _ in AREAS.values()]
    answers = voxels.respond(pictures)
    assert answers.shape == (64, 40)
    assert answers.mean(0).abs().max() < 0.6
    assert answers.abs().max() <= 2
    assert torch.allclose(voxels.fields.sum(0), torch.ones(40), atol=1e-5)
