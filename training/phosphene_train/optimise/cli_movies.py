"""`phosphene-train optimise movies`: options and tables."""

import argparse
from pathlib import Path

from rich.console import Console
from rich.table import Table

from .cli_common import common


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
