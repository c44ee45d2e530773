import numpy as np
import onnxruntime as ort
import pytest
import torch

from phosphene_train.animals import ANIMALS, make_animals
from phosphene_train.cortex import SHARES, Cortex, cortex_from_state, cortex_state, make_cortex, tuning
from phosphene_train.encoding_model import write_encoding_model
from phosphene_train.half import round_to_half
from phosphene_train.verify import open_graph
from phosphene_train.vision import Vision

SIDE = 32


def network() -> Vision:
    """Random weights, a little larger than at the start of training, so that its answers differ between pictures."""
    torch.manual_seed(0)
    vision = Vision(8, 20, widths=(8, 16, 16), side=SIDE).eval().requires_grad_(False)
    for parameter in vision.parameters():
        parameter.mul_(2)
    return round_to_half(vision)


def pictures(count: int, seed: int) -> torch.Tensor:
    """Smooth random colours [count, 3, SIDE, SIDE] in [-1, 1]."""
    coarse = torch.rand(count, 3, 5, 5, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return torch.nn.functional.interpolate(coarse, SIDE, mode="bilinear")


def cortex(units: int = 40, seed: int = 1) -> Cortex:
    return make_cortex(network(), pictures(600, 0), units, np.random.default_rng(seed))


def test_onnx_runtime_gives_the_rates_of_the_cortex(tmp_path):
    ours, seen = cortex(100), pictures(12, 5)
    write_encoding_model(ours, tmp_path / "encoding.onnx")
    session = open_graph(tmp_path / "encoding.onnx", 1)
    assert [(i.name, i.shape) for i in session.get_inputs()] == [("image", [1, 3, SIDE, SIDE])]
    assert [(o.name, o.shape) for o in session.get_outputs()] == [("rates", [1, 100])]
    theirs = np.concatenate([session.run(None, {"image": one[None].numpy()})[0] for one in seen])
    assert np.abs(theirs - ours.rates(seen).numpy()).max() < 1e-2
    assert ours.rates(seen).std(0).mean() > 3, "constant rates would be equal without meaning anything"


def test_the_graph_is_small_and_of_standard_operators(tmp_path):
    write_encoding_model(cortex(), tmp_path / "encoding.onnx")
    halves = sum(p.numel() for p in network().parameters()) * 2
    assert (tmp_path / "encoding.onnx").stat().st_size < 2 * halves + 60_000
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    assert ort.InferenceSession(str(tmp_path / "encoding.onnx"), options, providers=["CPUExecutionProvider"])


def test_weights_that_the_graph_cannot_hold_are_refused(tmp_path):
    ours = cortex()
    ours.vision.category.weight += 1e-5
    with pytest.raises(ValueError, match="rounded to fp16, got others in vision"):
        write_encoding_model(ours, tmp_path / "encoding.onnx")
    assert not (tmp_path / "encoding.onnx").exists()


def test_rates_can_be_followed_back_to_the_picture():
    picture = pictures(1, 3).requires_grad_()
    ours = cortex()
    before = ours.encode(picture)[0, 0]
    before.backward()
    step = 1e-2 * picture.grad / picture.grad.norm()
    assert float(ours.encode((picture + step).detach())[0, 0]) > float(before.detach())


def test_rates_are_sane():
    driven = cortex(200).rates(pictures(600, 0))
    assert float(driven.min()) >= -8, "at most 4 Hz a standard deviation, over two of them"
    assert 2 < float(driven.clamp(min=0).mean()) < 25
    assert float(driven.max()) <= 120
    assert 25 < float(driven.quantile(0.99, dim=0).median()) < 110


def test_every_kind_of_feature_has_its_share_of_the_drive():
    weights = tuning(4000, (32, 8, 4, 20), np.random.default_rng(0))
    power = np.square(weights)
    shares = [power[a:b].sum(0).mean() for a, b in ((0, 32), (32, 40), (40, 44), (44, 64))]
    assert np.allclose(power.sum(0), 1, atol=1e-4)
    assert np.allclose(shares, list(SHARES.values()), atol=0.02)


def test_state_is_complete():
    ours, seen = cortex(), pictures(5, 2)
    again = cortex_from_state(ours.vision, cortex_state(ours))
    assert torch.equal(again.rates(seen), ours.rates(seen))


def test_animals_have_their_units_repeat_with_the_seed_and_differ():
    vision, seen = network(), pictures(300, 0)
    one, same, other = (make_animals(vision, seen, seed) for seed in (1, 1, 2))
    assert {a.name: a.population.units for a in one} == ANIMALS == {"S58": 58, "S110": 110, "S256": 256}
    for a, b, c in zip(one, same, other, strict=True):
        assert torch.equal(a.cortex.rates(seen[:4]), b.cortex.rates(seen[:4]))
        assert not torch.equal(a.cortex.rates(seen[:4]), c.cortex.rates(seen[:4]))
        assert a.population.manifest() == b.population.manifest() != c.population.manifest()
    first, second = (a.cortex.rates(seen)[:, :58] for a in one[:2])
    assert not torch.allclose(first, second), "each animal's tuning is its own"
