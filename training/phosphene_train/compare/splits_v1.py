"""Macaque V1 movies (Henaff et al. 2021): ten clips of eleven frames, whole clips held out."""

import numpy as np

from ..data import Dataset, Session
from ..data.v1_movies import import_v1_movies
from .trials import make_trials, normalisation, other_repeats, to_grey
from .types import Split, Trials
from .wanted import Wanted

SIDE, HELD, TRIALS, REPEATS = 64, 2, 4, 16
FRAME_MS = 300.0
SOURCE = (
    "Henaff et al. 2021; 10 clips of 11 frames of 200 ms, 100 ms apart: too short to skip the first 32 frames; "
    "two clips held out in each of five folds"
)


def v1_movies(wanted: Wanted) -> list[Split]:
    """Parts: folds of two clips of the larger population; single trials, of each held-out clip the first four."""
    dataset, _ = import_v1_movies(wanted.folder("macaque_v1_movies"), SIDE, (0.2, 0.1), wanted.seed, "v1")
    session = max(dataset.sessions, key=lambda each: len(each.labels))
    movies = len(dataset.labels["movie"].names)
    order = np.random.default_rng(wanted.seed).permutation(movies)
    count = 1 if wanted.small else min(wanted.folds, movies // HELD)
    return [fold(dataset, session, at, order[at * HELD : (at + 1) * HELD]) for at in range(count)]


def fold(dataset: Dataset, session: Session, number: int, held: np.ndarray) -> Split:
    """The clips `held` are the test side."""
    frames = len(dataset.pictures) // len(dataset.labels["movie"].names)
    movie, frame = session.stimulus // frames, session.stimulus % frames
    trial = number_trials(movie[frame == 0])[np.cumsum(frame == 0) - 1]
    test = np.isin(movie, held)
    norm = normalisation(session.counts.values[~test])
    pictures = to_grey(dataset.pictures)

    def side(rows: np.ndarray, repeats: np.ndarray | None) -> Trials:
        return make_trials(
            session.counts.values[rows], norm, pictures[session.stimulus[rows]], session.stimulus[rows],
            clip=movie[rows], trial=trial[rows], frame=frame[rows], repeats=repeats,
        )  # fmt: skip

    first = np.flatnonzero(test & (trial < TRIALS))
    others = other_repeats(session.counts.values, session.stimulus, first, REPEATS)
    name = f"{session.name} fold {number}"
    return Split(
        "v1-movies", name, side(np.flatnonzero(~test), None), side(first, others), None, session.counts.bin_ms, norm,
        frame_ms=FRAME_MS, source=SOURCE,
    )  # fmt: skip


def number_trials(movie: np.ndarray) -> np.ndarray:
    """0, 1, 2, ... within the showings of each movie."""
    out = np.zeros(len(movie), np.int64)
    for each in np.unique(movie):
        out[movie == each] = np.arange((movie == each).sum())
    return out
