"""The demo animal's `optimise` bundles, small: fitted, measured, written, played."""

import json
from dataclasses import replace

import pytest

from phosphene_train.cli import EMOJI
from phosphene_train.demo_run import SMOKE, prepare
from phosphene_train.optimise.demo_bundle import BundleSizes, write_demo_bundle
from phosphene_train.optimise.demo_run import DemoSizes, fit_demo
from phosphene_train.optimise.live import compare_live
from phosphene_train.optimise.still_train import StillTraining
from phosphene_train.verify import verify_bundle


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A run with an animal and an encoder of a few steps. Read only."""
    out = tmp_path_factory.mktemp("optimise-demo")
    run = prepare(EMOJI, out, "cpu", replace(SMOKE, animals=1, train=96, test=8), None)
    sizes = DemoSizes(1, 96, StillTraining(12, 16), ((4, 5, 4), (6, 3, 4)), 8, (32, 2, 2, 8))
    return run, fit_demo(run, sizes, 0)


def test_a_bundle_is_measured_against_what_is_none_holds_and_plays(fitted, tmp_path):
    run, models = fitted
    sizes = BundleSizes(1, 4, 6)
    metrics = write_demo_bundle(run, models, None, sizes, tmp_path / "bundle", "test")
    assert all(check.ok for check in verify_bundle(tmp_path / "bundle"))
    manifest = json.loads((tmp_path / "bundle/manifest.json").read_text())
    evidence = manifest["evidence"]
    assert set(evidence["calibration"]["rejected"]) == {"real", "blank", "unitShuffled"}
    assert len(evidence["units"]) == 26 and evidence["bitsThreshold"] is None
    assert manifest["metrics"] == metrics and set(metrics) == {"heldOutRenderings", "neverSeenObjects"}
    again = tmp_path / "again"
    write_demo_bundle(run, models, None, sizes, again, "test", tmp_path / "bundle/manifest.json")
    kept = json.loads((again / "manifest.json").read_text())
    assert kept["evidence"] == evidence and kept["metrics"] == metrics
    found = compare_live(run, again, 2, 16)
    assert found["scenes"] == 2 and found["frames"] == 2 * 65 - 4
    assert {"oracle, 16 iterations", "1 a frame", "32 a frame"} <= set(found)
