"""The movie experiment of kind `optimise`: world, population, encoder, masks, measures, orderings."""

import dataclasses
import json

import pytest
import torch

from phosphene_train.optimise.movie_cortex import TAPS, make_movie_cortex
from phosphene_train.optimise.movie_data import MovieSizes, simulate
from phosphene_train.optimise.movie_descend import of_units, predict, reconstruct
from phosphene_train.optimise.movie_encoder import MovieEncoder, MovieEncoderOptions
from phosphene_train.optimise.movie_masks import train_mask
from phosphene_train.optimise.movie_metrics import blur_movie, frame_correlation, judge, video_correlation
from phosphene_train.optimise.movie_train import MovieTraining, fit_movie_encoder, prediction
from phosphene_train.optimise.movie_world import HEIGHT, WIDTH, World
from phosphene_train.optimise.movies import MovieRun, run_movies
from phosphene_train.optimise.ordering import orderings
from phosphene_train.stimuli import Objects

STAGES = ((4, 7, 4, 3), (6, 3, 1, 2))


@pytest.fixture(scope="module")
def objects() -> Objects:
    """Four discs of plain colours, half of them seen."""
    generator = torch.Generator().manual_seed(0)
    y, x = torch.meshgrid(*[torch.linspace(-1, 1, 24)] * 2, indexing="ij")
    disc = ((x**2 + y**2) < 0.8).float()
    colours = torch.rand(4, 3, 1, 1, generator=generator)
    textures = torch.cat([colours * disc, disc.expand(4, 1, -1, -1)], 1)
    return Objects(textures, torch.zeros(4, dtype=torch.long), torch.tensor([True, True, False, False]), tuple("abcd"))


@pytest.fixture(scope="module")
def data(objects):
    return simulate(objects, MovieSizes(16, 40, 48, 3, 48), 0)


