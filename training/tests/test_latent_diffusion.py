"""The stages of latent diffusion from voxels: masks, contrast, cross-attention, embedding, conditions, graphs."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from phosphene_train.latent_diffusion.condition import cross_fit, least, ridge
from phosphene_train.latent_diffusion.contrast import ContrastTraining, augment, contrast_loss, info_nce
from phosphene_train.latent_diffusion.corpus import Corpus
from phosphene_train.latent_diffusion.cross import CrossModal, PictureMae
from phosphene_train.latent_diffusion.decode import Way, decode
from phosphene_train.latent_diffusion.fit import fit
from phosphene_train.latent_diffusion.mae import VoxelMae, patches, random_places, spread
from phosphene_train.latent_diffusion.measure import TRIALS, top1_of_n
from phosphene_train.latent_diffusion.sizes import TINY
from phosphene_train.latent_diffusion.state import build
from phosphene_train.latent_diffusion.tiny import write_tiny
from phosphene_train.verify import verify_bundle

VOXELS = 21


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def test_patches_hold_every_voxel_once_and_zeros_behind():
    o = TINY.mae(VOXELS)
    pattern = torch.randn(3, VOXELS)
    cut = patches(pattern, o)
    assert cut.shape == (3, 11, 2)
    assert torch.equal(cut.flatten(1)[:, :VOXELS], pattern)
    assert not cut.flatten(1)[:, VOXELS:].any()


def test_a_mask_keeps_its_share_of_distinct_places():
    kept = random_places(64, 20, 0.75, torch.device("cpu"))
    assert kept.shape == (64, 5)
    assert all(len(set(row)) == 5 for row in kept.tolist())
    tokens = torch.randn(64, 5, 4)
    filled = spread(tokens, kept, torch.zeros(1, 1, 4), 20)
    assert torch.equal(filled.gather(1, kept[..., None].expand(-1, -1, 4)), tokens)
    assert filled.count_nonzero() == tokens.count_nonzero()


def test_hidden_voxels_do_not_reach_their_reconstruction():
    model = VoxelMae(TINY.mae(VOXELS)).eval()
    pattern, kept = torch.randn(1, VOXELS), torch.tensor([[0, 3, 7]])
    out = model.decoder(model.encoder(pattern, kept), kept)
    hidden = model.hidden(kept)[0]
    assert hidden.sum() == VOXELS - 6
    changed = torch.where(hidden, torch.randn(VOXELS), pattern)
    assert torch.equal(model.decoder(model.encoder(changed, kept), kept), out)


def test_info_nce_is_log_of_the_batch_for_noise_and_less_for_pairs():
    rows = torch.randn(64, 4000)
    assert info_nce(rows, torch.randn(64, 4000)) == pytest.approx(math.log(64), abs=0.1)
    assert info_nce(rows, rows + 0.1 * torch.randn_like(rows)) < 0.05
    assert info_nce(rows, rows.flip(0)) > 2 * math.log(64)


def test_the_contrastive_loss_weighs_its_terms():
    model, pattern = VoxelMae(TINY.mae(VOXELS)), torch.randn(8, VOXELS)
    loss, terms = contrast_loss(model, pattern, ContrastTraining(1, cross=0.5, self_=1.0, squared=1.0))
    expected = 0.5 * (0.5 * terms["cross"] + terms["own"]) + terms["squared"]
    assert float(loss.detach()) == pytest.approx(float(expected), rel=1e-5)
    share = float((augment(torch.ones(100, 1000)) == 0).float().mean())
    assert share == pytest.approx(0.2, abs=0.01)


def test_both_modalities_learn_through_cross_attention():
    model = CrossModal(VoxelMae(TINY.mae(VOXELS)), PictureMae(TINY.pictures()))
    terms = model(torch.rand(4, 3, 16, 16) * 2 - 1, torch.randn(4, VOXELS))
    # The pictures' error alone moves the voxels' encoder, and the other way round.
    terms["pictures"].backward(retain_graph=True)
    assert model.voxels.encoder.embed.weight.grad.abs().sum() > 0
    model.zero_grad()
    terms["voxels"].backward()
    assert model.pictures.embed.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("count", [12, 200])
def test_ridge_predicts_left_out_rows_by_the_others_in_both_forms(count):
    x = torch.randn(count, 40)
    truth = torch.randn(40, 3)
    y = x @ truth + 0.01 * torch.randn(count, 3)
    part = torch.arange(count) % 4
    fit_, told = cross_fit(x, y, part)
    assert torch.isfinite(told).all()
    if count > 40:
        assert torch.allclose(fit_.weights, truth.T, atol=0.05)
        assert (told - y).square().mean() < 0.01
    # Rows of part 0 are told by a fit to parts 1 to 3, of one penalty for each output.
    mine, others = part == 0, part != 0
    mx, my = x[others].mean(0), y[others].mean(0)
    fits = torch.stack([(x[mine] - mx) @ w + my for w in ridge(x[others] - mx, y[others] - my)])
    assert (fits - told[mine]).abs().amax(1).amin(0).max() < 1e-4
    weights, bias = least(x[:, :2], x[:, :2] * 2 + 1)
    assert torch.allclose(weights, 2 * torch.eye(2), atol=0.01)
    assert torch.allclose(bias, torch.ones(2), atol=0.01)


def corpus(trials: int = 24) -> Corpus:
    picture = lambda n: torch.randint(0, 255, (n, 3, 16, 16)).byte()  # noqa: E731
    labels = torch.randint(0, 3, (trials,))
    return Corpus(
        picture(trials), torch.randn(trials, 2, VOXELS), picture(20), torch.randn(30, 2, VOXELS), labels, tuple("abc")
    )


def test_all_stages_run_and_the_decoder_is_deterministic():
    fitted, _, (first, second) = fit(corpus(), TINY, 0, 1)
    assert set(fitted.seconds) == {"autoencoder", "contrast", "cross", "prior", "tune", "distil"}
    patterns = torch.randn(3, VOXELS)
    pictures = decode(fitted, patterns, Way("4"), 2)
    assert pictures.shape == (3, 2, 3, 16, 16)
    assert pictures.abs().max() <= 1
    assert torch.equal(decode(fitted, patterns, Way("4"), 2), pictures)
    assert not torch.equal(pictures[:, 0], pictures[:, 1])
    # Phase 2 trained the encoder on; without tokens, or without mu, another picture.
    assert not torch.equal(first.encoder.embed.weight, second.encoder.embed.weight)
    for less in (Way("4", no_tokens=True), Way("4", no_embedding=True)):
        assert not torch.equal(decode(fitted, patterns, less, 2), pictures)


def test_withheld_conditions_do_not_reach_the_denoiser():
    denoiser = build(TINY, VOXELS, ("a", "b"))["student"]
    o = denoiser.options
    x, t, one = torch.randn(2, o.channels, o.side, o.side), torch.tensor([0.5, 0.9]), torch.ones(2)
    clean = lambda cond, given: denoiser.clean(x, t, cond, one, given)  # noqa: E731
    a, b = torch.randn(2, 2, o.condition)
    assert torch.equal(clean(a, 0 * one), clean(b, 0 * one))
    assert not torch.equal(clean(a, one), clean(b, one))


def test_top1_of_n_is_chance_for_noise_and_one_for_the_truth():
    true = torch.randn(200, 60)
    assert top1_of_n(true, true, 50, 0).mean() == 1
    assert top1_of_n(torch.randn(200, 60), true, 50, 0).mean() == pytest.approx(1 / 50, abs=0.015)
    # One of 59 other classes scores higher: it is among the 49 drawn in 49 of 59 cases.
    logits, klass = torch.zeros(1, 60), torch.zeros(1, 60)
    klass[0, 5], logits[0, 5], logits[0, 7] = 1, 1, 2
    assert float(top1_of_n(logits, klass, 50, 0)) == pytest.approx(10 / 59, abs=3 / math.sqrt(TRIALS))


def test_a_bundle_of_random_weights_reproduces_its_golden_outputs(tmp_path: Path):
    write_tiny(tmp_path / "tiny")
    assert all(check.ok for check in verify_bundle(tmp_path / "tiny"))
    kept = Path(__file__).parents[2] / "test/fixtures/tiny-latent-diffusion/session/loadings.f32"
    made = (tmp_path / "tiny/session/loadings.f32").read_bytes()
    assert np.allclose(np.frombuffer(made, "<f4"), np.frombuffer(kept.read_bytes(), "<f4"), atol=1e-5)
