"""Options that several commands of `phosphene-train optimise` have."""

import argparse
from pathlib import Path


def common(parser: argparse.ArgumentParser, emoji: Path, out: str) -> None:
    parser.add_argument("--out", type=Path, default=Path(out), help="run folder (default: %(default)s)")
    parser.add_argument("--device", default=None, help="cuda or cpu (default: cuda where there is one)")
    parser.add_argument("--emoji", type=Path, default=emoji, help="folder of <code point>.webp, or a file made by pack")
    parser.add_argument("--seconds", type=float, default=0, help="time allowed (default: as long as it takes)")
    parser.add_argument("--smoke", action="store_true", help="tiny sizes, to try the way")
