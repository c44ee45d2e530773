"""The direct decoder: its parts, its rounding, its graph, and that it learns."""

import json

import numpy as np
import pytest
import torch
from onnx import numpy_helper

from phosphene_train.direct.augment import Repeats, exchange_units, thin
from phosphene_train.direct.export import output_names, traced, write_graph
from phosphene_train.direct.few import FewOptions, Trials, apart, fit_few
from phosphene_train.direct.mei import MeiOptions, fit_maps, unit_rms
from phosphene_train.direct.objective import plain_ssim, ssim
from phosphene_train.direct.quantise import is_large, levels_of, round_to_int8
from phosphene_train.direct.tiny import tiny_model, write_tiny
from phosphene_train.metrics import own_correlation, structural_similarity
from phosphene_train.verify import open_graph, verify_bundle


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_rounding_is_kept_by_rounding_again_and_by_the_graph(tmp_path):
    model = round_to_int8(tiny_model())
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    round_to_int8(model)
    assert all(torch.equal(value, kept[name]) for name, value in model.state_dict().items())
    graph = traced(model)
    path = tmp_path / "decode.onnx"
    write_graph(graph, model, path)
    stored = [t for t in graph.graph.initializer if numpy_helper.to_array(t).dtype == np.int8]
    large = [p for p in model.parameters() if is_large(p)]
    assert sum(int(np.prod(t.dims)) for t in stored) >= sum(p.numel() for p in large)
    window, steering = torch.randn(1, 5, 8), torch.randn(1, 8)
    found = open_graph(path, 1).run(None, {"window": window.numpy(), "steering": steering.numpy()})
    for name, ours, theirs in zip(output_names(model), model(window, steering), found, strict=True):
        assert np.abs(ours.numpy() - theirs).max() < 1e-5, name


def test_int8_is_off_by_half_a_level_at_most():
    weight = torch.randn(64, 40)
    scale, levels = levels_of(weight)
    error = (levels.float() * scale[:, None] - weight).abs()
    assert (error <= 0.51 * scale[:, None]).all()
    assert levels.abs().max() == 127


def test_a_row_of_zeros_stays_zero():
    scale, levels = levels_of(torch.zeros(4, 8))
    assert torch.equal(levels, torch.zeros(4, 8, dtype=torch.int8))
    assert scale.isfinite().all()


def test_steering_moves_the_activity_that_the_maps_see():
    model = tiny_model()
    window, steering = torch.randn(2, 5, 8), torch.zeros(2, 8)
    steering[:, 2:4] = 1.5
    still, moved = model(window, torch.zeros(2, 8)), model(window, steering)
    assert all(torch.equal(a, b) for a, b in zip(still[:-1], moved[:-1], strict=True))
    by_hand = window + (model.vae.decoder(steering) - model.vae.decoder.bias)[:, None]
    picture = model.paint(by_hand, still[0] + steering).clamp(-1, 1)
    assert torch.allclose(moved[-1], picture, atol=1e-5)
    assert (moved[-1] - still[-1]).abs().max() > 1e-3


def test_a_bundle_verifies_and_other_weights_do_not(tmp_path):
    write_tiny(tmp_path / "bundle")
    assert all(check.ok for check in verify_bundle(tmp_path / "bundle"))
    golden = json.loads((tmp_path / "bundle/golden.json").read_text())
    assert len(golden["cases"]) == 2
    other = round_to_int8(tiny_model(seed=1))
    write_graph(traced(other), other, tmp_path / "bundle/decode.onnx")
    wrong = {check.name for check in verify_bundle(tmp_path / "bundle") if not check.ok}
    assert {"digest decode.onnx", "case 0 decode.image"} <= wrong


def test_ssim_is_that_of_the_figures_and_one_for_the_same_picture():
    a, b = (torch.rand(3, 3, 32, 32) * 2 - 1 for _ in range(2))
    assert float(plain_ssim(a, b, 7)) == pytest.approx(structural_similarity(a, b), abs=1e-5)
    assert float(ssim(a, a)) == pytest.approx(1, abs=1e-5)


def world(count=900, units=40, seed=0):
    """Pictures [N, 3, 16, 16] of smooth patterns, and units that answer to a place of their own."""
    g = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, 3, 4, 4, generator=g) * 2 - 1
    pictures = torch.nn.functional.interpolate(coarse, size=(16, 16), mode="bilinear")
    fields = torch.zeros(units, 3, 4, 4)
    place = torch.randint(48, (units,), generator=g)
    fields.view(units, -1)[torch.arange(units), place] = 3.0
    drive = coarse.flatten(1) @ fields.flatten(1).T
    return pictures, drive, place, g


