"""`phosphene-train optimise fit` from end to end, small."""

import json
from pathlib import Path

import pytest

from phosphene_train.cli import main
from phosphene_train.verify import verify_bundle

SMOKE = Path(__file__).parents[1] / "configs/smoke.toml"


def command(*words) -> int:
    return main([str(word) for word in words])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """One run on a synthetic recording. Read only."""
    folder = tmp_path_factory.mktemp("optimise")
    assert command("import", "synthetic", folder / "x.h5", "--units", "24") == 0
    words = ("--data", folder / "x.h5", "--out", folder / "run", "--steps", 100, "--encoders", 1)
    assert command("optimise", "fit", SMOKE, *words) == 0
    return folder / "run"


def test_the_bundle_holds_and_says_what_it_cannot_tell(made):
    assert all(check.ok for check in verify_bundle(made / "bundle"))
    manifest = json.loads((made / "bundle/manifest.json").read_text())
    assert manifest["kind"] == "optimise" and manifest["provenance"]["command"] == "phosphene-train optimise fit"
    assert set(manifest["evidence"]["missing"]) == {"bits", "atypicality"} and len(manifest["evidence"]["units"]) == 2
    assert (made / "bundle/session/session.json").is_file()


def test_encoders_predict_held_out_windows_and_pictures_come_back(made):
    metrics = json.loads((made / "metrics.json").read_text())
    assert metrics["encoders"]["loss"] < metrics["encoders"]["lossOfTheMean"] - 0.1
    assert metrics["test"]["twoWay"] > metrics["testUnitShuffled"]["twoWay"] + 0.15


def test_a_configuration_that_is_not_there_is_one_sentence(tmp_path, capsys):
    assert command("optimise", "fit", tmp_path / "none.toml") == 1
    assert "none.toml" in capsys.readouterr().err
