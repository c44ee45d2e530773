"""`phosphene-train linear` and `demo-linear` from end to end, small."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from phosphene_train.cli import EMOJI, main
from phosphene_train.golden import decode_array
from phosphene_train.verify import verify_bundle

SMOKE = Path(__file__).parents[1] / "configs/smoke.toml"
TINY = Path(__file__).parents[2] / "test/fixtures/tiny-bundle"


def command(*words) -> int:
    return main([str(word) for word in words])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """One run of `linear` on a synthetic recording. Read only."""
    folder = tmp_path_factory.mktemp("linear")
    assert command("import", "synthetic", folder / "x.h5", "--units", "24") == 0
    words = ("--data", folder / "x.h5", "--out", folder / "run", "--windows", 4000)
    assert command("linear", SMOKE, *words) == 0
    return folder


def test_the_bundle_holds_and_has_its_pictures(made):
    bundle = made / "run/bundle"
    assert all(check.ok for check in verify_bundle(bundle))
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert manifest["kind"] == "linear"
    assert manifest["provenance"]["options"]["windows"] == 4000
    assert manifest["metrics"]["categoryTop1"] > 2 * 0.25
    assert (bundle / "session/session.json").is_file()
    assert "phosphene-train linear" in (bundle / "MODEL_CARD.md").read_text()
    assert (made / "run/samples.png").stat().st_size > 0


def test_decoding_beats_the_controls_and_blanks_are_refused(made):
    test = json.loads((made / "run/metrics.json").read_text())["test"]
    assert test["readouts"]["category"]["top1"] > test["readoutsUnitShuffled"]["category"]["top1"] + 0.3
    assert min(test["readouts"]["pose"]["r2"].values()) > 0.4
    found = test["pictures"]
    assert found["samples"] == 1
    assert found["1"]["twoWay"] > max(found["controls"][k]["twoWay"] for k in ("unitShuffled", "meanPicture")) + 0.2
    assert test["evidence"]["blank"]["rejected"] > 0.8
    assert test["evidence"]["real"]["rejected"] < 0.2


def test_it_knows_the_latents_of_the_pictures_that_training_showed(made):
    bundle = made / "run/bundle"
    known = json.loads((bundle / "targets.json").read_text())
    files = {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in (bundle / "session").glob("*.webp")}
    assert 0 < len(known["stimuli"]) < len(files)
    assert all(files[name] == each["sha256"] for name, each in known["stimuli"].items())
    dimension = json.loads((bundle / "manifest.json").read_text())["latents"]["dimension"]
    latents = np.stack([decode_array(each["latents"], dimension) for each in known["stimuli"].values()])
    assert np.abs(latents.mean(0)).max() < 0.5
    assert known["residue"] > 0


def test_receptive_fields_read_the_pictures_too(made, tmp_path):
    words = ("--data", made / "x.h5", "--out", tmp_path / "run", "--windows", 4000, "--method", "receptive-field")
    assert command("linear", SMOKE, *words) == 0
    assert all(check.ok for check in verify_bundle(tmp_path / "run/bundle"))
    found = json.loads((tmp_path / "run/metrics.json").read_text())
    test = found["test"]["pictures"]
    assert test["1"]["twoWay"] > test["controls"]["unitShuffled"]["twoWay"] + 0.2
    assert 0.5 < found["errorOverPosterior"] < 2


def test_eval_measures_it_by_its_files(made, tmp_path, capsys):
    words = ("--out", tmp_path, "--windows", 50, "--pictures", 10)
    assert command("eval", made / "run/bundle", made / "x.h5", *words) == 0
    assert "smoke-linear" in capsys.readouterr().out
    assert json.loads((tmp_path / "eval.json").read_text())["windows"] == 50


def test_the_same_command_gives_the_same_matrices(made, tmp_path):
    words = ("--data", made / "x.h5", "--out", tmp_path / "run", "--windows", 4000)
    assert command("linear", SMOKE, *words) == 0
    files = [folder / "bundle/matrices.bin" for folder in (made / "run", tmp_path / "run")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_mistake_is_one_sentence(tmp_path, capsys):
    assert command("linear", SMOKE, "--data", tmp_path / "none.h5", "--out", tmp_path / "run") == 1
    assert "none.h5: expected a file of training data, found none" in capsys.readouterr().err
    assert command("demo-linear", tmp_path / "out", "--bundle", tmp_path) == 1
    assert "manifest.json: expected a bundle with a simulated session" in capsys.readouterr().err


@pytest.mark.skipif(not EMOJI.exists(), reason="the demo's pictures are absent: `npm install` in the repository")
def test_the_demo_bundle_has_the_units_of_the_bundle_that_it_is_for(tmp_path):
    out = tmp_path / "tiny-linear"
    words = ("--bundle", TINY, "--scenes", 256, "--windows", 2000, "--test", 32, "--content", 4)
    assert command("demo-linear", out, *words) == 0
    assert all(check.ok for check in verify_bundle(out))
    manifest, tiny = (json.loads((folder / "manifest.json").read_text()) for folder in (out, TINY))
    assert [manifest[key] for key in ("units", "bins", "image", "normalisation")] == [
        tiny[key] for key in ("units", "bins", "image", "normalisation")
    ]
    assert [g["name"] for g in manifest["latents"]["groups"]] == [g["name"] for g in tiny["latents"]["groups"]]
    assert "never-seen objects" in (out / "MODEL_CARD.md").read_text()
    # The tiny session's labels say nothing of pose: its pictures are no truth.
    assert json.loads((out / "targets.json").read_text())["stimuli"] == {}
