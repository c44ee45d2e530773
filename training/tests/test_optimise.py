"""Kind `optimise`: gradients, the published update, bundles, the prior."""

import json
import math

import numpy as np
import pytest
import torch

from phosphene_train.golden import Normalisation
from phosphene_train.optimise.descend import Descent, cover, normalised, step, window_starts
from phosphene_train.optimise.encoder import EncoderOptions, StillEncoder, poisson_loss
from phosphene_train.optimise.graph import graph_modules
from phosphene_train.optimise.inversion import GRADIENTS, OUTPUTS, Inversion, InversionOptions
from phosphene_train.optimise.plain_encoder import PlainEncoder
from phosphene_train.optimise.prior import Prior, guided, prior_options, times
from phosphene_train.optimise.reconstruct import reconstruct_counts
from phosphene_train.optimise.tiny import write_tiny
from phosphene_train.verify import verify_bundle

SHAPES = [((4, 3, 2), (6, 3, 2)), ((4, 5, 2), (5, 3, 1)), ((3, 3, 1), (4, 5, 3))]


def encoder(layers=SHAPES[0], channels=3, height=12, width=10, units=7, seed=0) -> StillEncoder:
    torch.manual_seed(seed)
    model = StillEncoder(EncoderOptions(units, channels, height, width, layers, 2)).eval().requires_grad_(False)
    model.start_at(torch.rand(32, channels, height, width) * 2 - 1, torch.full((units,), 1.5))
    return model


@pytest.mark.parametrize("layers", SHAPES)
def test_the_written_gradient_is_that_of_autograd(layers):
    model = encoder(layers)
    plain, share = PlainEncoder(model), torch.tensor([1.0, 0, 1, 1, 1, 0.5, 1])
    picture, counts = torch.randn(3, 3, 12, 10), torch.poisson(torch.full((3, 7), 2.0))
    loss, slope, expected = plain.gradient(picture, counts, share)
    asked = picture.clone().requires_grad_(True)
    wanted = (share * poisson_loss(model(asked), counts)).sum(1)
    assert torch.allclose(loss, wanted, atol=1e-5) and torch.allclose(expected, model(picture), atol=1e-6)
    assert torch.allclose(slope, torch.autograd.grad(wanted.sum(), asked)[0], atol=1e-5)


def test_an_encoder_begins_with_the_mean_counts_and_maps_of_variance_one():
    model = encoder()
    x = model.convolutions[0](torch.rand(512, 3, 12, 10) * 2 - 1)
    assert x.mean().abs() < 0.1 and (x.std() - 1).abs() < 0.1
    assert (model(torch.zeros(1, 3, 12, 10)).mean() - 1.5).abs() < 1


def test_one_update_is_the_published_one():
    """The first: momentum is a tenth of the clipped gradient, the bias correction takes the tenth back."""
    picture, gradient = torch.tensor([[0.0, 0.9]]), torch.tensor([[0.5, -3.0]])
    mask = torch.tensor([[1.0, 1.0]])
    after, momentum = step(picture, torch.zeros(1, 2), gradient, 1, mask, Descent(1.0, 10, -1, 1))
    assert torch.allclose(momentum, torch.tensor([[0.05, -0.1]]))
    assert torch.allclose(after, torch.tensor([[-0.05, 1.0]]))
    second, momentum = step(after, momentum, gradient, 2, torch.tensor([[0.0, 1.0]]), Descent(1.0, 10, -1, 1))
    assert math.isclose(float(second[0, 0]), -0.05 - 0.2 * 0.045 / (1 - 0.81), rel_tol=1e-5)


def test_gradients_are_normalised_each_and_windows_meet_in_their_mean():
    g = normalised(torch.randn(3, 2, 4, 4))
    assert torch.allclose(g.flatten(1).norm(dim=1), torch.ones(3), atol=1e-4)
    assert window_starts(40, 32, 8) == [0, 8] and window_starts(44, 32, 8) == [0, 8, 12]
    assert window_starts(32, 32, 8) == [0]
    parts = torch.tensor([[[1.0, 1, 1]], [[3.0, math.nan, 3]]])
    assert cover(parts, [0, 1], 4).tolist() == [[1, 2, 1, 3]]