def test_the_same_seed_gives_the_same_movies_which_move(objects):
    world = World(torch.rand(2, 2, 24, 24))
    first, again = (world.movies(2, 40, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, again) and first.shape == (2, 40, HEIGHT, WIDTH)
    assert (first[:, 1:].float() - first[:, :-1].float()).abs().mean() > 1


def test_units_answer_to_the_past_alone_and_to_their_place(data):
    clip = data.clips[:1].clone()
    before = data.cortex.expected(clip)
    clip[:, 20:] = 0
    after = data.cortex.expected(clip)
    assert torch.equal(before[:, :20], after[:, :20]) and not torch.equal(before[:, 20:], after[:, 20:])
    clip[:, :20] = 0
    assert torch.allclose(data.cortex.expected(clip)[:, 20 + TAPS :], after[:, 20 + TAPS :])


def test_rates_are_as_drawn_on_the_movies_they_were_scaled_on(data):
    cortex = make_movie_cortex(32, data.movies[:8], torch.Generator().manual_seed(1))
    mean = cortex.expected(data.movies[:8]).mean((0, 1))
    assert (mean <= cortex.rate + 1e-4).all() and (mean / cortex.rate).mean() > 0.5


def test_an_encoder_learns_to_predict_what_it_is_fitted_to(data):
    few = dataclasses.replace(data, movies=data.movies[:2], counts=data.counts[:2])

    def found(steps: int) -> float:
        model = fit_movie_encoder(few, MovieTraining(steps, 2, 5e-3, stages=STAGES), 0, 1)
        return prediction(model, few.movies, few.counts.float())

    assert found(40) > found(1) + 0.1


class Left(MovieEncoder):
    """Two units that see the brightness of the left half, three frames wide in time."""

    def forward(self, movie):
        left = (movie[..., : WIDTH // 2] / 127.5 - 1).mean((2, 3))
        return torch.nn.functional.softplus(torch.stack([4 * left, -4 * left], 2))


def left_encoder() -> Left:
    return Left(MovieEncoderOptions(2, HEIGHT, WIDTH, STAGES)).requires_grad_(False)


def test_a_mask_covers_what_the_encoder_sees_and_nothing_else(data):
    mask = train_mask(left_encoder(), data.movies, 400, torch.Generator().manual_seed(0))
    left, right = mask[4:-4, 6 : WIDTH // 2 - 6], mask[:, WIDTH // 2 + 8 :]
    assert left.mean() > 0.6 and right.mean() < 0.1


def test_a_descent_from_grey_finds_the_brightness_and_keeps_to_the_mask(data):
    model, mask = left_encoder(), torch.ones(HEIGHT, WIDTH)
    mask[:, :4] = 0
    wanted = model(data.clips.float())
    found = reconstruct([model], wanted, mask, 60)
    assert (found[..., :4] == 127.5).all()
    shown, seen = (x[:, 12:, :, 4 : WIDTH // 2].float().mean((2, 3)) for x in (data.clips, found))
    for a, b in zip(shown, seen, strict=True):
        assert torch.corrcoef(torch.stack([a, b]))[0, 1] > 0.9


def test_units_and_windows_are_taken_as_said(data):
    torch.manual_seed(0)
    model = MovieEncoder(MovieEncoderOptions(16, HEIGHT, WIDTH, STAGES)).requires_grad_(False)
    units = torch.tensor([3, 7])
    clip = data.clips[:1].float()
    assert torch.allclose(of_units(model, units)(clip), model(clip)[:, :, units])
    assert torch.allclose(predict(model, data.clips)[:, 24:40], model(data.clips.float())[:, 24:40], atol=1e-4)


def test_measures_skip_the_first_frames_and_what_lies_outside(data):
    shown = data.clips[0].float()
    mask = torch.zeros(HEIGHT, WIDTH, dtype=torch.bool)
    mask[10:20, 10:30] = True
    found = torch.randn_like(shown)
    found[32:, mask] = shown[32:, mask]
    assert video_correlation(shown, found, mask) > 0.999 and frame_correlation(shown, found, mask) > 0.999
    assert abs(video_correlation(shown, torch.randn_like(shown), mask)) < 0.1
    bright = found.clone()
    bright[33] += 200
    assert video_correlation(shown, bright, mask) < 0.95 and frame_correlation(shown, bright, mask) > 0.999
    assert set(judge(shown, found, mask)) == {"video", "frame", "rmse"}


def test_the_blur_keeps_a_constant_and_spreads_a_point():
    movie = torch.zeros(9, 9, 9)
    movie[4, 4, 4] = 1
    blurred = blur_movie(movie[None])[0]
    assert torch.isclose(blurred.sum(), torch.tensor(1.0), atol=1e-5) and 0.3 < blurred[4, 4, 4] < 0.6
    assert torch.allclose(blur_movie(torch.full((1, 5, 6, 7), 3.0)), torch.full((1, 5, 6, 7), 3.0), atol=1e-5)


def test_orderings_are_of_pairs():
    rows = lambda *values: [{"video": v, "frame": v} for v in values]  # noqa: E731
    clips = {
        "ensemble": rows(0.5, 0.6),
        "single 0": rows(0.3, 0.4),
        "single 1": rows(0.5, 0.4),
        "no mask": rows(0.6, 0.5),
    }
    found = {o.claim: o for o in orderings([{"clips": {"9": clips}}, {"clips": {}}], 9)}
    assert set(found) == {"ensembling > a single model", "mask > no mask"}
    single, mask = found["ensembling > a single model"], found["mask > no mask"]
    assert single.pairs == 2 and single.share == 1 and single.difference == pytest.approx(0.15) and single.holds
    assert mask.difference == pytest.approx(0) and not mask.holds and mask.share == 0.5


def test_the_whole_experiment_runs_and_keeps_what_it_found(objects, tmp_path):
    run = MovieRun(2, 300.0, (1, 3), 20)
    sizes, training = MovieSizes(12, 6, 40, 2, 40), MovieTraining(3, 2, stages=STAGES)
    report = run_movies(objects, sizes, run, training, [4], 0, tmp_path)
    kept = json.loads((tmp_path / "results.json").read_text())["seeds"][0]["clips"]
    assert kept.keys() == {"1", "3"}
    assert kept["3"].keys() == report["seeds"][0]["clips"]["3"].keys() >= {"ensemble", "single 1", "predicted"}
    assert (tmp_path / "movies-4.png").stat().st_size > 0
