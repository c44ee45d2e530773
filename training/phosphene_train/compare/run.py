"""`phosphene-train compare`: every cell that is not there yet, then the table, the sheet and the curves."""

import json
import re
import traceback
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import torch

from ..bundle import write_json
from .cell import How, key_of, run_cell, shown_rows, view_rows, write_strip
from .controls import SUBSETS
from .judge import Judge, load_judge
from .kept import kept
from .methods import all_methods, choose
from .splits import DATA_SETS
from .types import Method, Split
from .wanted import Absent, Wanted


@dataclass(frozen=True)
class Options:
    """Where it all goes, what is wanted, how it is fitted; jobs: processes side by side, threads of each."""

    out: Path
    wanted: Wanted
    how: How
    only: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    judge: Path | None = None
    judge_seconds: float = 120.0
    jobs: int = 1
    threads: int = 2


def run_cells(options: Options) -> dict[str, str]:
    """Every cell of the chosen data sets and methods; returns the data sets that are absent, with their sentence."""
    methods = choose(list(options.methods))
    there, absent = load_all(options)
    tasks = [(options, name, method.name) for name in there for method in methods]
    del there
    judge_of(options)
    if options.jobs == 1:
        for task in tasks:
            run_method(*task)
        return absent
    with ProcessPoolExecutor(options.jobs, get_context("spawn")) as pool:
        for done in [pool.submit(run_method, *task) for task in tasks]:
            done.result()
    return absent


def load_all(options: Options) -> tuple[dict[str, list[Split]], dict[str, str]]:
    """The chosen data sets, and those that are absent with their sentence."""
    found, absent = {}, {}
    for name in options.only or DATA_SETS:
        try:
            found[name] = load(options, name)
        except Absent as error:
            absent[name] = str(error)
            print(f"compare: skipped {error}", flush=True)
    return found, absent


def load(options: Options, name: str) -> list[Split]:
    """The parts of a data set."""
    return kept(options.out / "data", name, options.wanted, DATA_SETS[name])


def judge_of(options: Options) -> Judge | None:
    """Only simulated scenes have one."""
    wanted = options.wanted
    if "simulated" not in (options.only or DATA_SETS) or not wanted.emoji.exists():
        return None
    path = options.judge or options.out / "judge.pt"
    return load_judge(path, wanted.emoji, options.how.device, options.judge_seconds)


def run_method(options: Options, name: str, method_name: str) -> None:
    """All parts of a data set by one method; the time for fitting is shared by the parts."""
    torch.set_num_threads(options.threads)
    method = next(each for each in all_methods() if each.name == method_name)
    splits = load(options, name)
    judge = judge_of(options) if name == "simulated" else None
    each = replace(options.how, seconds=options.how.seconds / len(splits), subsets=max(1, SUBSETS // len(splits)))
    for part, split in enumerate(splits):
        cell_of(options.out, split, method, replace(each, part=part), judge)


def cell_of(out: Path, split: Split, method: Method, how: How, judge: Judge | None) -> None:
    """One cell, unless it is there; a method that fails says so in it and stops no other."""
    path = cell_path(out, split, method.name)
    key = key_of(split, method, how)
    if path.is_file() and (found := json.loads(path.read_text()))["key"] == key and "failed" not in found:
        return
    torch.manual_seed(how.seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        cell, pictures = run_cell(split, method, how, judge)
    except Exception as error:  # the table shows it; other methods go on
        traceback.print_exc()
        told = re.sub(r"(/[^/\s:]+)+/", "", f"{type(error).__name__}: {error}")  # no folders of this machine in a table
        cell, pictures = {"failed": told.splitlines()[0][:300]}, {}
    for view, shown in pictures.items():
        write_strip(strip_path(out, split, view, method.name), shown)
    for view, rows in view_rows(split).items():
        write_strip(strip_path(out, split, view, "true"), split.test.pictures[shown_rows(rows)])
    about = {"dataSet": split.name, "part": split.part, "method": method.name, "kind": method.kind, "key": key}
    about["bundle"] = type(method).__name__.endswith("Bundle")  # trained elsewhere, on much more
    write_json(path, {**about, "refits": method.refits, "source": split.source, **cell})
    print(f"compare: {split.name} {split.part} {method.name} {said(cell)}", flush=True)


def said(cell: dict) -> str:
    """One figure for the log."""
    if "views" not in cell:
        return str(cell)
    view = next(iter(cell["views"].values()))
    values = view["twoWay"]["values"]
    return f"two-way {sum(values) / len(values):.3f}, fitted in {cell['fitSeconds']} s, {cell['decodeMs']} ms a picture"


def cell_path(out: Path, split: Split, method: str) -> Path:
    return out / "cells" / split.name / f"{plain(split.part or 'all')}--{method}.json"


def strip_path(out: Path, split: Split, view: str, method: str) -> Path:
    return out / "cells" / split.name / f"{plain(split.part or 'all')}--{plain(view or 'all')}--{method}.png"


def plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text)
