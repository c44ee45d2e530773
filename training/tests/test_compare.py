"""`phosphene-train compare`: figures known beforehand, controls, cells that are kept, a table that tells all."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from compare_toy import Ridge, toy

from phosphene_train.compare import splits
from phosphene_train.compare.cell import How, run_cell
from phosphene_train.compare.controls import kept_units, levels, shuffled, silenced
from phosphene_train.compare.intervals import interval, pool
from phosphene_train.compare.kept import kept
from phosphene_train.compare.methods_baseline import MeanImage, NearestTraining
from phosphene_train.compare.scores import Items, score
from phosphene_train.compare.types import blind
from phosphene_train.compare.wanted import Absent, Wanted

WANTED = Wanted(None, Path("models"), Path("emoji"), small=True)


def means(items: dict[str, Items]) -> dict[str, float]:
    return {name: float(each.values.mean()) for name, each in items.items()}


def test_the_true_pictures_have_every_figure_at_its_best_and_a_constant_one_is_at_chance():
    split = toy()
    rows = np.arange(len(split.test))
    best = means(score(split.test.pictures, split.test, split, rows, 0))
    names = ("twoWay", "twoWayCentred", "nWay", "correlation", "ssim")
    assert [best[name] for name in names] == pytest.approx([1] * 5, abs=1e-5)
    grey = means(score(np.zeros_like(split.test.pictures), split.test, split, rows, 0))
    assert (grey["twoWay"], grey["correlation"], grey["nWay"]) == (0.5, 0.0, 0.0)


def test_another_showing_of_the_own_picture_is_no_other():
    split = toy()
    twice = replace(split.test, stimulus=np.repeat(split.test.stimulus[::2], 2))
    pictures = split.test.pictures[::2].repeat(2, 0)
    found = score(pictures, replace(twice, pictures=pictures), split, np.arange(len(twice)), 0)
    assert found["twoWay"].values.min() == 1.0


def test_a_video_correlates_as_a_whole_and_long_clips_are_judged_from_their_thirty_third_frame():
    split = toy(pictures=100, movie=True)
    clip = replace(split.test, clip=np.zeros(100, int), frame=np.arange(100))
    decoded = clip.pictures.copy()
    decoded[:32] = 0
    found = score(decoded, clip, split, np.arange(100), 0)
    assert found["videoCorrelation"].values == pytest.approx([1.0])
    assert found["frameCorrelation"].values == pytest.approx([1.0])
    decoded[50] = -decoded[50]
    found = score(decoded, clip, split, np.arange(100), 0)
    assert found["frameCorrelation"].values == pytest.approx([1 - 2 / 68])
    assert found["videoCorrelation"].values < 1


def test_an_interval_is_over_clusters_not_over_their_items():
    random = np.random.default_rng(1)
    value = random.standard_normal(20).repeat(50)
    alone = interval(Items(value, np.arange(1000)))
    together = interval(Items(value, np.arange(20).repeat(50)))
    assert together["high"] - together["low"] > 4 * (alone["high"] - alone["low"])
    assert together["low"] < value.mean() < together["high"]
    assert interval(pool([Items(value, np.zeros(1000))] * 3))["clusters"] == 3


def test_levels_silence_average_and_thin():
    split = toy()
    found = list(levels(split, 0))
    assert [level.level for level in found if level.kind == "noise"] == ["mean of 4", *["50% of spikes"] * 3,
                                                                        *["25% of spikes"] * 3]  # fmt: skip
    ablated = [level for level in found if level.kind == "units"]
    assert sorted({len(level.units) for level in ablated}) == [3, 6, 12]
    assert len({tuple(level.units) for level in ablated}) == 9
    for level in ablated:
        lost = np.setdiff1d(np.arange(split.units), level.units)
        assert not level.windows[:, :, lost].any()
        assert (level.windows[:, :, level.units] == split.test.windows[level.rows][:, :, level.units]).all()
    averaged = next(level for level in found if level.level == "mean of 4")
    whole = np.concatenate([split.test.counts[:, None], split.test.repeats[:, :3]], 1).mean(1)
    assert averaged.windows == pytest.approx(split.norm.apply(whole))
    assert not any(level.level.endswith("spikes") for level in levels(replace(split, averaged=True), 0))


def test_shuffling_keeps_the_spikes_of_every_bin():
    windows = toy().test.windows
    lost = shuffled(windows, 0)
    assert np.sort(lost, 2) == pytest.approx(np.sort(windows, 2))
    assert not (lost == windows).all()
    assert (shuffled(windows, 0) == lost).all()
    assert silenced(windows, kept_units(24, 0.5, 0)).any(axis=(0, 1)).sum() == 12


def test_a_method_reads_the_toy_and_loses_with_units_spikes_and_meaning():
    cell, shown = run_cell(toy(), Ridge(), How("cpu", 1, 0), None)
    view = cell["views"][""]
    mean = lambda kept: np.mean(kept["values"])  # noqa: E731
    assert mean(view["twoWay"]) > 0.9
    assert abs(mean(cell["shuffled"][""]["twoWay"]) - 0.5) < 0.1
    at = {}
    for point in cell["curves"]:
        at.setdefault(point["level"], []).append(point["twoWay"])
    assert np.mean(at["12.5%"]) < np.mean(at["50.0%"]) < at["100.0%"][0]
    assert np.mean(at["25% of spikes"]) < at["single"][0] <= at["mean of 4"][0] + 0.01
    assert all(point["refitted"] for point in cell["curves"] if point["kind"] == "units" and point["value"] < 1)
    assert shown[""].shape == (10, 1, 8, 8)


def test_baselines_show_the_mean_and_a_training_picture():
    split = toy()
    mean = MeanImage().fit(blind(split), "cpu", 1, 0, None)(split.test.windows)
    assert mean[3] == pytest.approx(split.train.pictures.mean(0), abs=1e-6)
    fitted = NearestTraining().fit(blind(split), "cpu", 1, 0, None)
    assert fitted(split.train.windows) == pytest.approx(split.train.pictures)
    known = {picture.tobytes() for picture in split.train.pictures}
    assert all(picture.tobytes() in known for picture in fitted(split.test.windows))


def test_a_kept_data_set_is_the_same_when_read_again(tmp_path):
    made = toy(movie=True)
    first = kept(tmp_path, "toy", WANTED, lambda _: [made])[0]
    again = kept(tmp_path, "toy", WANTED, lambda _: pytest.fail("made anew"))[0]
    assert first is made
    for side in ("train", "test"):
        for name, value in vars(getattr(made, side)).items():
            other = getattr(getattr(again, side), name)
            assert (value is None) == (other is None)
            assert value is None or np.allclose(value, other, atol=1e-6), name
    assert (again.name, again.part, again.bin_ms, again.categories) == ("toy", "one", 20.0, 2)
    remade = []
    kept(tmp_path, "toy", replace(WANTED, seed=1), lambda _: remade.append(1) or [made])
    assert remade


def test_methods_and_data_sets_have_names_of_their_own():
    from phosphene_train.compare.methods import all_methods, choose

    assert {"mean-image", "nearest-training-image"} <= {method.name for method in all_methods()}
    assert [method.name for method in choose(["baseline"])] == ["mean-image", "nearest-training-image"]
    with pytest.raises(ValueError, match=r"--methods: expected some of .*, got nonsense"):
        choose(["nonsense"])
    with pytest.raises(Absent, match="macaque_v4: expected the recording"):
        splits.DATA_SETS["v4"](WANTED)
