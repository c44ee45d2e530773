import math

import pytest
import torch

from phosphene_train.diffusion import add_noise, ddim, even_timesteps, predict_x0


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
