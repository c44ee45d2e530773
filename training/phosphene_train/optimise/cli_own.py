"""`phosphene-train optimise fit` and `reconstruct`: a lab's own recording."""

import argparse
from pathlib import Path

from rich.console import Console

from ..fit.cli import guarded


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
