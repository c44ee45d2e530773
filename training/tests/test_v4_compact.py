"""The compact network against arithmetic done by hand, and against the measured neurons where the data are."""

from pathlib import Path

import numpy as np
import pytest
import torch
import v4_toy
from scipy.signal import correlate2d

from phosphene_train.v4.compact import CompactModel, centre, load_compact, pad_same
from phosphene_train.v4.recording import load_session

DATA = Path(__file__).parents[3] / "shared/data/macaque_v4"


def same(plane, kernel, stride):
    """TensorFlow's `same` by its definition: out[i] sees plane[i * stride - before ...]."""
    side = -(-len(plane) // stride)
    total = max((side - 1) * stride + 5 - len(plane), 0)
    padded = np.pad(plane, (total // 2, total - total // 2))
    return correlate2d(padded, kernel, "valid")[::stride, ::stride]


def norm_relu(x, bias, gamma, beta, mean, var):
    """x [H, W, C]."""
    return np.maximum((x + bias - mean) / np.sqrt(var + 1e-3) * gamma + beta, 0)


def by_hand(arrays, picture):
    """One picture [112, 112, 3] of RGB through the layers in NumPy, channels last."""
    arrays = [a.astype(np.float64) for a in arrays]
    x = picture - np.array([116.222, 109.270, 100.381])
    w = arrays[0]
    x = np.stack([sum(same(x[..., c], w[:, :, c, o], 1) for c in range(3)) for o in range(w.shape[3])], -1)
    x = norm_relu(x, *arrays[1:6])
    for i, stride in enumerate((2, 2, 1, 1)):
        depth, point, *norm = arrays[6 + 7 * i : 13 + 7 * i]
        x = np.stack([same(x[..., c], depth[:, :, c, 0], stride) for c in range(x.shape[-1])], -1) @ point[0, 0]
        x = norm_relu(x, *norm)
    return x, x.reshape(-1) @ arrays[34][:, 0] + arrays[35][0]


def test_the_network_is_the_one_described():
    rng = np.random.default_rng(1)
    arrays = v4_toy.compact_arrays(rng)
    picture = rng.integers(0, 256, (112, 112, 3), dtype=np.uint8)
    last, rate = by_hand(arrays, picture)
    model = CompactModel(arrays)
    maps = model.maps(centre(picture[None]))
    assert [m.shape[-1] for m in maps] == [112, 56, 28, 28, 28]
    assert np.allclose(maps[-1][0].permute(1, 2, 0), last, rtol=1e-3, atol=1e-3)
    assert float(model(centre(picture[None]))[0]) == pytest.approx(rate, rel=1e-3)


def test_an_odd_row_of_padding_goes_after_the_picture():
    padded = pad_same(torch.ones(1, 1, 112, 112), 5, 2)[0, 0]
    assert padded.shape == (115, 115)
    assert (padded[0].sum(), padded[1:113, 1].sum(), padded[113:].sum()) == (0, 112, 0)


def test_a_file_of_another_layout_is_refused():
    with pytest.raises(ValueError, match="expected 36 arrays, got 3"):
        CompactModel([np.zeros(1)] * 3)


@pytest.mark.skipif(not DATA.exists(), reason="macaque V4: ../shared/data is absent")
def test_predicted_rates_follow_the_measured_ones():
    session = load_session(DATA, "201025")
    model = load_compact(DATA / "compact_models/compact_model_201025_neuron3.npy")
    with torch.no_grad():
        rates = model(centre(session.pictures[:80]).contiguous(memory_format=torch.channels_last)).numpy()
    assert np.corrcoef(rates, session.counts[:80, 3])[0, 1] > 0.6
