"""The haemodynamic response, and the weights that read one trial's response from a window of volumes."""

import math

import numpy as np


def double_gamma(t: np.ndarray) -> np.ndarray:
    """Response to an impulse at t seconds: gamma densities of shape 6 and 16, scale 1 s, the second over 6 (SPM's
    canonical form: peak at 5 s, undershoot at 15 s). 0 before the impulse."""
    t = np.maximum(t, 0)
    rise, fall = (t ** (k - 1) * np.exp(-t) / math.gamma(k) for k in (6, 16))
    return rise - fall / 6


def boxcar_response(t: np.ndarray, on_s: float) -> np.ndarray:
    """Response at t seconds after the onset of a stimulus that stays for `on_s`, 1 at its peak."""
    fine = np.arange(0, 40, 0.1)
    whole = np.convolve(double_gamma(fine), np.ones(max(1, round(on_s / 0.1))))[: len(fine)]
    return np.interp(t, fine, whole / whole.max(), left=0, right=0)


def window_times(volumes: int, tr_s: float, age_s: float) -> np.ndarray:
    """Middle of each volume [W] in seconds after the onset, for a window that ends `age_s` after it."""
    return age_s + (np.arange(volumes) - volumes + 0.5) * tr_s


def window_weights(
    volumes: int, tr_s: float, age_s: float, on_s: float, apart_s: float, noise: float = 1.8, drift: float = 1.0
) -> np.ndarray:
    """[W]: the best linear estimate of the response to the stimulus that began `age_s` before the window's end.

    Generalised least squares: what disturbs it are the responses to the stimuli `apart_s` before and after (unit
    variance, like its own), white noise of standard deviation `noise`, a straight drift of `drift` across the window
    and the baseline, which may be anything: the weights add up to zero, so a voxel's slow drift from the session's mean
    does not reach the pattern.
    """
    t = window_times(volumes, tr_s, age_s)
    own, before, after = (boxcar_response(t + shift, on_s) for shift in (0, apart_s, -apart_s))
    trend, flat = np.linspace(-0.5, 0.5, volumes) * drift, np.full(volumes, 1e3)
    others = sum(np.outer(x, x) for x in (before, after, trend, flat))
    weights = np.linalg.solve(others + noise**2 * np.eye(volumes), own)
    weights -= weights.mean()
    return weights / (weights @ own)
