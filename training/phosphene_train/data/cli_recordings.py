"""The kinds of `phosphene-train import` for published recordings; add_kind and add_shares come from cli.py."""

import argparse
from collections.abc import Callable
from pathlib import Path


def add_recordings(add_kind: Callable, add_shares: Callable) -> None:
    """Register it-rasters, v4, v1-movies and fmri-digits."""
    it = add_kind("it-rasters", _make_it, "macaque IT single neurons, as pseudo-trials", "folder of *_raster_data.mat")
    it.add_argument("--rounds", type=int, default=1, help="pseudo-trials each trial of train is in (default 1)")
    it.add_argument("--emoji", type=Path, metavar="FOLDER", help="of the emoji, if not the npm package's")
    v4 = add_kind("v4", _make_v4, "macaque V4, counts to images", "folder with images and responses_repeat_averaged")
    v4.add_argument("--sessions", metavar="A,B", help="default: all six, 210325 with --raw")
    v4.add_argument("--raw", action="store_true", help="single trials of 210325, not means over repeats")
    v4.add_argument("--fold", type=int, default=0, help="0, 1, ...: test on another part (default 0)")
    v4.add_argument("--side", type=int, default=64, help="of the pictures, px (default 64)")
    add_shares(v4, by=False)
    v1 = add_kind("v1-movies", _make_v1, "macaque V1, counts to movie frames", "folder with responses and frames")
    v1.add_argument("--side", type=int, default=64, help="of the pictures, px (default 64)")
    add_shares(v1, by=False)
    fmri = add_kind("fmri-digits", _make_fmri, "fMRI of handwritten 6 and 9", "digit69_28x28.mat, or its folder")
    fmri.add_argument("--side", type=int, default=28, help="of the pictures, px (default 28)")
    fmri.add_argument("--validation", type=float, default=0.1, help="share of train (default 0.1; 0: none)")


def _make_it(options: argparse.Namespace) -> tuple:
    from .it_rasters import import_it_rasters

    return import_it_rasters(options.source, options.emoji, options.rounds, options.seed, options.name)


def _make_v4(options: argparse.Namespace) -> tuple:
    from .v4 import RAW, SESSIONS, import_v4

    sessions = tuple(options.sessions.split(",")) if options.sessions else ((RAW,) if options.raw else SESSIONS)
    shares = (options.test, options.validation)
    place = (options.seed, options.fold, options.name)
    return import_v4(options.source, sessions, options.raw, options.side, shares, *place)


def _make_v1(options: argparse.Namespace) -> tuple:
    from .v1_movies import import_v1_movies

    shares = (options.test, options.validation)
    return import_v1_movies(options.source, options.side, shares, options.seed, options.name)


def _make_fmri(options: argparse.Namespace) -> tuple:
    from .fmri_digits import import_fmri_digits

    return import_fmri_digits(options.source, options.side, options.validation, options.seed, options.name)
