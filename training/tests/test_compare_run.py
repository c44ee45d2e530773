"""A whole run of `phosphene-train compare` on toys: cells that are kept, a table, a sheet and a page that tell all."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from compare_toy import Broken, Ridge, toy

from phosphene_train.compare import run
from phosphene_train.compare.cell import How
from phosphene_train.compare.document import BEGIN, END
from phosphene_train.compare.methods_baseline import MeanImage
from phosphene_train.compare.report import report
from phosphene_train.compare.wanted import Absent, Wanted
from phosphene_train.data import DataError

WANTED = Wanted(None, Path("models"), Path("emoji"), small=True)


@pytest.fixture
def options(tmp_path, monkeypatch):
    """Two data sets, one of them absent; a method that works, one that refuses movies, one that is broken."""

    def absent(_wanted):
        raise Absent("gone: expected it here, found none")

    monkeypatch.setattr(run, "DATA_SETS", {"toy": lambda _: [toy()], "gone": absent})
    methods = (MeanImage(), Ridge(), Broken())
    monkeypatch.setattr(run, "choose", lambda _: methods)
    monkeypatch.setattr(run, "all_methods", lambda: methods)
    monkeypatch.setattr("phosphene_train.compare.report.all_methods", lambda: methods)
    return run.Options(tmp_path, WANTED, How("cpu", 1.0, 0), threads=1)


def test_a_run_writes_table_sheet_and_curves_and_says_what_failed_and_what_is_absent(options):
    absent = run.run_cells(options)
    assert absent == {"gone": "gone: expected it here, found none"}
    assert report(options.out, absent, [], 0) == ["toy-broken"]
    table = json.loads((options.out / "table.json").read_text())
    rows = {row["method"]: row for row in table["dataSets"]["toy"]["views"][""]}
    figure = rows["toy-ridge"]["figures"]["twoWay"]
    assert figure["low"] < figure["mean"] < figure["high"]
    assert figure["items"] == 40
    assert "expected pictures (40, 1, 8, 8), got (40, 1, 3, 3)" in rows["toy-broken"]["why"]
    text = (options.out / "table.md").read_text()
    assert "skipped gone: expected it here" in text
    assert "toy-ridge (refitted)" in text
    assert (options.out / "sheet.png").stat().st_size > 1000
    assert (options.out / "curves.png").stat().st_size > 1000


def test_a_page_takes_the_table_between_its_marks_and_its_pictures_beside_it(options, tmp_path):
    run.run_cells(options)
    page = tmp_path / "docs" / "decoders.md"
    (page.parent / "pictures").mkdir(parents=True)
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    report(options.out, {}, [], 0, page)
    once = page.read_text()
    assert once.startswith(f"before\n{BEGIN}\n|") and once.endswith(f"{END}\nafter\n")
    assert "old" not in once
    assert "| toy-broken | failed |" in once
    assert (page.parent / "pictures" / "decoders-curves.png").is_file()
    report(options.out, {}, [], 0, page)
    assert page.read_text() == once
    page.write_text("no marks\n")
    with pytest.raises(DataError, match="expected the marks"):
        report(options.out, {}, [], 0, page)


def test_latencies_of_a_kind_stand_beside_its_methods(options, tmp_path):
    run.run_cells(options)
    result = {
        "harness": "latency", "bundle": {"kind": "linear", "name": "b"}, "provider": "cpu", "wantedHz": 25.0,
        "machine": {"gpu": None, "cores": 2}, "spans": {"total": {"p50": 1.25, "p99": 2.5, "n": 900}},
        "steps": {"1": 900}, "late": 0, "missing": 0, "commit": "abc",
    }  # fmt: skip
    one, several, bad = (tmp_path / name for name in ("one.json", "several.json", "bad.json"))
    one.write_text(json.dumps(result))
    several.write_text(json.dumps({"harness": "decoders", "results": [result, result]}))
    bad.write_text("[]")
    report(options.out, {}, [one, several], 0)
    text = (options.out / "table.md").read_text()
    ridge = next(line for line in text.splitlines() if line.startswith("| toy-ridge |"))
    assert ridge.count("2 cores: 1.25 / 2.50 (N 900, 25/s)") == 3
    assert "2 cores" not in next(line for line in text.splitlines() if line.startswith("| mean-image |"))
    with pytest.raises(DataError, match=r"bad\.json: expected a result of npm run bench"):
        report(options.out, {}, [bad], 0)


def test_cells_are_kept_and_a_failed_one_is_tried_again(options):
    run.run_cells(options)
    cells = options.out / "cells" / "toy"
    stamp = {path.name: path.stat().st_mtime_ns for path in cells.glob("*.json")}
    run.run_cells(options)
    later = {path.name: path.stat().st_mtime_ns for path in cells.glob("*.json")}
    changed = {name for name in stamp if later[name] != stamp[name]}
    assert changed == {"one--toy-broken.json"}
    run.run_cells(replace(options, how=How("cpu", 1.0, 3)))
    assert (cells / "one--toy-ridge.json").stat().st_mtime_ns != later["one--toy-ridge.json"]
