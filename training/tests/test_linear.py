"""Linear models in closed form: ridge, what latents stand for, the bundle's files."""

import json

import numpy as np
import pytest
import torch

from phosphene_train.linear.bundle import read_linear_model
from phosphene_train.linear.fit import Examples, discriminant, fit_linear, parts
from phosphene_train.linear.random import RandomOptions, groups, write_random_linear
from phosphene_train.linear.ridge import PARTS, PENALTIES, cross_validated, solve, sums
from phosphene_train.linear.targets import Labels, flatten, make_targets
from phosphene_train.vae import Readout
from phosphene_train.verify import verify_bundle

CATEGORY = Readout("category", "class", ("a", "b", "c"), "category")
POSE = Readout("pose", "value", ("x", "y"), "pose", "px")


def scenes(count=240, seed=0):
    """Pictures uint8 [P, 3, 8, 8] that are a sum of a class's, a pose's and three other patterns; their labels."""
    g = torch.Generator().manual_seed(seed)
    draw = lambda *shape: torch.randn(*shape, generator=g)  # noqa: E731
    category, pose, other = torch.randint(0, 3, (count,), generator=g), draw(count, 2), draw(count, 3)
    shares = torch.cat([torch.nn.functional.one_hot(category, 3), pose, other], 1)
    pictures = (shares @ draw(8, 192) * 0.08).clamp(-1, 1).unflatten(1, (3, 8, 8))
    labels = [Labels(CATEGORY, category), Labels(POSE, pose * 5 + 20)]
    return ((pictures + 1) * 127.5).round().byte(), labels


def test_latents_are_white_over_training_pictures_and_give_the_pictures_back():
    pictures, labels = scenes()
    train = torch.arange(200)
    found = make_targets(pictures, train, (("pose", 8), ("category", 8), ("content", 3)), labels)
    assert found.groups == (("pose", 2), ("category", 2), ("content", 3))
    z = found.latents[train]
    assert torch.allclose(z.mean(0), torch.zeros(7), atol=1e-4)
    assert torch.allclose(z.T @ z / len(z) - torch.eye(7), torch.zeros(7, 7), atol=0.2)
    assert torch.allclose(z.square().mean(0), torch.ones(7), atol=0.02)
    pose = labels[1].values
    own = torch.corrcoef(torch.cat([z[:, :2], pose[train]], 1).T)[:2, 2:].diagonal()
    assert (own > 0.99).all()
    true = flatten(pictures)
    drawn = found.latents @ found.picture.weights.T + found.picture.bias
    assert ((drawn - true)[200:].square().mean() / true[200:].var()) < 0.01


def test_unknown_labels_are_the_mean_and_a_group_is_cut_to_its_size():
    pictures, labels = scenes()
    labels[0].values[3] = -1
    labels[1].values[4] = torch.nan
    found = make_targets(pictures, torch.arange(240), (("category", 1), ("pose", 2)), labels)
    assert found.groups == (("category", 1), ("pose", 2))
    assert found.latents[3, 0].abs() < 1e-5
    assert found.latents[4, 1:].abs().max() < 1e-5


def test_a_part_is_predicted_by_the_others_alone():
    g = torch.Generator().manual_seed(1)
    x, y = torch.randn(300, 12, generator=g), torch.randn(300, 3, generator=g)
    part = torch.arange(300) % PARTS
    found = cross_validated(x, y, part)
    for k in range(PARTS):
        for column, penalty in enumerate(found.penalties):
            weights, bias = solve(sums(x[part != k], y[part != k]), float(penalty))
            told = x[part == k] @ weights[:, column].float() + bias[column].float()
            assert torch.allclose(found.left_out[part == k, column], told, atol=1e-4)
    assert (found.penalties == max(PENALTIES)).all()  # targets are noise: the strongest penalty loses least


def test_ridge_is_the_textbook_one():
    g = torch.Generator().manual_seed(2)
    x = torch.randn(50, 4, generator=g) + 3
    y = x @ torch.randn(4, 2, generator=g) + 7
    weights, bias = solve(sums(x, y), 0.1)
    a, b = (v.double() - v.double().mean(0) for v in (x, y))
    wanted = torch.linalg.solve(a.T @ a + 0.1 * 50 * torch.eye(4), a.T @ b)
    assert torch.allclose(weights, wanted, atol=1e-4)
    assert torch.allclose(bias, y.double().mean(0) - x.double().mean(0) @ wanted, atol=1e-3)


