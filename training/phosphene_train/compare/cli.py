"""`phosphene-train compare`: the options."""

import argparse
from pathlib import Path

EPILOG = """Cells (one method on one data set) are kept in OUT/cells and made anew only where something changed that
they depend on. Data sets that are not there are skipped, and the table says so."""


def add_compare(commands, emoji: Path) -> None:
    """The command and what it takes."""
    root = Path(__file__).parents[3]
    command = commands.add_parser(
        "compare", help="every decoder on the same held-out data: a table, a sheet of pictures, curves", epilog=EPILOG
    )
    add = command.add_argument
    add("--out", type=Path, default=Path("runs/compare"), help="run folder (default: %(default)s)")
    add("--data", type=Path, default=None, metavar="FOLDER", help="holds macaque_v4, macaque_it_rasters, ...")
    add("--models", type=Path, default=root / "models", help="the shipped bundles (default: %(default)s)")
    add("--emoji", type=Path, default=emoji, help="folder of <code point>.webp, or a file made by pack")
    add("--only", nargs="+", default=[], metavar="SET", help="these data sets only")
    add("--methods", nargs="+", default=[], metavar="NAME", help="these methods, or methods of these kinds, only")
    add("--device", default=None, help="cuda or cpu (default: cuda where there is one)")
    add("--seconds", type=float, default=60.0, help="for one method to fit one data set, all folds together")
    add("--seed", type=int, default=0)
    add("--folds", type=int, default=10, help="at most so many folds of a data set (default: %(default)s)")
    add("--no-curves", action="store_true", help="neither ablation nor noise ladder")
    add("--judge", type=Path, default=None, help="the judge of simulated scenes; trained and written where none is")
    add("--judge-seconds", type=float, default=120.0, help="for its training (default: %(default)s)")
    add("--jobs", type=int, default=1, help="processes side by side (default: %(default)s)")
    add("--threads", type=int, default=2, help="of each (default: %(default)s)")
    add("--latency", type=Path, nargs="+", default=[], metavar="FILE", help="JSON of bench -- latency or decoders")
    add("--prepare", action="store_true", help="only write the data sets to OUT/data, for a machine without them")
    add("--small", action="store_true", help="a few trials of everything, to try the road")
    add("--page", type=Path, default=None, metavar="FILE", help="put the table between the marks of docs/decoders.md")
    add("--report", action="store_true", help="only put together what is in OUT")
    command.set_defaults(run=run_compare)


def run_compare(options: argparse.Namespace) -> int:
    """Cells, then the report; 2 and one sentence for what cannot be asked for."""
    from ..data import DataError
    from .report import report
    from .run import run_cells

    try:
        wishes = options_of(options)
        if options.prepare:
            return prepare(wishes)
        absent = {} if options.report else run_cells(wishes)
        failed = report(options.out, absent, options.latency, options.seed, options.page)
    except (DataError, ValueError) as error:
        print(f"compare: {error}")
        return 2
    return 1 if failed else 0


def prepare(wishes) -> int:
    """Every data set that is here."""
    from .run import load_all

    for name, splits in load_all(wishes)[0].items():
        print(f"compare: {name}: {len(splits)} parts in {wishes.out / 'data' / name}")
    return 0


def options_of(options: argparse.Namespace):
    """What the command line says, checked."""
    import torch

    from .cell import How
    from .run import Options
    from .splits import DATA_SETS
    from .wanted import Wanted

    unknown = [name for name in options.only if name not in DATA_SETS]
    if unknown:
        raise ValueError(f"--only: expected some of {', '.join(DATA_SETS)}, got {', '.join(unknown)}")
    device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    wanted = Wanted(options.data, options.models, options.emoji, options.seed, options.folds, options.small)
    how = How(device, options.seconds, options.seed, not options.no_curves)
    return Options(
        options.out, wanted, how, tuple(options.only), tuple(options.methods), options.judge, options.judge_seconds,
        options.jobs, options.threads,
    )  # fmt: skip
