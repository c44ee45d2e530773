"""phosphene-train v4: from the data set's folder to the table, fold by fold, within a time limit."""

import json
import time
from argparse import Namespace
from dataclasses import replace

import torch
from rich.console import Console

from ..bundle import write_json
from .bank import make_bank
from .figure import draw
from .fold import Data, encodings_of, run_fold, tasks_of
from .pictures import make_pool
from .recording import SESSIONS, load_session
from .split import FOLDS, assign_folds
from .table import pool_folds, show, summary
from .train import Training

OPTIONS = ("copies", "components", "steps", "batch", "hidden", "seeds", "models", "seed")


def run(options: Namespace) -> dict:
    """Measure what folds the time allows; those already in OUT/folds.json under the same options are kept."""
    started, console = time.monotonic(), Console()
    device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    torch.backends.cudnn.benchmark = True
    options.out.mkdir(parents=True, exist_ok=True)
    done = load_done(options)
    data, report, longest = None, {}, 0.0
    for fold in range(min(options.folds, FOLDS)):
        if str(fold) in done:
            continue
        if done and time.monotonic() - started + longest > options.limit:
            console.print(f"time limit of {options.limit} s: stopped before fold {fold}")
            break
        data = data or load(options, device, console)
        begun = time.monotonic()
        training = Training(options.steps, options.batch, options.hidden, seed=options.seed)
        done[str(fold)] = run_fold(data, fold, options.components, training, options.seeds)
        longest = max(longest, time.monotonic() - begun)
        console.print(f"fold {fold}: {time.monotonic() - begun:.0f} s, {time.monotonic() - started:.0f} s in all")
        report = save(options, done, device, time.monotonic() - started)
    report = report or save(options, done, device, 0.0)
    show(report["tasks"], console, len(done))
    console.print_json(data=report["summary"])
    draw(report["tasks"], options.out / "two-way.png")
    if options.bundle:
        data = data or load(options, device, console)
        console.print_json(data=bundle(options, data))
    return report


def bundle(options: Namespace, data: Data) -> dict:
    """The bundle of one session, its pictures of fold 0 held out."""
    from .bundle_stage import BundleOptions, make_bundle

    task = next(t for t in tasks_of(data, 0, options.components) if t.name == options.bundle)
    encodings = encodings_of(task, data)
    sizes = BundleOptions(options.steps, options.denoiser_steps, options.student_steps, seed=options.seed)
    if options.denoiser_width:
        sizes = replace(sizes, width=options.denoiser_width, batch=options.batch)
    return make_bundle(task, encodings.get("own", encodings["clean"]), data.flat, sizes, options.out / "bundle")


def load(options: Namespace, device: str, console: Console) -> Data:
    """Sessions, folds, pool and bank."""
    begun = time.monotonic()
    sessions = [load_session(options.source, name) for name in SESSIONS]
    pool = make_pool(sessions, assign_folds(sessions), options.copies, device, options.seed)
    console.print(
        f"{pool.distinct} distinct pictures, {len(pool.pictures)} with copies, {time.monotonic() - begun:.0f} s"
    )
    bank = make_bank(options.source, pool.pictures, pool.distinct, options.models)
    console.print(f"compact models: {time.monotonic() - begun:.0f} s")
    return Data(sessions, pool, pool.small().flatten(1), bank)


def load_done(options: Namespace) -> dict[str, dict]:
    """Folds of an earlier run with the same options."""
    path = options.out / "folds.json"
    if not path.exists():
        return {}
    kept = json.loads(path.read_text())
    return kept["folds"] if kept["options"] == {name: getattr(options, name) for name in OPTIONS} else {}


def save(options: Namespace, done: dict[str, dict], device: str, seconds: float) -> dict:
    """folds.json and table.json, after every fold."""
    chosen = {name: getattr(options, name) for name in OPTIONS}
    write_json(options.out / "folds.json", {"options": chosen, "folds": done}, indent=1)
    tasks = pool_folds(done)
    report = {
        "folds": len(done),
        "device": device,
        "seconds": round(seconds, 1),
        "options": chosen,
        "tasks": tasks,
        "summary": summary(tasks),
    }
    write_json(options.out / "table.json", report, indent=1)
    return report
