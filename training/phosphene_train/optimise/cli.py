"""`phosphene-train optimise`: encoding models, reconstruction by descending on their input, movies."""

import argparse
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ..fit.cli import guarded


def add_optimise(commands, emoji: Path) -> None:
    """The sub-commands."""
    root = commands.add_parser("optimise", help="reconstruct by descending on the input of an encoding model")
    sub = root.add_subparsers(required=True, metavar="WHAT")
    add_movies(sub, emoji)
    add_demo(sub, emoji)
    add_bundle(sub, emoji)
    add_reconstruct(sub)
    add_fit(sub)
    add_live(sub, emoji)


def common(parser: argparse.ArgumentParser, emoji: Path, out: str) -> None:
    parser.add_argument("--out", type=Path, default=Path(out), help="run folder (default: %(default)s)")
    parser.add_argument("--device", default=None, help="cuda or cpu (default: cuda where there is one)")
    parser.add_argument("--emoji", type=Path, default=emoji, help="folder of <code point>.webp, or a file made by pack")
    parser.add_argument("--seconds", type=float, default=0, help="time allowed (default: as long as it takes)")
    parser.add_argument("--smoke", action="store_true", help="tiny sizes, to try the way")


def add_movies(sub, emoji: Path) -> None:
    movies = sub.add_parser("movies", help="the published orderings on a simulated population that watches movies")
    common(movies, emoji, "runs/optimise-movies")
    movies.add_argument("--seeds", default="0,1", help="one population each (default: %(default)s)")
    movies.add_argument("--units", type=int, default=1024)
    movies.add_argument("--clips", type=int, default=10, help="clips to reconstruct (default: %(default)s)")
    movies.add_argument("--frames", type=int, default=96, help="frames of a clip (default: %(default)s)")
    movies.add_argument("--models", type=int, default=4, help="instances of the encoder (default: %(default)s)")
    movies.add_argument("--rate", type=float, default=1000, help="of the descent (default: %(default)s, theirs)")
    movies.add_argument("--marks", default="20,50,100,200", help="iterations that are judged (default: %(default)s)")
    movies.add_argument("--report", type=Path, nargs="+", help="only print the tables of these results.json, together")
    movies.set_defaults(run=run_movies_command)


def run_movies_command(options: argparse.Namespace) -> int:
    import json

    from .ordering import orderings

    reports = [json.loads(path.read_text()) for path in options.report or []] or [start_movies(options)]
    seeds = [seed for report in reports for seed in report["seeds"]]
    for mark in reports[0]["run"]["marks"]:
        for measure in ("video", "frame"):
            table = Table("claim", "better", "worse", "difference", "sd", "se", "pairs that agree", "N", "published")
            for o in orderings(seeds, mark, measure):
                numbers = (f"{v:.4f}" for v in (o.better, o.worse, o.difference, o.deviation, o.error))
                published = o.published if measure == "video" else ""
                table.add_row(o.claim, *numbers, f"{o.share:.0%}", str(o.pairs), published)
            Console(width=150).print(f"{mark} iterations: {measure} correlation inside the evaluation mask", table)
    return 0


def start_movies(options: argparse.Namespace) -> dict:
    import torch

    from ..stimuli import load_objects
    from .movie_data import MovieSizes
    from .movie_train import MovieTraining
    from .movies import MovieRun, run_movies

    device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    marks = tuple(int(mark) for mark in options.marks.split(","))
    sizes = MovieSizes(options.units, clips=options.clips, clip_frames=options.frames)
    run, training = MovieRun(options.models, options.rate, marks), MovieTraining()
    if options.smoke:
        sizes, run = MovieSizes(24, 8, 40, 2, 40), MovieRun(2, 1000.0, (1, 2), 6)
        training = MovieTraining(4, 2, stages=((4, 7, 4, 3), (6, 3, 1, 3)))
    objects = load_objects(options.emoji).to(device)
    seeds = [int(seed) for seed in options.seeds.split(",")]
    return run_movies(objects, sizes, run, training, seeds, options.seconds, options.out)


def add_demo(sub, emoji: Path) -> None:
    demo = sub.add_parser("demo", help="encoders of the demo's animal, a prior, and how held-out scenes come back")
    common(demo, emoji, "runs/optimise-demo")
    demo.add_argument("--resume", type=Path, default=None, help="run folder of the demo, and of this command")
    demo.set_defaults(run=run_demo_command)


def run_demo_command(options: argparse.Namespace) -> int:
    from dataclasses import replace

    import torch

    from ..demo_run import SMOKE, DemoOptions, prepare
    from .demo_run import DemoSizes, run_demo
    from .still_train import StillTraining

    device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    options.out.mkdir(parents=True, exist_ok=True)
    scenes, sizes = replace(DemoOptions(), animals=1), DemoSizes()
    if options.smoke:
        scenes = replace(SMOKE, animals=1)
        sizes = DemoSizes(2, 96, StillTraining(4, 16), ((4, 5, 4), (6, 3, 4)), 12, (32, 2, 3, 8))
    run = prepare(options.emoji, options.out, device, scenes, options.resume)
    Console().print_json(data=run_demo(run, sizes, options.seconds))
    return 0


