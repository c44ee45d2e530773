"""The experiment of examples/closed-loop, in Python: its search, and all of it against a rig that shows pictures."""

import json
import sys

import numpy as np
import pytest
from daemon import ROOT, daemon, free_ports, rig, run_example

EXPERIMENT = ROOT / "examples/closed-loop/python"
sys.path.insert(0, str(EXPERIMENT))
from search import DIMENSION, Search, paint  # noqa: E402

GENERATION, FINALS = 26, 30


def test_the_search_finds_the_top_of_a_hill_through_noise():
    target, noise, search = np.sin(3 * np.arange(12)), np.random.default_rng(5), Search(12, seed=3)
    for _ in range(40):
        distances = np.linalg.norm(search.ask() - target, axis=1)
        search.tell(np.round(8 - 2 * distances + 2 * noise.standard_normal(len(distances))))
    assert np.linalg.norm(target) > 2
    assert np.linalg.norm(search.mean - target) < 1


def test_equal_scores_move_nothing_and_missing_ones_are_refused():
    search = Search(12)
    search.tell(np.full(len(search.ask()), 4))
    np.testing.assert_allclose(search.mean, 0, atol=1e-12)
    with pytest.raises(ValueError, match="expected 24 scores"):
        search.tell(np.zeros(3))


def test_zeros_are_grey():
    picture = paint(np.zeros(DIMENSION), 8, 6)
    assert picture.shape == (6, 8, 3)
    assert set(picture.ravel()) == {128}


@pytest.mark.parametrize("objective", [("--unit", "E004.1"), ("--group", "pose")])
def test_it_runs_unattended_and_its_curve_has_a_point_for_every_trial(objective, tmp_path):
    port = free_ports(3)
    with rig(port, "--interactive"), daemon(port, present={"endpoint": f"tcp://127.0.0.1:{port + 2}"}) as url:
        run_example(EXPERIMENT / "closed_loop.py", "--url", url, *objective, "--trials", "1", "--out", str(tmp_path))
    result = json.loads((tmp_path / "result.json").read_text())
    assert len(result["records"]) == GENERATION + FINALS
    assert len({record["stimulus"] for record in result["records"]}) == GENERATION + FINALS
    assert all(record["respondedMs"] > record["shownMs"] for record in result["records"])
    assert (tmp_path / "curve.svg").read_text().count("<circle ") == GENERATION + FINALS
