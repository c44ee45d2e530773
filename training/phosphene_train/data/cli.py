"""The commands `phosphene-train import KIND ...` and `phosphene-train data FILE`; what they need is imported then."""

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from .cli_recordings import add_recordings


def add_parsers(commands: argparse._SubParsersAction) -> None:
    """Register the commands on the sub-parsers of `phosphene-train`."""
    data = commands.add_parser("data", help="say what is in a file of training data (docs/training-data.md)")
    data.add_argument("file", type=Path, metavar="FILE")
    data.set_defaults(run=_guarded(_show))
    parser = commands.add_parser("import", help="make training data of a recording (docs/training-data.md)")
    kinds = parser.add_subparsers(required=True, metavar="KIND")
    _add_nwb(kinds)
    _add_synthetic(kinds)
    add_recordings(partial(_add_kind, kinds), _add_shares)


def _guarded(run: Callable[[argparse.Namespace], None]) -> Callable[[argparse.Namespace], int]:
    """What is wrong with the data is one sentence on stderr and exit code 1."""

    def guarded(options: argparse.Namespace) -> int:
        from .types import DataError

        try:
            run(options)
        except (DataError, OSError) as error:
            print(f"phosphene-train: {error}", file=sys.stderr)
            return 1
        return 0

    return guarded


def _show(options: argparse.Namespace) -> None:
    from ..progress import console
    from .format import read_dataset
    from .summary import summary

    console.print(summary(read_dataset(options.file)))


def _write(make: Callable[[argparse.Namespace], tuple]) -> Callable[[argparse.Namespace], int]:
    """Make the dataset, write it, show what it is; notes come first."""

    def run(options: argparse.Namespace) -> None:
        from ..progress import console
        from .format import write_dataset
        from .summary import summary

        _check_out(options)
        options.name = options.name or options.out.stem
        with console.status(f"reading {options.kind}"):
            dataset, notes = make(options)
        for note in notes:
            console.print(f"note: {note}", highlight=False, markup=False)
        with console.status(f"writing {options.out}"):
            write_dataset(dataset, options.out)
        console.print(summary(dataset))

    return _guarded(run)


def _check_out(options: argparse.Namespace) -> None:
    """Before anything is read: `import nwb MONDAY.nwb TUESDAY.nwb` forgets OUT, and must not overwrite a recording."""
    from .check import SMALLEST_SIDE
    from .format import is_training_data
    from .types import DataError

    out = options.out
    if out.suffix not in (".h5", ".hdf5") or (out.exists() and not is_training_data(out)):
        found = "something else there" if out.exists() else out.name
        raise DataError(f"{out}: expected a new name ending in .h5, or training data to replace, got {found}")
    if getattr(options, "side", SMALLEST_SIDE) < SMALLEST_SIDE:
        raise DataError(f"--side: expected at least {SMALLEST_SIDE}, got {options.side}")


def _add_kind(kinds: argparse._SubParsersAction, kind: str, make: Callable, help_: str, source: str | None):
    """A kind of import with its source, OUT and the options that all have."""
    parser = kinds.add_parser(kind, help=help_)
    if source is not None:
        parser.add_argument("source", type=Path, metavar="SOURCE", help=source, nargs="+" if kind == "nwb" else None)
    parser.add_argument("out", type=Path, metavar="OUT.h5")
    parser.add_argument("--seed", type=int, default=0, help="of the split (default 0)")
    parser.add_argument("--name", help="of the data (default: the name of OUT)")
    parser.set_defaults(run=_write(make), kind=kind)
    return parser


def _add_shares(parser: argparse.ArgumentParser, by: bool) -> None:
    if by:
        parser.add_argument("--split-by", choices=("stimuli", "trials"), default="stimuli")
    parser.add_argument("--test", type=float, default=0.2, help="share of stimuli or trials (default 0.2)")
    parser.add_argument("--validation", type=float, default=0.1, help="the same (default 0.1; 0: none)")


def _add_nwb(kinds: argparse._SubParsersAction) -> None:
    parser = _add_kind(kinds, "nwb", _make_nwb, "NWB 2 files with units and stimuli", "one NWB file a session")
    parser.add_argument("--intervals", metavar="NAME", help="table of /intervals that says what was shown")
    parser.add_argument("--stimulus-column", metavar="NAME", help="its column that names the stimulus")
    parser.add_argument("--images", type=Path, metavar="FOLDER", help="pictures called as the stimuli: .png .jpg .webp")
    parser.add_argument("--template", metavar="NAME", help="the group of /stimulus/templates with the pictures")
    parser.add_argument("--labels", metavar="LIST", help="such as category,pose=x+y@px; none; default: all that fit")
    parser.add_argument("--where", action="append", default=[], metavar="COLUMN=VALUE", help="only units with it")
    parser.add_argument("--min-rate", type=float, default=0.0, metavar="HZ", help="only units that fire as much")
    parser.add_argument(
        "--side", type=int, default=64, help="of the pictures, px: centred square, resized (default 64)"
    )
    parser.add_argument("--source", dest="citation", metavar="TEXT", help="citation and licence (default: of the file)")
    _add_shares(parser, by=True)


def _make_nwb(options: argparse.Namespace) -> tuple:
    from .nwb import NwbOptions, import_nwb
    from .types import DataError

    wrong = [each for each in options.where if "=" not in each]
    if wrong:
        raise DataError(f"--where: expected COLUMN=VALUE, got {wrong[0]}")
    names = ("intervals", "stimulus_column", "images", "template", "labels", "min_rate", "side", "split_by")
    chosen = {name: getattr(options, name) for name in (*names, "test", "validation", "seed")}
    where = tuple(tuple(each.split("=", 1)) for each in options.where)
    return import_nwb(options.source, NwbOptions(**chosen, where=where, source=options.citation, name=options.name))


def _add_synthetic(kinds: argparse._SubParsersAction) -> None:
    parser = _add_kind(kinds, "synthetic", _make_synthetic, "a small made-up recording of coloured shapes", None)
    parser.add_argument("--sessions", type=int, default=2)
    parser.add_argument("--units", default="24,31", metavar="N,N", help="in each session (default 24,31)")
    parser.add_argument("--stimuli", type=int, default=40, help="different pictures (default 40)")
    parser.add_argument("--repeats", type=int, default=2, help="of each picture in each session (default 2)")
    parser.add_argument("--side", type=int, default=64, help="of the pictures, px (default 64)")
    parser.add_argument("--nwb", type=Path, metavar="OUT.nwb", help="the same as NWB 2, one file a session")
    parser.add_argument("--images", type=Path, metavar="FOLDER", help="pictures of the NWB files, not inside them")
    _add_shares(parser, by=True)


def _make_synthetic(options: argparse.Namespace) -> tuple:
    from .synthetic import SyntheticOptions, synthetic
    from .synthetic_nwb import write_nwb
    from .types import DataError

    units = [int(each) for each in options.units.split(",") if each.isdigit()]
    if not units or options.sessions < 1 or options.units != ",".join(map(str, units)):
        raise DataError(f"--units: expected whole numbers such as 24,31, got {options.units}")
    if options.images is not None and options.nwb is None:
        raise DataError("--images: expected --nwb with it, found none")
    units = tuple((units * options.sessions)[: options.sessions])
    names = ("stimuli", "repeats", "side", "split_by", "test", "validation", "seed")
    chosen = {name: getattr(options, name) for name in names}
    dataset = synthetic(SyntheticOptions(units=units, **chosen, name=options.name))
    notes = [f"wrote {path}" for path in write_nwb(dataset, options.nwb, options.images)] if options.nwb else []
    return dataset, notes