def add_bundle(sub, emoji: Path) -> None:
    bundle = sub.add_parser("bundle", help="the demo animal's bundle, from what `demo` of this command has fitted")
    common(bundle, emoji, "runs/demo-optimise")
    bundle.add_argument("--animal", type=Path, required=True, help="run folder of `phosphene-train demo`")
    bundle.add_argument("--fitted", type=Path, required=True, help="run folder of `phosphene-train optimise demo`")
    bundle.add_argument("--prior", action="store_true", help="with the diffusion prior")
    bundle.add_argument("--encoders", type=int, default=2, help="of the ensemble (default: %(default)s)")
    bundle.add_argument("--windows", type=int, default=512, help="for the figures (default: %(default)s)")
    bundle.add_argument(
        "--like", type=Path, default=None, help="manifest.json of the same bundle, for what is measured"
    )
    bundle.set_defaults(run=run_bundle_command)


def run_bundle_command(options: argparse.Namespace) -> int:
    from dataclasses import replace

    import torch

    from ..demo_run import DemoOptions, prepare
    from ..verify import verify_bundle
    from .demo_bundle import BundleSizes, write_demo_bundle
    from .demo_run import DemoSizes, fit_demo, fit_prior

    device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    work = options.out.with_name(options.out.name + "-work")
    work.mkdir(parents=True, exist_ok=True)
    scenes = replace(DemoOptions(), animals=1, train=16, test=options.windows)
    run = prepare(options.emoji, work, device, scenes, options.animal)
    run.resume = options.fitted
    models = fit_demo(run, replace(DemoSizes(), models=options.encoders), 0)
    prior = fit_prior(run, DemoSizes(), 0) if options.prior else None
    sizes = BundleSizes(options.encoders, windows=options.windows)
    command = f"phosphene-train optimise bundle{' --prior' if options.prior else ''}"
    Console().print_json(data=write_demo_bundle(run, models, prior, sizes, options.out, command, options.like))
    return 0 if all(check.ok for check in verify_bundle(options.out)) else 1


def add_reconstruct(sub) -> None:
    command = sub.add_parser("reconstruct", help="pictures of recorded windows, by a bundle, from grey to convergence")
    command.add_argument("bundle", type=Path, metavar="BUNDLE")
    command.add_argument("counts", type=Path, metavar="COUNTS", help=".npy of spike counts [windows, bins, units]")
    command.add_argument("--iterations", type=int, default=512)
    command.add_argument("--out", type=Path, default=Path("runs/reconstruct"), help="(default: %(default)s)")
    command.set_defaults(run=run_reconstruct_command)


def run_reconstruct_command(options: argparse.Namespace) -> int:
    import numpy as np

    from .reconstruct import reconstruct_counts

    counts = np.load(options.counts, allow_pickle=False)
    Console().print_json(data=reconstruct_counts(options.bundle, counts, options.iterations, options.out))
    return 0


def add_fit(sub) -> None:
    own = sub.add_parser("fit", help="a bundle from training data, with the configuration of `phosphene-train fit`")
    own.add_argument("config", type=Path, metavar="CONFIG", help="TOML file; docs/training.md says what counts")
    own.add_argument("--out", type=Path, help="run folder (default: runs/<name>-optimise)")
    own.add_argument("--data", type=Path, help="training data instead of the configuration's")
    own.add_argument("--encoders", type=int, default=2, help="of the ensemble (default: %(default)s)")
    own.add_argument("--steps", type=int, default=1500, help="of training each (default: %(default)s)")
    own.add_argument("--seconds", type=float, default=0, help="end training after so many (0: with the last step)")
    own.set_defaults(run=guarded(run_fit_command))


def run_fit_command(options: argparse.Namespace) -> int:
    from dataclasses import replace

    from ..fit.read_config import read_config
    from .demo_bundle import LIVE
    from .own import OwnOptions, run_own

    config = read_config(options.config)
    data = options.data or options.config.parent / config.data.file
    config = replace(config, name=f"{config.name}-optimise")
    out = options.out or Path("runs") / config.name
    own = OwnOptions(options.encoders, steps=options.steps, seconds=options.seconds)
    Console().print_json(data=run_own(config, data, out, own, LIVE))
    return 0


def add_live(sub, emoji: Path) -> None:
    live = sub.add_parser("live", help="live frames of the demo's animal against what it sees, by iterations a frame")
    common(live, emoji, "runs/optimise-live")
    live.add_argument("bundle", type=Path, metavar="BUNDLE")
    live.add_argument("--animal", type=Path, required=True, help="run folder of `phosphene-train demo`")
    live.add_argument("--scenes", type=int, default=64)
    live.add_argument("--iterations", type=int, default=512, help="of the oracle (default: %(default)s)")
    live.set_defaults(run=run_live_command)


def run_live_command(options: argparse.Namespace) -> int:
    from dataclasses import replace

    from ..demo_run import DemoOptions, prepare
    from .live import compare_live

    options.out.mkdir(parents=True, exist_ok=True)
    scenes = replace(DemoOptions(), animals=1, train=16, test=options.scenes + 2)
    run = prepare(options.emoji, options.out, options.device or "cpu", scenes, options.animal)
    Console().print_json(data=compare_live(run, options.bundle, options.scenes, options.iterations))
    return 0
