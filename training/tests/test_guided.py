"""Guided edits: inversion, the scorer's bound, the unrolled gradient, what changes are told apart, carried weights."""

import math

import pytest
import torch
from torch.nn import functional as F

from phosphene_train.guided.carry import load_compact, save_compact
from phosphene_train.guided.edit import edit_times, guided, invert, scales
from phosphene_train.guided.guide import Guide, GuideOptions, information
from phosphene_train.guided.matrix import bootstrap, dominance, normalised
from phosphene_train.guided.measure import Seen, raw_change
from phosphene_train.guided.objective import gradient_of, information_gain, shifted
from phosphene_train.guided.push import TRUST, Spectrum, shaped
from phosphene_train.guided.tiny import tiny_exact
from phosphene_train.guided.unrolled import Unrolled


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def gaussian(mean: float, variance: float):
    """eps of a perfect denoiser of pixels that are normal."""

    def noise(x, t):
        a, sigma = scales(t)
        return sigma * (x - a * mean) / (a**2 * variance + sigma**2)

    return noise


PICTURE = 0.6 * torch.sin(torch.arange(12.0)).view(1, 3, 2, 2)


def round_trip(steps: int, refine: int = 0) -> float:
    noise, times = gaussian(0.1, 0.2), edit_times(steps)
    return float((guided(noise, invert(noise, PICTURE, times, refine), times) - PICTURE).abs().max())


def test_inversion_returns_and_without_the_missing_factor_it_does_not():
    assert round_trip(128) < round_trip(32) / 2 < round_trip(8) / 4
    assert round_trip(8, refine=12) < 1e-3
    noise, times, y = gaussian(0.1, 0.2), edit_times(128), PICTURE
    for s, t in zip(reversed(times[1:]), reversed(times[:-1]), strict=True):
        (a_s, sigma_s), (a_t, sigma_t) = scales(s), scales(t)
        y = a_t / a_s * y + (sigma_t / a_t - sigma_s / a_s) * noise(y, t)  # the public code's step
    assert float((guided(noise, y, times) - PICTURE).abs().max()) > 10 * round_trip(128)


def test_inversion_is_the_flow_of_the_gaussian():
    mean, variance = 0.1, 0.2
    a, sigma = scales(0.9)
    wanted = a * mean + math.sqrt((a**2 * variance + sigma**2) / variance) * (PICTURE - mean)
    state = invert(gaussian(mean, variance), PICTURE, edit_times(256), 2)
    assert torch.allclose(state, wanted, atol=0.02)


def test_the_unrolled_gradient_is_that_of_autograd():
    torch.manual_seed(1)
    for width in ((8,), (8, 16), (16, 24, 32)):
        o = GuideOptions((2, 3), 4, 6, features=16, hidden=16, latent_hidden=16, code=8, negatives=8, side=16,
                         widths=width)  # fmt: skip
        guide = Guide(o).eval().requires_grad_(False)
        guide.negatives.normal_()
        for layer in (guide.picture_codes[0], guide.picture_codes[2]):
            layer.weight.mul_(5)
        x, target, weight = torch.randn(1, 3, 16, 16), torch.randn(1, 5), torch.tensor([[1.0, 0.4]])
        gradient, gain = Unrolled(guide, Spectrum(16)).ascend(x, target, weight)
        wanted = gradient_of(guide, "information", target, weight)(x)
        assert float(wanted.abs().max()) > 1e-3
        assert torch.allclose(gradient, wanted, atol=1e-4 * float(wanted.abs().max()))
        assert torch.allclose((gain * weight).sum(1), information_gain(guide, target, weight, x), atol=1e-4)


def test_the_bound_approaches_the_information_of_a_gaussian_and_is_none_for_noise():
    torch.manual_seed(2)
    z = torch.randn(4096, 1)
    rho = 0.9
    y = rho * z + math.sqrt(1 - rho**2) * torch.randn_like(z)
    true = -0.5 * math.log(1 - rho**2)

    def optimal(z, y):
        # log p(z | y) / p(z) as a dot product of (z, z^2) with what y makes of it.
        left = torch.stack([z[:, 0], z[:, 0] ** 2], 1)
        right = torch.stack([rho * y[:, 0], torch.full_like(y[:, 0], -0.5 * rho**2)], 1) / (1 - rho**2)
        return left[:, None], right[:, None]

    found = float(information(*optimal(z, y)))
    assert true - 0.06 < found < true + 0.06
    # The score of the true relation tells less than nothing about pairs without any.
    assert float(information(*optimal(z, y[torch.randperm(len(y))]))) < 0


