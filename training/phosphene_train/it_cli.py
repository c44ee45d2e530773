"""The command `phosphene-train it-objects`; what it needs is imported when it runs."""

import argparse
from pathlib import Path


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Register the command on the sub-parsers of `phosphene-train`."""
    parser = commands.add_parser("it-objects", help="train a bundle from macaque IT rasters (7 objects x 3 positions)")
    parser.add_argument(
        "recording", type=Path, metavar="RECORDING", help="folder of *_raster_data.mat, or a packed .npz"
    )
    parser.add_argument("--out", type=Path, default=Path("runs/it-objects"))
    parser.add_argument("--device", help="default: cuda where there is one, else cpu")
    parser.add_argument("--bins", type=int, default=5, help="bins of 20 ms in a window (default 5: 100 ms)")
    parser.add_argument("--steps", type=float, default=1.0, help="factor on the number of training steps")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--emoji", type=Path, help="folder of the emoji, if not the npm package's")
    parser.add_argument("--each", type=int, default=100, help="held-out windows of a condition to measure with")
    parser.add_argument("--no-curves", action="store_true", help="leave out the label-shuffled and window-length runs")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Train, write, and check what was written; returns the exit code."""
    from .it_objects import run as train
    from .verify import verify_bundle

    train(options)
    return 0 if all(check.ok for check in verify_bundle(options.out)) else 1
