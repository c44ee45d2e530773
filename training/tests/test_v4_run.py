"""The whole command on a data set in miniature."""

import json

import pytest
import v4_toy

from phosphene_train.cli import main
from phosphene_train.v4.table import COLUMNS

SMALL = ["--device", "cpu", "--copies", "1", "--components", "12", "--steps", "4", "--batch", "16", "--hidden", "16"]


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    root = tmp_path_factory.mktemp("v4")
    v4_toy.write_toy(root)
    return root


def test_the_table_is_written_fold_by_fold_and_taken_up_again(toy, tmp_path):
    command = ["v4", str(toy), "--out", str(tmp_path), *SMALL, "--seeds", "1"]
    assert main([*command, "--folds", "1"]) == 0
    first = json.loads((tmp_path / "folds.json").read_text())["folds"]
    assert list(first) == ["0"]
    assert main([*command, "--folds", "2"]) == 0
    table = json.loads((tmp_path / "table.json").read_text())
    assert json.loads((tmp_path / "folds.json").read_text())["folds"]["0"] == first["0"]
    assert table["folds"] == 2
    assert set(table["tasks"]) == {"190923", "190925", "190927", "201025", "210225", "210325", "210325 single"}
    for task in table["tasks"].values():
        assert set(COLUMNS.values()) <= set(task["decoders"])
    assert (tmp_path / "two-way.png").stat().st_size > 1000


def test_the_bundle_is_verified_and_measured(toy, tmp_path):
    command = ["v4", str(toy), "--out", str(tmp_path), *SMALL, "--seeds", "1", "--folds", "1"]
    sizes = ["--denoiser-steps", "2", "--student-steps", "0", "--denoiser-width", "16"]
    assert main([*command, "--bundle", "201025", *sizes]) == 0
    figures = json.loads((tmp_path / "bundle.json").read_text())["figures"]
    assert set(figures) == {"1", "2", "4"}
    manifest = json.loads((tmp_path / "bundle/manifest.json").read_text())
    assert manifest["units"]["count"] == 6
    assert manifest["bins"] == {"widthMs": 100.0, "window": 1}
