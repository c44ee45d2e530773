"""The commands `phosphene-train direct` and `demo-direct`; what they need is imported when they run."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..fit.cli import guarded

if TYPE_CHECKING:
    from .demo import DemoDirectOptions


def add_direct(commands: argparse._SubParsersAction, emoji: Path) -> None:
    """Register the commands on the sub-parsers of `phosphene-train`."""
    own = commands.add_parser("direct", help="a direct bundle from training data, with the configuration of `fit`")
    own.add_argument("config", type=Path, metavar="CONFIG", help="TOML file; docs/training.md says what counts")
    own.add_argument("--out", type=Path, help="run folder (default: runs/<name>-direct)")
    own.add_argument("--data", type=Path, help="training data instead of the configuration's")
    own.add_argument("--seconds", type=int, default=0, help="end training after so many (0: with the last step)")
    own.set_defaults(run=guarded(run_own))
    demo = commands.add_parser("demo-direct", help="a direct bundle for the simulated animal of another bundle")
    demo.add_argument("out", type=Path, metavar="OUT", help="bundle folder to write; its name is the bundle's")
    demo.add_argument("--bundle", type=Path, default=Path("../models/demo"), help="with a session (%(default)s)")
    demo.add_argument("--emoji", type=Path, default=emoji, help="folder of <code point>.webp, or a file made by pack")
    demo.add_argument("--work", type=Path, default=Path("runs/demo-direct"), help="run folder (%(default)s)")
    demo.add_argument("--run", dest="demo", type=Path, help="run folder of `demo`: its cortex and its critic")
    demo.add_argument("--device", default=None, help="cuda or cpu (default: cuda where there is one; needs --run)")
    demo.add_argument("--seconds", type=int, default=0, help="end training after so many (0: with the last step)")
    demo.add_argument("--smoke", action="store_true", help="a few steps of everything")
    demo.add_argument("--set", action="append", default=[], metavar="NAME=N", help="override one of the options")
    demo.add_argument("--ablation", type=int, default=0, metavar="N", help="instead: maps or none, from N trials")
    demo.set_defaults(run=guarded(run_demo))


def run_own(options: argparse.Namespace) -> int:
    """Read, check, train; returns the exit code."""
    from dataclasses import replace

    from rich.console import Console

    from ..fit.read_config import read_config
    from ..fit.table import as_table
    from .run import run_direct

    config = read_config(options.config)
    data = options.data or options.config.parent / config.data.file
    config = replace(config, name=f"{config.name}-direct")
    out = options.out or Path("runs") / config.name
    metrics = run_direct(config, data, out, options.seconds)
    Console().print(as_table(f"{config.name}: held-out windows", metrics["test"]))
    print(f"{out / 'bundle'}: verified; samples.png and metrics.json are in {out}")
    return 0


def run_demo(options: argparse.Namespace) -> int:
    """Train, measure, write; returns the exit code."""
    from dataclasses import replace

    import torch
    from rich.console import Console

    from .demo import DemoDirectOptions, smoke, train_demo_direct
    from .demo_bundle import write_demo_direct

    given = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    device = given if options.demo else "cpu"
    sizes = DemoDirectOptions(seconds=options.seconds)
    changes = {name: number(value) for name, value in (pair.split("=") for pair in options.set)}
    sizes = replace(smoke(sizes) if options.smoke else sizes, **changes)
    if options.ablation:
        return run_ablation(options, sizes, device)
    trained = train_demo_direct(options.bundle, options.emoji, options.work, sizes, device, options.demo)
    write_demo_direct(trained.scenes, trained.model, trained.metrics, trained.options, options.out)
    Console().print_json(data=trained.metrics)
    return 0


def run_ablation(options: argparse.Namespace, sizes: DemoDirectOptions, device: str) -> int:
    """The worth of maps from few trials; returns the exit code."""
    from .ablation import SEEDS, ablation
    from .demo import scenes_of
    from .few import FewOptions

    options.work.mkdir(parents=True, exist_ok=True)
    scenes = scenes_of(options.bundle, options.emoji, options.work, sizes, device, options.demo)
    few = FewOptions(steps=sizes.steps, seconds=sizes.seconds, encoding_steps=sizes.encoding_steps)
    ablation(scenes, options.ablation, options.work, few, SEEDS[:1] if options.smoke else SEEDS)
    return 0


def number(text: str) -> int | float:
    """A whole number where it is one."""
    return int(text) if text.lstrip("-").isdigit() else float(text)
