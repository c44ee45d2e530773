"""`phosphene-train demo` from end to end, with everything small: that the stages fit together, not that they learn."""

import json

import numpy as np
import onnxruntime as ort
import pytest
import torch

from phosphene_train.cli import EMOJI
from phosphene_train.demo import run_demo
from phosphene_train.demo_run import SMOKE
from phosphene_train.verify import verify_bundle

if not EMOJI.exists():
    pytest.skip("the demo's pictures are absent: `npm install` in the repository", allow_module_level=True)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo")
    return out, run_demo(EMOJI, out, "cpu", SMOKE)


def test_the_bundle_holds(run):
    checks = verify_bundle(run[0] / "bundle")
    assert [check for check in checks if not check.ok] == []
    assert max(check.error for check in checks if "fp16" not in check.name) < 1e-4


def test_every_figure_of_the_card_was_measured(run):
    out, metrics = run
    assert set(metrics["neural"]) == {"S58", "S110", "S256"}
    rows = metrics["ladder"]["rows"]
    assert {row["steps"] for row in rows if row["model"] == "student"} == {1, 2, 4}
    assert {row["solver"] for row in rows if row["model"] == "teacher"} == {"ddim", "ipndm"}
    assert set(metrics["evidence"]["auc"]) == {"blank", "unitShuffled", "timeShuffled", "foreign"}
    assert np.shape(metrics["disentanglement"]["selectivity"]["matrix"]) == (5, 4)
    assert json.loads((out / "metrics.json").read_text()).keys() == metrics.keys()
    card = (out / "bundle" / "MODEL_CARD.md").read_text()
    assert "timeShuffled" in card
    assert all((out / name).stat().st_size > 0 for name in ("ladder.png", "selectivity.png", "demo-grid.png"))


def test_the_encoding_model_gives_the_session_its_rates(run):
    session = json.loads((run[0] / "bundle/session/session.json").read_text())
    graph = ort.InferenceSession(str(run[0] / "bundle/session" / session["encoding"]["file"]))
    rates = graph.run(None, {"image": torch.zeros(1, 3, 64, 64).numpy()})[0]
    assert rates.shape == (1, len(session["units"])) == (1, 256)


def test_a_run_goes_on_from_its_finished_stages(run, capsys):
    out, metrics = run
    again = run_demo(EMOJI, out, "cpu", SMOKE, resume=out)
    assert "denoiser" not in capsys.readouterr().out
    assert again["heldOutRenderings"] == metrics["heldOutRenderings"]
