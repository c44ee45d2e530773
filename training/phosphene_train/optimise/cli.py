"""`phosphene-train optimise`: encoding models, reconstruction by descending on their input, movies."""

from pathlib import Path

from .cli_demo import add_bundle, add_demo, add_live
from .cli_movies import add_movies
from .cli_own import add_fit, add_reconstruct


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