@pytest.mark.parametrize("ensemble", [OUTPUTS, GRADIENTS])
def test_a_descent_finds_what_the_encoders_would_answer_so(ensemble):
    encoders = [PlainEncoder(encoder(seed=seed)) for seed in (0, 1)]
    share = torch.tensor([1.0, 1, 1, 0, 1, 1, 1])
    options = InversionOptions(rate=1.0, smooth=0, blur=0, ensemble=ensemble)
    inversion = Inversion(encoders, share, options)
    counts = encoders[0](torch.rand(4, 3, 12, 10) * 2 - 1)
    picture, momentum = inversion.grey(4)
    before = inversion.judge(inversion.shown(picture), counts)[1]
    after, _ = inversion(picture, momentum, 0, counts, 60)
    assert after.shape == (4, 2 if ensemble == OUTPUTS else 1, 3, 12, 10)
    assert (inversion.judge(inversion.shown(after), counts)[1] < before).all()
    # Two calls are one: the age goes on.
    half = inversion(*inversion(picture, momentum, 0, counts, 20), 20, counts, 40)[0]
    assert torch.allclose(half, after, atol=1e-5)
    # A unit that is kept out of the loss changes nothing.
    other = counts.clone()
    other[:, 3] += 5
    assert torch.equal(inversion(picture, momentum, 0, other, 60)[0], after)


def test_pixels_outside_the_mask_stay_grey():
    mask = torch.zeros(12, 10)
    mask[:, :5] = 1
    inversion = Inversion([PlainEncoder(encoder())], torch.ones(7), InversionOptions(smooth=0), mask)
    picture, _ = inversion(*inversion.grey(1), 0, torch.full((1, 7), 3.0), 5)
    assert (picture[..., 5:] == 0).all() and (picture[..., :5] != 0).any()


@pytest.mark.parametrize("prior", [False, True])
def test_a_written_bundle_reproduces_its_golden_outputs(tmp_path, prior):
    write_tiny(tmp_path, prior)
    checks = verify_bundle(tmp_path)
    assert checks and all(check.ok for check in checks)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["evidence"]["units"] == [2, 5] and set(manifest["evidence"]["missing"]) == {"bits", "atypicality"}
    assert ("prior" in manifest["optimise"]) is prior


@pytest.mark.parametrize("through", [False, True])
def test_the_energy_draws_the_prior_towards_the_responses(through):
    from phosphene_train.denoiser import Denoiser

    torch.manual_seed(0)
    prior = Prior(Denoiser(prior_options(16, 32, 2)).eval().requires_grad_(False))
    model = encoder(((4, 3, 2), (6, 3, 2)), 3, 16, 16)
    inversion = Inversion([PlainEncoder(model)], torch.ones(7), InversionOptions(smooth=0, blur=0))
    counts, noise = torch.full((2, 7), 4.0), torch.randn(2, 3, 16, 16)

    def loss(scale: float) -> torch.Tensor:
        found = guided(prior, inversion, counts, noise, times(1.0, 4), scale, through=through)
        return inversion.judge(found, counts)[1].sum()

    assert loss(5.0) < loss(0.0)


def test_several_steps_through_the_denoiser_are_refused():
    with pytest.raises(ValueError, match="expected 1 inner step, got 2"):
        guided(None, None, None, None, [1.0, 0.0], 1.0, inner=2, through=True)


def test_units_that_nobody_listens_to_are_no_evidence():
    norm = Normalisation(np.full(7, 0.4), np.full(7, 0.6))
    inversion = Inversion([PlainEncoder(encoder())], torch.ones(7), InversionOptions(smooth=0))
    modules = graph_modules(inversion, norm, 5, (4,))
    window = torch.from_numpy(norm.apply(np.random.default_rng(0).poisson(0.5, (1, 5, 7)).astype(np.float32)))
    window[:, :, [1, 4]] = 0
    picture, momentum = (x[0] for x in inversion.grey(1))
    found = modules["iterate-4"](window, picture, momentum, torch.zeros(1))[0]
    inversion.share[[1, 4]] = 0
    counts = modules["judge"].counts(window)
    wanted = inversion(picture[None], momentum[None], 0, counts, 4)[0][0]
    assert torch.allclose(found, wanted, atol=1e-6)
    silent = modules["iterate-4"](torch.zeros_like(window), picture, momentum, torch.zeros(1))[0]
    assert (silent == 0).all()


def test_recorded_windows_are_reconstructed_by_the_bundle_the_more_iterations_the_better(tmp_path):
    write_tiny(tmp_path / "bundle")
    counts = np.random.default_rng(1).poisson(0.6, (2, 5, 8)).astype(np.float32)
    few, many = (reconstruct_counts(tmp_path / "bundle", counts, n, tmp_path / str(n)) for n in (1, 45))
    assert many["loss"] < few["loss"] and few["windows"] == 2
    pictures = np.load(tmp_path / "45" / "pictures.npy")
    assert pictures.shape == (2, 12, 12, 3) and pictures.dtype == np.uint8 and pictures.std() > 1
    with pytest.raises(ValueError, match=r"expected \[N, 5, 8\], got \[2, 5, 7\]"):
        reconstruct_counts(tmp_path / "bundle", counts[:, :, :7], 1, tmp_path)
    write_tiny(tmp_path / "prior", True)
    with pytest.raises(ValueError, match="without a prior"):
        reconstruct_counts(tmp_path / "prior", counts, 1, tmp_path)
