"""The road from an NWB file to a bundle, small, by the commands that a user types; and what bad input gets."""

import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from phosphene_train.cli import main
from phosphene_train.data import read_dataset, write_dataset
from phosphene_train.data.types import TEST, VALIDATION
from phosphene_train.fit import cli
from phosphene_train.verify import verify_bundle

SMOKE = Path(__file__).parents[1] / "configs/smoke.toml"


def command(*words) -> int:
    return main([str(word) for word in words])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """One whole run: synthetic NWB files, import, fit, eval. Read only."""
    folder = tmp_path_factory.mktemp("fit")
    assert command("import", "synthetic", folder / "x.h5", "--nwb", folder / "rig.nwb", "--units", "16,12") == 0
    sessions = sorted(folder.glob("rig*.nwb"))
    assert len(sessions) == 2
    assert command("import", "nwb", *sessions, folder / "synthetic.h5", "--labels", "category,pose=x+y+size@px") == 0
    assert command("fit", SMOKE, "--data", folder / "synthetic.h5", "--out", folder / "run", "--device", "cpu") == 0
    return folder


def test_the_bundle_gives_under_onnx_runtime_what_torch_gave(made):
    checks = verify_bundle(made / "run/bundle")
    assert all(check.ok for check in checks)
    assert max(check.error for check in checks if "fp16" not in check.name) <= 1e-4


def test_the_run_folder_has_options_history_metrics_and_figures(made):
    run = made / "run"
    names = {path.name for path in run.iterdir()}
    assert {"options.json", "metrics.json", "losses.png", "samples.png", "selectivity.png", "bundle"} <= names
    assert not [name for name in names if "draft" in name or "checkpoint" in name]
    lines = [json.loads(line) for line in (run / "vae.jsonl").read_text().splitlines()]
    assert lines[-1]["pose"] < lines[0]["pose"]
    options = json.loads((run / "options.json").read_text())
    assert options["vae"]["steps"] == lines[-1]["step"] + 1
    manifest = json.loads((run / "bundle/manifest.json").read_text())
    assert manifest["provenance"]["options"] == options
    assert manifest["metrics"]["heldOutStimuli"] == 8


def test_metrics_compare_with_a_plain_vae_and_say_where_factors_are(made):
    metrics = json.loads((made / "run/metrics.json").read_text())
    assert metrics["groupVae"]["windows"] == metrics["plainVae"]["windows"]
    found = metrics["groupVae"]["disentanglement"]["selectivity"]
    matrix = dict(zip(found["factors"], found["matrix"], strict=True))
    assert found["groups"] == ["pose", "category", "content"]
    assert matrix["pose x"][0] > matrix["pose x"][1]
    kinds = metrics["evidence"]["windows"]
    assert set(kinds) == {"real", "unitShuffled", "timeShuffled", "blank", "otherStimulus"}
    assert metrics["evidence"]["auc"]["blank"]["joint"] > 0.7
    assert metrics["posterior"]["testAfter"]["windows"] > 0


def test_decoding_beats_the_controls(made):
    found = json.loads((made / "run/metrics.json").read_text())["test"]
    assert found["readouts"]["pose"]["r2"]["x"] > 0.2
    assert found["pictures"]["4"]["correlation"] > found["pictures"]["controls"]["unitShuffled"]["correlation"]
    assert found["evidence"]["real"]["rejected"] < found["evidence"]["blank"]["rejected"]


def test_eval_needs_the_bundle_and_the_data_alone(made, tmp_path, capsys):
    copied = shutil.copytree(made / "run/bundle", tmp_path / "elsewhere")
    sizes = ("--windows", 60, "--pictures", 8, "--samples", 2)
    assert command("eval", copied, made / "synthetic.h5", "--out", tmp_path / "out", *sizes) == 0
    assert "two-way" in capsys.readouterr().out
    metrics = json.loads((tmp_path / "out/eval.json").read_text())
    assert metrics["windows"] == 60
    assert (tmp_path / "out/eval.png").read_bytes().startswith(b"\x89PNG")
    assert metrics["pictures"]["1"]["correlationBest"] >= metrics["pictures"]["1"]["correlation"]