def test_spectrum_is_orthonormal_and_keeps_a_push_within_its_trust():
    torch.manual_seed(3)
    pictures = F.interpolate(torch.randn(64, 3, 4, 4), (16, 16), mode="bilinear")
    spectrum = Spectrum(16).fit(pictures)
    assert torch.allclose(spectrum.picture(spectrum.components(pictures)), pictures, atol=1e-5)
    low, high = spectrum.power[0, :4, :4].mean(), spectrum.power[0, 12:, 12:].mean()
    assert low > 20 * high
    gradient = torch.randn(2, 3, 16, 16)
    push = shaped(lambda _: gradient, spectrum, torch.tensor([1e-3, 1e6]))(pictures[:2], 0.5)
    a, sigma = (torch.tensor(v) for v in scales(0.5))
    longest = float(TRUST * spectrum.open_variance(a, sigma).mean().sqrt())
    small, large = (float(p.square().mean().sqrt()) for p in push)
    assert small < longest / 10 and large == pytest.approx(longest, rel=1e-4)
    # eta scales it while it is short; fine texture is all but gone.
    half = shaped(lambda _: gradient, spectrum, torch.tensor([5e-4, 0.0]))(pictures[:2], 0.5)
    assert torch.allclose(2 * half[0], push[0], atol=1e-6) and not half[1].any()
    components = spectrum.components(push)[0, 0].abs()
    assert components[:4, :4].mean() > 5 * components[12:, 12:].mean()


def test_a_push_along_the_gradient_raises_what_it_ascends():
    exact = tiny_exact((2, 2, 2, 2))
    guide = exact.nets.guide
    torch.manual_seed(4)
    x, z = 0.3 * torch.randn(8, 3, 16, 16), torch.randn(8, 8)
    target, weight = shifted(z, torch.eye(4).repeat(2, 1), (2, 2, 2, 2)), torch.ones(8, 4)
    push = shaped(gradient_of(guide, "information", target, weight), Spectrum(16), torch.full((8,), 0.05))(x, 0.5)
    gained = information_gain(guide, target, weight, x + 0.2 * push) - information_gain(guide, target, weight, x)
    assert bool((gained > 0).all())
    assert torch.equal(target[0] - z[0], torch.tensor([1.0, 1, 0, 0, 0, 0, 0, 0]))


def test_changes_are_told_apart():
    category_of = torch.tensor([0, 0, 1, 1])
    before = Seen(torch.zeros(3, 4), torch.tensor([[1.0, 0]] * 3), torch.tensor([[9.0, 0, 0, 0]] * 3))
    after = Seen(
        torch.tensor([[2.0] * 4, [0.0] * 4, [0.0] * 4]),
        torch.tensor([[1.0, 0], [0.0, 1], [1.0, 0]]),
        torch.tensor([[9.0, 0, 0, 0], [0, 0, 9, 0], [0, 9, 0, 0]]),
    )
    change = raw_change(before, after, category_of)
    wanted = torch.tensor([[2.0, 0, 0], [0, 1, 0], [0, 0, 1]])
    assert torch.allclose(change, wanted, atol=1e-3)


def test_dominance_wants_every_row_and_every_column():
    matrix = torch.tensor([[1.0, 0.1, 0.1], [0.1, 0.5, 0.1], [0.1, 0.1, 0.3], [0.2, 0.1, 0.3]])
    assert dominance(matrix)["holds"] and normalised(matrix).max() == 1
    worse = matrix.clone()
    worse[0, 1] = 0.6
    assert not dominance(worse)["holds"]
    changes = matrix[:, None, None] + 0.01 * torch.randn(4, 2, 20, 3, generator=torch.Generator().manual_seed(0))
    drawn = bootstrap(changes, 50)
    assert drawn["dominantShare"] == 1 and bool((drawn["spread"] < 0.01).all())


def test_carried_weights_are_near_and_a_difference_nearer(tmp_path):
    torch.manual_seed(5)
    base, model = torch.nn.Linear(32, 16), torch.nn.Linear(32, 16)
    model.load_state_dict({k: v + 0.01 * torch.randn_like(v) for k, v in base.state_dict().items()})
    for name, known in (("whole", None), ("change", base)):
        save_compact(model, tmp_path / name, known)
        again = torch.nn.Linear(32, 16)
        load_compact(again, tmp_path / name, known)
        assert float((again.weight - model.weight).detach().abs().max()) < 0.004
        assert torch.equal(again.bias, model.bias) if known is None else torch.allclose(again.bias, model.bias)
