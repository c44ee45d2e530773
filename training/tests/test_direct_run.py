"""`phosphene-train direct` and `demo-direct` from end to end, small."""

import json
from pathlib import Path

import pytest
import torch

from phosphene_train.cli import EMOJI, main
from phosphene_train.verify import verify_bundle

SMOKE = Path(__file__).parents[1] / "configs/smoke.toml"
TINY = Path(__file__).parents[2] / "test/fixtures/tiny-bundle"


def command(*words) -> int:
    return main([str(word) for word in words])


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """One run of `direct` on a synthetic recording. Read only."""
    folder = tmp_path_factory.mktemp("direct")
    assert command("import", "synthetic", folder / "x.h5", "--units", "24") == 0
    assert command("direct", SMOKE, "--data", folder / "x.h5", "--out", folder / "run") == 0
    return folder


def test_the_bundle_holds_and_has_its_pictures(made):
    bundle = made / "run/bundle"
    assert all(check.ok for check in verify_bundle(bundle))
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert manifest["kind"] == "direct"
    assert manifest["provenance"]["options"]["direct"]["steps"] == 60
    assert (bundle / "session/session.json").is_file()
    assert "phosphene-train direct" in (bundle / "MODEL_CARD.md").read_text()
    assert (made / "run/samples.png").stat().st_size > 0


def test_decoding_beats_the_controls(made):
    test = json.loads((made / "run/metrics.json").read_text())["test"]
    found = test["pictures"]
    assert found["samples"] == 1
    assert found["1"]["twoWay"] > found["controls"]["unitShuffled"]["twoWay"] + 0.15
    assert found["1"]["correlation"] > found["controls"]["unitShuffled"]["correlation"]


def test_eval_measures_it_by_its_files(made, tmp_path, capsys):
    words = ("--out", tmp_path, "--windows", 50, "--pictures", 10)
    assert command("eval", made / "run/bundle", made / "x.h5", *words) == 0
    assert "smoke-direct" in capsys.readouterr().out
    assert json.loads((tmp_path / "eval.json").read_text())["windows"] == 50


@pytest.mark.skipif(not EMOJI.exists(), reason="the demo's pictures are absent: `npm install` in the repository")
def test_the_demo_bundle_has_units_and_latents_of_the_bundle_that_it_is_for(tmp_path):
    out, work = tmp_path / "tiny-direct", tmp_path / "work"
    words = ("--bundle", TINY, "--work", work, "--smoke", "--device", "cpu", "--set", "critic_steps=1")
    small = ("scenes=48", "seen=48", "test=16", "steps=2", "encoding_steps=0")
    assert command("demo-direct", out, *words, *(word for each in small for word in ("--set", each))) == 0
    assert all(check.ok for check in verify_bundle(out))
    manifest, tiny = (json.loads((folder / "manifest.json").read_text()) for folder in (out, TINY))
    same = ("units", "bins", "image", "normalisation", "latents", "readouts")
    assert [manifest[key] for key in same] == [tiny[key] for key in same]
    assert "never-seen objects" in (out / "MODEL_CARD.md").read_text()
    assert (work / "sheet-neverSeenObjects.png").stat().st_size > 0