def test_the_windows_of_a_picture_share_a_part_and_blanks_do_not():
    apart = torch.cat([torch.arange(40).repeat(10), torch.full((400,), -1)])
    found = parts(apart, 0)
    assert all(len(found[:400][apart[:400] == p].unique()) == 1 for p in range(40))
    assert len(found[400:].unique()) == PARTS


def test_a_model_reads_what_spikes_tell_and_knows_what_they_do_not():
    pictures, labels = scenes()
    targets = make_targets(pictures, torch.arange(240), (("pose", 2), ("category", 2), ("content", 3)), labels)
    g = torch.Generator().manual_seed(3)
    picture = torch.randint(0, 240, (4000,), generator=g)
    picture[::5] = -1
    truth = targets.latents[picture.clamp(min=0)] * (picture >= 0)[:, None]
    mixing = torch.randn(7, 20, generator=g)
    mixing[4:] = 0  # nothing of content is in the spikes
    window = (truth @ mixing + torch.randn(4000, 20, generator=g)).unflatten(1, (2, 10))
    model, _ = fit_linear(Examples(window, picture, picture), targets, labels, 8, 0)
    variance = model.logvar.exp()
    assert (variance[:4] < 0.4).all()
    assert (variance[4:] > 0.9).all()
    shown = picture >= 0
    mu, logvar = model.encode(window[shown])
    assert torch.allclose((mu - truth[shown]).square().mean(0), logvar[0].exp(), atol=0.1)
    category, pose = (model.readout(each.readout, mu) for each in labels)
    assert torch.allclose(category.sum(1), torch.ones(len(mu)), atol=1e-5)
    assert (category.argmax(1) == labels[0].values[picture[shown]]).float().mean() > 0.9
    error = (pose - labels[1].values[picture[shown]]).square().mean(0) / labels[1].values.var(0)
    assert (error < 0.4).all()


def test_the_discriminant_gives_the_probabilities_of_gaussian_classes():
    g = torch.Generator().manual_seed(4)
    ids = torch.cat([torch.zeros(15_000), torch.ones(5000)]).long()
    mu = torch.randn(20_000, 1, generator=g) + 2.0 * ids[:, None]
    head = discriminant(mu, ids, Readout("side", "class", ("left", "right"), "side"))
    halfway = torch.tensor([[1.0]])  # as likely under both: what is left is how often they come
    assert head(halfway).softmax(1)[0, 1] == pytest.approx(0.25, abs=0.02)


def test_files_hold_the_model_and_golden_outputs_catch_another(tmp_path):
    write_random_linear(tmp_path, RandomOptions(12, 3, 6, 10), "random")
    assert all(check.ok for check in verify_bundle(tmp_path))
    model, manifest = read_linear_model(tmp_path)
    assert model.pictures(model.encode(torch.zeros(1, 3, 12))[0]).shape == (1, 3, 10, 10)
    path = tmp_path / "matrices.bin"
    values = np.frombuffer(path.read_bytes(), "<f4").copy()
    values[manifest["matrices"]["picture"]["bias"]["offset"] // 4] += 0.5
    path.write_bytes(values.tobytes())
    failed = {check.name for check in verify_bundle(tmp_path) if not check.ok}
    assert failed == {"digest matrices.bin", "case 0 image", "case 1 image"}


def test_the_manifest_says_where_every_array_lies_without_gaps(tmp_path):
    write_random_linear(tmp_path, RandomOptions(), "random")
    manifest = json.loads((tmp_path / "manifest.json").read_text())

    def places(entry):
        return [entry] if "offset" in entry else [p for part in entry.values() for p in places(part)]

    ends = 0
    for place in places(manifest["matrices"]):
        assert place["offset"] == ends
        ends += 4 * int(np.prod(place["shape"]))
    assert ends == manifest["files"]["matrices"]["bytes"]


def test_latents_are_dealt_evenly():
    assert [size for _, size in groups(8)] == [2, 2, 2, 2]
    assert sum(size for _, size in groups(64)) == 64
    assert len(groups(2)) == 2
