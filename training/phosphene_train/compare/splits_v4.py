"""Macaque V4 (Cowley et al. 2023): the folds of `phosphene-train v4`, one session of averages and one of trials."""

from dataclasses import dataclass

import numpy as np
import torch

from ..v4.pictures import shrink
from ..v4.recording import SESSIONS, load_session
from ..v4.split import FOLDS, assign_folds
from .trials import make_trials, normalisation, other_repeats, to_grey, to_network
from .types import Split
from .wanted import Wanted

AVERAGED, SINGLE = "201025", "210325"
REPEATS = 16
SOURCE = "Cowley, Stan, Pillow, Smith 2023; folds by picture hash, near-duplicates together"


@dataclass(frozen=True)
class Rows:
    """counts float32 [R, 1, U], the picture of each row [R]; which are one picture [N], fold [N], pictures
    [N, C, 64, 64] in 256 levels."""

    counts: np.ndarray
    picture: np.ndarray
    kind: np.ndarray
    fold: np.ndarray
    pictures: np.ndarray


def v4_averaged(wanted: Wanted) -> list[Split]:
    """Session 201025, 89 neurons: a row a picture, counts averaged over its repeats."""
    rows = load(wanted, AVERAGED, averaged=True)
    return [split("v4", AVERAGED, rows, fold, True) for fold in chosen_folds(wanted)]


def v4_trials(wanted: Wanted) -> list[Split]:
    """Session 210325, 50 neurons, grey pictures: trained on all single trials, tested on the first of each picture."""
    rows = load(wanted, SINGLE, averaged=False)
    return [split("v4-trials", SINGLE, rows, fold, False) for fold in chosen_folds(wanted)]


def chosen_folds(wanted: Wanted) -> range:
    return range(1 if wanted.small else min(wanted.folds, FOLDS))


def load(wanted: Wanted, name: str, averaged: bool) -> Rows:
    """One session; the folds are of all six, as `phosphene-train v4` has them."""
    folder = wanted.folder("macaque_v4")
    sessions = [load_session(folder, each) for each in SESSIONS]
    at = SESSIONS.index(name)
    session, fold = sessions[at], assign_folds(sessions)[at]
    small = shrink(torch.from_numpy(session.pictures).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    levels = ((small + 1) * 127.5).round().clamp(0, 255).byte().numpy()
    pictures = to_grey(levels) if (levels[..., :1] == levels).all() else to_network(levels)
    kind = np.unique(session.digests, return_inverse=True)[1]
    if averaged:
        counts, picture = session.counts, np.arange(len(pictures))
    else:
        values = session.trials.swapaxes(1, 2)  # [N, repeats, U]
        picture, repeat = np.nonzero(np.isfinite(values).all(2))
        counts = values[picture, repeat]
    return Rows(counts[:, None].astype(np.float32), picture, kind, fold, pictures)


def split(name: str, session: str, rows: Rows, fold: int, averaged: bool) -> Split:
    """Pictures of one fold held out, of each the first row."""
    stimulus, held = rows.kind[rows.picture], rows.fold[rows.picture] == fold
    norm = normalisation(rows.counts[~held])
    first = np.flatnonzero(held)[np.unique(rows.picture[held], return_index=True)[1]]
    others = None if averaged else other_repeats(rows.counts, stimulus, first, REPEATS)
    train, test = (
        make_trials(rows.counts[at], norm, rows.pictures[rows.picture[at]], stimulus[at], repeats=repeats)
        for at, repeats in ((np.flatnonzero(~held), None), (first, others))
    )
    return Split(name, f"{session} fold {fold}", train, test, None, 100.0, norm, averaged=averaged, source=SOURCE)