def test_a_stopped_run_goes_on_from_its_finished_stages(made, tmp_path, monkeypatch):
    run = tmp_path / "run"
    shutil.copytree(made / "run", run, ignore=shutil.ignore_patterns("bundle", "metrics.json"))

    def trained_again(*_):
        raise AssertionError("a finished stage was trained again")

    for name in ("fit_vae", "fit_teacher", "fit_student"):
        monkeypatch.setattr(f"phosphene_train.fit.run.{name}", trained_again)
    assert command("fit", SMOKE, "--data", made / "synthetic.h5", "--out", run, "--device", "cpu") == 0
    again, first = (json.loads((at / "metrics.json").read_text()) for at in (run, made / "run"))
    assert again["test"]["readouts"] == first["test"]["readouts"]
    assert again["evidence"]["rejected"] == first["evidence"]["rejected"]


# The second is what the driver says when a tensor is copied to a GPU that others have filled, seen on one H100.
@pytest.mark.parametrize(
    "fault",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB. More words."),
        torch.AcceleratorError("CUDA error: out of memory\nSearch for `cudaErrorMemoryAllocation' in its pages.\n"),
    ],
)
def test_a_full_gpu_at_the_end_is_one_sentence_and_leaves_no_bundle(made, tmp_path, monkeypatch, capsys, fault):
    run = tmp_path / "run"
    shutil.copytree(made / "run", run, ignore=shutil.ignore_patterns("bundle", "metrics.json"))

    def full(*_):
        raise fault

    monkeypatch.setattr("phosphene_train.fit.run.evaluate_bundle", full)
    assert command("fit", SMOKE, "--data", made / "synthetic.h5", "--out", run, "--device", "cpu") == 1
    message = capsys.readouterr().err
    assert re.match(
        r"GPU memory: expected room for this run, got CUDA (error: )?out of memory; make vae.batch", message
    )
    assert message.count("\n") == 1
    assert not (run / "bundle").exists()
    assert not list(run.glob(".bundle*"))


@pytest.mark.parametrize(("split", "name"), [(VALIDATION, "validation"), (TEST, "test")])
def test_an_empty_split_is_one_sentence(made, tmp_path, capsys, split, name):
    dataset = read_dataset(made / "synthetic.h5")
    sessions = [vars(session) for session in dataset.sessions]
    # Of the exported session alone: a dataset without any test presentation is not even written.
    first = {**sessions[0], "split": np.where(sessions[0]["split"] == split, 0, sessions[0]["split"]).astype(np.int8)}
    kind = type(dataset.sessions[0])
    changed = {**vars(dataset), "sessions": (kind(**first), kind(**sessions[1])), "split_by": "trials"}
    write_dataset(type(dataset)(**changed), tmp_path / "data.h5")
    assert command("fit", SMOKE, "--data", tmp_path / "data.h5", "--out", tmp_path / "run", "--device", "cpu") == 1
    message = capsys.readouterr().err
    assert f"split {name}: expected presentations with room for a window of 5 x 20 ms, found none" in message
    assert message.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_bundle_of_other_units_is_one_sentence(made, tmp_path, capsys):
    assert command("import", "synthetic", tmp_path / "other.h5", "--units", "9", "--sessions", 1) == 0
    capsys.readouterr()
    assert command("eval", made / "run/bundle", tmp_path / "other.h5", "--out", tmp_path) == 1
    assert "expected a session with the 16 units of bundle smoke, found session-a (9 units)" in capsys.readouterr().err


def test_labels_that_are_not_there_are_one_sentence(made, tmp_path, capsys):
    text = SMOKE.read_text().replace('supervise = "category"', 'supervise = "kind"')
    (tmp_path / "c.toml").write_text(text)
    assert command("fit", tmp_path / "c.toml", "--data", made / "synthetic.h5", "--out", tmp_path / "run") == 1
    assert "expected label sets of the data (category, pose), got kind" in capsys.readouterr().err


def test_stopping_by_hand_says_how_to_go_on(capsys):
    def stop(_):
        raise KeyboardInterrupt

    assert cli.guarded(stop)(None) == 130
    assert "goes on from the last checkpoint" in capsys.readouterr().err
    assert "torch" in sys.modules
