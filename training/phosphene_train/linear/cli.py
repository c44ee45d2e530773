"""The commands `phosphene-train linear` and `demo-linear`; what they need is imported when they run."""

import argparse
from pathlib import Path

from ..fit.cli import guarded


def add_parsers(commands: argparse._SubParsersAction, emoji: Path) -> None:
    """Register both commands on the sub-parsers of `phosphene-train`."""
    linear = commands.add_parser("linear", help="a linear bundle from training data, with the configuration of `fit`")
    linear.add_argument("config", type=Path, metavar="CONFIG", help="TOML file; docs/training.md says what counts")
    linear.add_argument("--out", type=Path, help="run folder (default: runs/<name>-linear)")
    linear.add_argument("--data", type=Path, help="training data instead of the configuration's")
    linear.add_argument("--windows", type=int, default=40_000, help="training windows (%(default)s)")
    add_method(linear)
    linear.set_defaults(run=guarded(run_linear_command))
    demo = commands.add_parser("demo-linear", help="a linear bundle for the simulated animal of another bundle")
    demo.add_argument("out", type=Path, metavar="OUT", help="bundle folder to write; its name is the bundle's")
    demo.add_argument(
        "--bundle", type=Path, default=Path("../models/demo"), help="with a simulated session (%(default)s)"
    )
    demo.add_argument("--emoji", type=Path, default=emoji, help="folder of <code point>.webp, or a file made by pack")
    demo.add_argument("--scenes", type=int, default=16_384, help="training pictures (%(default)s)")
    demo.add_argument("--windows", type=int, default=65_536, help="training windows (%(default)s)")
    demo.add_argument("--test", type=int, default=1024, help="held-out scenes of each kind (%(default)s)")
    demo.add_argument("--content", type=int, default=16, help="latents of each group without labels (%(default)s)")
    add_method(demo)
    demo.set_defaults(run=guarded(run_demo))
    fields = commands.add_parser("fields", help="receptive fields of a simulated animal, beside those of its rates")
    fields.add_argument("out", type=Path, metavar="OUT.png")
    fields.add_argument("--bundle", type=Path, default=Path("../models/demo"), help="with its session (%(default)s)")
    fields.add_argument("--emoji", type=Path, default=emoji, help="folder of <code point>.webp, or a file made by pack")
    fields.add_argument("--scenes", type=int, default=8192, help="pictures (%(default)s)")
    fields.add_argument("--windows", type=int, default=32_768, help="windows of single trials (%(default)s)")
    fields.set_defaults(run=guarded(run_fields_command))


def add_method(parser: argparse.ArgumentParser) -> None:
    """The choice between the two closed forms."""
    parser.add_argument(
        "--method", choices=("ridge", "receptive-field"), default="ridge",
        help="latents by regression, or by inverting what pixels make of the spikes (%(default)s)",
    )  # fmt: skip


def run_linear_command(options: argparse.Namespace) -> int:
    """Read, check, fit; returns the exit code."""
    from dataclasses import replace

    from rich.console import Console

    from ..fit.read_config import read_config
    from ..fit.table import as_table
    from .run import run_linear

    config = read_config(options.config)
    data = options.data or options.config.parent / config.data.file
    config = replace(config, name=f"{config.name}-linear")
    out = options.out or Path("runs") / config.name
    metrics = run_linear(config, data, out, options.windows, options.method)
    Console().print(as_table(f"{config.name}: held-out windows", metrics["test"]))
    print(f"{out / 'bundle'}: verified; samples.png and metrics.json are in {out}")
    return 0


def run_demo(options: argparse.Namespace) -> int:
    """Train, measure, write; returns the exit code."""
    from rich.console import Console

    from .demo import DemoLinearOptions, run_demo_linear

    sizes = DemoLinearOptions(options.scenes, options.windows, options.test, options.content, options.method)
    metrics = run_demo_linear(options.bundle, options.emoji, options.out, sizes)
    Console().print_json(data=metrics)
    return 0


def run_fields_command(options: argparse.Namespace) -> int:
    """Fit, draw, print; returns the exit code."""
    from rich.console import Console

    from .demo import DemoLinearOptions
    from .fields import run_fields

    sizes = DemoLinearOptions(scenes=options.scenes, windows=options.windows)
    Console().print_json(data=run_fields(options.bundle, options.emoji, options.out, sizes))
    return 0
