"""What sessions share and what they do not."""

import copy

import pytest
import torch

from phosphene_train.multi_session import MultiSession, set_scale, single
from phosphene_train.train_vae import VaeTraining, train_sessions
from phosphene_train.vae import Readout, VaeOptions
from phosphene_train.vae_loss import VaeBatch, VaeWeights, vae_loss

GROUPS = (("pose", 2), ("category", 2))
READOUTS = (
    Readout("category", "class", ("a", "b"), "category"),
    Readout("x", "value", ("x",), "pose", "px"),
)


def model(*units: int) -> MultiSession:
    torch.manual_seed(0)
    return MultiSession([VaeOptions(u, 3, GROUPS, READOUTS, hidden=16, picture_features=4) for u in units])


def batch(units: int, step: int = 0) -> VaeBatch:
    generator = torch.Generator().manual_seed(step)
    window = torch.randn(32, 3, units, generator=generator)
    kind = (window.mean((1, 2)) > 0).long()
    targets = {"category": kind, "x": window.mean((1, 2))[:, None]}
    return VaeBatch(window, targets, torch.ones(32), torch.zeros(32, 4))


def test_trunk_latents_and_heads_are_one_and_read_in_decoder_and_noise_are_not():
    m = model(5, 7)
    a, b = m.members
    for name in ("trunk", "mu", "logvar", "heads", "picture"):
        assert getattr(a, name) is getattr(b, name)
    assert a.read_in[1].weight.shape == (16, 15)
    assert b.read_in[1].weight.shape == (16, 21)
    assert (a.noise.shape, b.noise.shape) == ((5,), (7,))
    shared = sum(p.numel() for p in [*a.trunk.parameters(), *a.mu.parameters(), *a.logvar.parameters(),
                                     *a.heads.parameters(), *a.picture.parameters()])  # fmt: skip
    alone = sum(p.numel() for x in (a, b) for p in [*x.read_in.parameters(), *x.decoder.parameters(), x.noise])
    assert sum(p.numel() for p in m.parameters()) == shared + alone


def test_copies_stay_shared_and_a_single_one_is_independent():
    m = copy.deepcopy(model(5, 7))
    assert m.members[0].trunk is m.members[1].trunk
    one = single(m, 1)
    with torch.no_grad():
        one.mu.weight.zero_()
    assert m.members[1].mu.weight.abs().sum() > 0


def test_sessions_of_other_latents_are_refused():
    other = VaeOptions(5, 3, (("pose", 4),), (), hidden=16)
    with pytest.raises(ValueError, match="same groups"):
        MultiSession([VaeOptions(5, 3, GROUPS, READOUTS, hidden=16), other])


def test_scales_reach_every_session():
    m = model(5, 7)
    set_scale(m, "x", torch.tensor([3.0]), torch.tensor([2.0]))
    assert [float(member.x_mean) for member in m.members] == [3.0, 3.0]


def test_training_one_session_moves_the_latents_of_the_other():
    m = model(5, 7)
    window = batch(7).window
    before = m.members[1].encode(window)[0]
    trained = train_sessions(
        MultiSession([m.members[0].options]), lambda s, i: batch(5, i), VaeTraining(3, count=100), seed=0
    )
    assert not trained.training
    both = train_sessions(m, lambda s, i: batch((5, 7)[s], i), VaeTraining(1, rate=0.1, count=100), seed=0)
    assert not torch.equal(both.members[1].encode(window)[0], before)


def test_a_run_that_goes_on_ends_as_one_in_a_go(tmp_path, monkeypatch):
    monkeypatch.setattr("phosphene_train.loop.CHECKPOINT_SECONDS", 0.0)
    options = VaeTraining(8, count=100)
    whole = train_sessions(model(5, 7), lambda s, i: batch((5, 7)[s], i), options, seed=3)

    def stopping(session: int, step: int) -> VaeBatch:
        if step == 5:
            raise KeyboardInterrupt
        return batch((5, 7)[session], step)

    with pytest.raises(KeyboardInterrupt):
        train_sessions(model(5, 7), stopping, options, seed=3, checkpoint=tmp_path)
    went_on = train_sessions(
        model(5, 7), lambda s, i: batch((5, 7)[s], i), options, seed=3, checkpoint=tmp_path
    )  # fmt: skip
    for a, b in zip(whole.parameters(), went_on.parameters(), strict=True):
        assert torch.equal(a, b)


def test_unknown_labels_teach_nothing():
    m = model(5).members[0].eval()
    known, unknown = batch(5), batch(5)
    unknown.targets["category"] = torch.full((32,), -1)
    unknown.targets["x"] = torch.full((32, 1), torch.nan)
    _, terms = vae_loss(m, known, VaeWeights(), 100)
    loss, silent = vae_loss(m, unknown, VaeWeights(), 100)
    assert terms["category"] > 0 and terms["x"] > 0
    assert silent["category"] == 0 and silent["x"] == 0
    assert torch.isfinite(loss)
