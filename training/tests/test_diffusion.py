import math

import pytest
import torch

from phosphene_train.diffusion import add_noise, alpha_sigma, ddim, even_timesteps, ipndm, predict_x0, v_of_x0


def perfect(x0):
    """A denoiser that knows the picture: v = (alpha x - x0) / sigma."""

    def denoise(x, t, cond):
        angle = t.view(-1, 1, 1, 1) * math.pi / 2
        return (torch.cos(angle) * x - x0) / torch.sin(angle)

    return denoise


@pytest.mark.parametrize("steps", [1, 2, 4, 9])
def test_a_perfect_denoiser_gives_the_picture_in_any_number_of_steps(steps):
    x0 = torch.rand(2, 3, 8, 8) * 1.8 - 0.9
    out = ddim(perfect(x0), torch.randn(2, 3, 8, 8), torch.zeros(2, 4), even_timesteps(steps))
    assert torch.allclose(out, x0, atol=1e-5)


def test_noise_and_prediction_are_inverse():
    x0, eps, t = torch.rand(5, 3, 4, 4), torch.randn(5, 3, 4, 4), torch.rand(5)
    x, v = add_noise(x0, eps, t)
    assert torch.allclose(predict_x0(x, v, t), x0, atol=1e-5)


def test_samples_are_clipped():
    out = ddim(perfect(torch.full((1, 3, 4, 4), 3.0)), torch.randn(1, 3, 4, 4), torch.zeros(1, 4), [1.0, 0.5, 0.0])
    assert out.max() == 1


def test_times_that_do_not_end_at_zero_are_refused():
    with pytest.raises(ValueError, match=r"end at 0.1, expected 0"):
        ddim(perfect(torch.zeros(1, 3, 4, 4)), torch.randn(1, 3, 4, 4), torch.zeros(1, 4), [1.0, 0.1])


def gaussian(scale):
    """The ideal denoiser of pictures drawn from N(0, scale^2): its samples are known, x(0) = scale x(1)."""

    def denoise(x, t, cond):
        alpha, sigma = (part.view(-1, 1, 1, 1) for part in alpha_sigma(t))
        x0 = alpha * scale**2 / (alpha**2 * scale**2 + sigma**2) * x
        return v_of_x0(x, x0, t)

    return denoise


@pytest.mark.parametrize("steps", [8, 16])
def test_ipndm_is_nearer_to_the_trajectory_than_ddim(steps):
    noise = torch.randn(2, 3, 8, 8).clamp(-3, 3)
    truth, times = 0.2 * noise, even_timesteps(steps)
    far = [(solve(gaussian(0.2), noise, None, times) - truth).abs().max() for solve in (ddim, ipndm)]
    assert far[1] < far[0] / 2


def test_ipndm_of_a_perfect_denoiser_gives_the_picture():
    x0 = torch.rand(2, 3, 8, 8) * 1.8 - 0.9
    out = ipndm(perfect(x0), torch.randn(2, 3, 8, 8), torch.zeros(2, 4), even_timesteps(6))
    assert torch.allclose(out, x0, atol=1e-5)
