"""Receptive fields and their closed-form inverse."""

import numpy as np
import torch

from phosphene_train.linear.invert import invert, prior_of
from phosphene_train.linear.method import by_receptive_fields, by_ridge
from phosphene_train.linear.model import Affine
from phosphene_train.linear.receptive_fields import fit_encoding, roughness, shown, stimuli
from phosphene_train.linear.ridge import PARTS

SIDE, UNITS = 8, 12


def world(count, seed=0, noise=1.0):
    """Smooth pictures [P, 1, 8, 8]; responses of units with round fields and noise that neighbours share."""
    g = torch.Generator().manual_seed(seed)
    rough = torch.randn(count, 1, SIDE, SIDE, generator=g)
    pictures = torch.nn.functional.avg_pool2d(torch.nn.functional.pad(rough, (1, 1, 1, 1)), 3, 1).clamp(-1, 1)
    y, x = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    fixed = torch.Generator().manual_seed(7)
    centre = torch.rand(UNITS, 2, 1, 1, generator=fixed) * (SIDE - 3) + 1
    fields = torch.exp(-((x - centre[:, :1]) ** 2 + (y - centre[:, 1:]) ** 2)[:, 0] / 3).flatten(1)
    shared = torch.eye(UNITS) + 0.5 * torch.eye(UNITS).roll(1, 0)
    left = noise * torch.randn(count, UNITS, generator=g) @ shared.T
    return pictures, fields, pictures.flatten(1) @ fields.T + left + 0.3, shared @ shared.T * noise**2


def test_the_inverse_is_the_conditional_of_the_joint_gaussian():
    g = np.random.default_rng(1)
    k, b, mix = g.normal(size=(5, 4)), g.normal(size=5), g.normal(size=(3, 4))
    a = g.normal(size=(4, 4))
    s = torch.from_numpy(g.normal(size=(400_000, 4)) @ a.T + 1).float()
    z = s @ torch.from_numpy(mix.T).float() + 0.5 * torch.randn(len(s), 3, generator=torch.Generator().manual_seed(2))
    noise = np.diag(g.uniform(0.5, 2, 5)) + 0.1
    fields = Affine(torch.from_numpy(k).float(), torch.from_numpy(b).float())
    found, variance = invert(fields, torch.from_numpy(noise), prior_of(s, z))
    ss = a @ a.T
    gain = mix @ ss @ k.T @ np.linalg.inv(k @ ss @ k.T + noise)
    assert np.abs(found.weights.numpy() - gain).max() < 0.02
    left = np.diag(mix @ ss @ mix.T) + 0.25 - np.diag(gain @ k @ ss @ mix.T)
    assert np.abs(variance.numpy() / left - 1).max() < 0.02
    drawn = torch.from_numpy(np.linalg.cholesky(noise)).float()
    r = fields(s) + torch.randn(len(s), 5, generator=torch.Generator().manual_seed(3)) @ drawn.T
    error = (found(r) - z).square().mean(0)
    assert torch.allclose(error, variance, rtol=0.02)


def test_fields_and_noise_are_found_smoothly_from_few_pictures():
    pictures, fields, responses, noise = world(400)
    seen = stimuli(pictures)
    part = torch.arange(400) % PARTS
    found, without = fit_encoding(shown(seen, torch.arange(400)), responses, part, seen)
    weights = found.fields.weights[:, :-1]
    agreement = torch.stack([torch.corrcoef(torch.stack(pair))[0, 1] for pair in zip(weights, fields, strict=True)])
    assert agreement.median() > 0.9
    assert found.smoothness > 0
    assert len(without) == PARTS
    assert 0 < found.shrinkage < 0.5
    ratio = found.noise.float() / noise
    assert (ratio.diagonal() - 1).abs().max() < 0.35
    beside = found.noise.diagonal(1)
    assert beside.mean() > 3 * found.noise.diagonal(4).abs().mean()


def test_roughness_is_the_sum_of_squared_differences():
    seen = stimuli(torch.rand(3, 2, 4, 4))
    picture = torch.rand(2, 4, 4, dtype=torch.float64)
    s = torch.cat([picture.flatten(), torch.ones(1, dtype=torch.float64)])
    wanted = picture.diff(dim=1).square().sum() + picture.diff(dim=2).square().sum()
    assert torch.allclose(s @ roughness(seen) @ s, wanted)


def test_reading_by_fields_is_as_good_as_regression_and_knows_how_good_it_is():
    pictures, _, responses, _ = world(800)
    latents = pictures.flatten(1)[:, [27, 28, 35, 36]].clone()
    latents = (latents - latents.mean(0)) / latents.std(0)
    picture = torch.arange(800)
    part = picture % PARTS
    by_fields = by_receptive_fields(pictures)(responses, latents, picture, part)
    regressed = by_ridge(responses, latents, picture, part)
    error = lambda estimate: (estimate.left_out - latents).square().mean()  # noqa: E731
    assert error(by_fields) < 1.03 * error(regressed) < 1
    assert abs(float(error(by_fields) / by_fields.variance.mean()) - 1) < 0.1


def test_a_blank_is_no_picture():
    pictures, _, responses, _ = world(400)
    seen = stimuli(pictures)
    picture = torch.cat([torch.arange(400), torch.full((200,), -1)])
    s = shown(seen, picture)
    assert (s[400:] == 0).all() and (s[:400, -1] == 1).all()
    blank = torch.randn(200, UNITS, generator=torch.Generator().manual_seed(9)) - 2
    part = torch.arange(600) % PARTS
    latents = torch.zeros(600, 1)
    latents[:400, 0] = pictures[:, 0, 4, 4] / pictures[:, 0, 4, 4].std()
    estimate = by_receptive_fields(pictures)(torch.cat([responses, blank]), latents, picture, part)
    assert estimate.left_out[400:].square().mean() < 0.5 * estimate.left_out[:400].square().mean()