def test_maps_are_where_the_units_look():
    pictures, drive, place, g = world()
    responses = drive + 0.5 * torch.randn(drive.shape, generator=g)
    maps, found = fit_maps(pictures, responses, 4, MeiOptions(steps=0))
    assert found["encoding"]["ridge"] > 0.8
    assert torch.allclose(maps.square().mean((1, 2, 3)), torch.ones(40), atol=1e-4)
    assert (maps.flatten(1).argmax(1) == place).float().mean() > 0.95


def test_the_better_encoding_model_gives_the_maps():
    pictures, drive, place, _ = world()
    # Rectified: the network can tell it, and whatever is chosen, a unit's picture is bright where the unit looks.
    maps, found = fit_maps(pictures, drive.clamp(min=0), 4, MeiOptions(steps=60, batch=32, ascent=6))
    deeper = found["encoding"]["network"] > found["encoding"]["ridge"]
    assert found["maps"] == ("most exciting inputs" if deeper else "receptive fields")
    assert (maps.flatten(1).argmax(1) == place).float().mean() > 0.8
    assert torch.equal(unit_rms(torch.zeros(1, 3, 4, 4)), torch.zeros(1, 3, 4, 4))


def test_it_learns_from_a_few_hundred_trials():
    pictures, drive, _, g = world(count=500)
    rates = (1.5 + drive).clamp(min=0.05)
    counts = torch.poisson(rates[:, None].expand(-1, 2, -1).contiguous(), generator=g)
    mean, std = counts.flatten(0, 1).mean(0), counts.flatten(0, 1).std(0)
    window = (counts - mean) / std
    trials = Trials(window[:440], counts[:440], mean, std, pictures[:440], torch.arange(440))
    options = FewOptions(steps=110, batch=32, widths=(24, 24, 16, 8), hidden=32, latents=8, encoding_steps=0)
    decoder, found = fit_few(trials, options)
    decoded = decoder(window[440:])
    assert decoded.shape == pictures[440:].shape
    assert own_correlation(decoded, pictures[440:]) > own_correlation(decoder(-window[440:]), pictures[440:]) + 0.3
    assert own_correlation(decoded, pictures[440:]) > 0.5
    assert 0 < found["steps"] <= 110


def test_the_same_seed_gives_the_same_decoder():
    pictures, drive, _, _ = world(count=60)
    window = drive[:, None]
    trials = Trials(window, window, torch.zeros(40), torch.ones(40), pictures, torch.arange(60))
    options = FewOptions(steps=4, batch=8, widths=(8, 8, 8, 8), hidden=8, latents=4, encoding_steps=0)
    one, two = (fit_few(trials, options)[0](window) for _ in range(2))
    assert torch.equal(one, two)


def test_trials_of_one_stimulus_lie_on_one_side_unless_there_are_few_stimuli():
    stimulus = torch.arange(50).repeat_interleave(4)
    train, held = apart(stimulus, 0)
    assert not set(stimulus[train].tolist()) & set(stimulus[held].tolist())
    assert sorted([*train.tolist(), *held.tolist()]) == list(range(200))
    few = torch.arange(3).repeat_interleave(40)
    train, held = apart(few, 0)
    assert set(few[train].tolist()) == {0, 1, 2}
    assert len(held) >= 2


def test_windows_exchange_units_with_the_same_picture_only():
    picture = torch.tensor([5, 7, 5, 5, 9])
    repeats = Repeats(picture)
    index = torch.arange(5).repeat(40)
    partner = repeats.partner(index)
    assert torch.equal(picture[partner], picture[index])
    assert set(partner[index == 0].tolist()) == {0, 2, 3}
    a, b = torch.zeros(200, 2, 6), torch.ones(200, 2, 6)
    mixed = exchange_units(a, b, 1.0)
    assert 0.4 < float(mixed.mean()) < 0.6
    assert torch.equal(mixed[:, 0], mixed[:, 1])
    assert torch.equal(exchange_units(a, b, 0.0), a)


def test_thinning_keeps_the_mean_and_leaves_what_is_no_count():
    counts = torch.full((2000, 1, 4), 3.0)
    thinned = thin(counts, 0.5)
    assert float(thinned.mean()) == pytest.approx(3.0, abs=0.1)
    assert float(thinned.std()) > 0.5
    assert torch.equal(thin(counts + 0.5, 0.5), counts + 0.5)
    assert torch.equal(thin(-counts, 0.5), -counts)
