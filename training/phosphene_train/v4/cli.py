"""The command `phosphene-train v4`; what it needs is imported when it runs."""

import argparse
from pathlib import Path


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Register the command on the sub-parsers of `phosphene-train`."""
    parser = commands.add_parser("v4", help="decode pictures from macaque V4: the table of two-way identification")
    parser.add_argument(
        "source", type=Path, metavar="SOURCE", help="folder with images/, responses_*/, compact_models/"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("runs/v4"), help="default: %(default)s; finished folds are kept"
    )
    parser.add_argument("--device", help="default: cuda where there is one, else cpu")
    parser.add_argument(
        "--limit", type=float, default=240, metavar="S", help="begin no fold beyond this time (%(default)s)"
    )
    parser.add_argument("--folds", type=int, default=5, help="how many of the five folds (default: all)")
    parser.add_argument(
        "--copies", type=int, default=2, help="altered copies of each pool picture (default: %(default)s)"
    )
    parser.add_argument("--components", type=int, default=256, help="components of a picture (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=2000, help="training steps of the networks (default: %(default)s)")
    parser.add_argument("--batch", type=int, default=256, help="rows of a batch (default: %(default)s)")
    parser.add_argument("--hidden", type=int, default=1024, help="width of the networks (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="networks averaged (default: %(default)s)")
    parser.add_argument("--models", type=int, help="compact models of each session (default: all 219)")
    parser.add_argument("--bundle", metavar="SESSION", help="also train the bundle of this session, fold 0 held out")
    parser.add_argument("--denoiser-steps", type=int, default=5000, help="of the bundle (default: %(default)s)")
    parser.add_argument("--student-steps", type=int, default=1500, help="of the bundle; 0: none (default: %(default)s)")
    parser.add_argument("--denoiser-width", type=int, help="another width, and --batch for the denoiser (for tests)")
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and write the table; returns the exit code."""
    from .run import run as measure

    measure(options)
    if not options.bundle:
        return 0
    from ..verify import verify_bundle

    return 0 if all(check.ok for check in verify_bundle(options.out / "bundle")) else 1
