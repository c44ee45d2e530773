"""Macaque V1 populations (Henaff et al. 2021): single-trial counts to the frames of ten natural movies."""

from pathlib import Path

import h5py
import numpy as np

from .pictures import open_square
from .split import split_pictures
from .types import ClassLabels, Counts, DataError, Dataset, Session

NATURAL, ZOOM1X = 0, 0
SUFFIX = "_image_sequences.mat"
REST_S = 1.0  # between movies; made up, as is the order: the file numbers the trials of a movie, not when they were
SOURCE = "Henaff et al. 2021, macaque V1, natural image sequences; no licence stated: research use, do not republish"


def import_v1_movies(
    folder: Path, side: int, shares: tuple[float, float], seed: int, name: str
) -> tuple[Dataset, list[str]]:
    """The dataset, and notes; shares are (test, validation) of the movies. Raises DataError.

    Only natural movies at zoom 1 are taken: the frames of no others are there. All frames of a movie are in one split.
    """
    files = sorted((folder / "responses").glob(f"*{SUFFIX}"))
    if not files:
        raise DataError(f"{folder}: expected responses/*{SUFFIX}, found none")
    populations = [_read(file) for file in files]
    titles, frames = populations[0][0], populations[0][1].shape[3]
    paths = [_frame(folder, movie, frame) for movie in range(len(titles)) for frame in range(frames)]
    split = split_pictures(list(titles), *shares, seed)
    sessions, notes = [], []
    for file, (other, counts, latency_ms, bin_ms, period_s, clusters) in zip(files, populations, strict=True):
        if other != titles or counts.shape[3] != frames:
            raise DataError(f"{file}: expected the movies of {files[0].name}, got others")
        session = file.name.removesuffix(SUFFIX)
        units, trials = complete(np.isfinite(counts).all(3))
        notes.append(f"{session}: {units.sum()} of {len(units)} units, there in {trials.sum()} of {trials.size} trials")
        labels = tuple(f"cluster{each:03d}.1" for each, kept in zip(clusters, units, strict=True) if kept)
        sessions.append(_session(session, labels, counts[:, units], trials, split, (bin_ms, latency_ms, period_s)))
    movie = ClassLabels(titles, np.repeat(np.arange(len(titles)), frames))
    ids = tuple(f"{title}-{frame + 1:02d}" for title in titles for frame in range(frames))
    pictures = np.stack([open_square(path, side) for path in paths])
    return Dataset(name, pictures, ids, {"movie": movie}, tuple(sessions), "stimuli", SOURCE), notes


def complete(there: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Units come and go in a recording: from `there` bool [repeats, units, movies], units bool [U] and the trials bool
    [repeats, movies] in which all of them were there, so that units x trials is the most (best first)."""
    order = np.argsort(-there.mean((0, 2)), kind="stable")
    size = [(count + 1) * there[:, order[: count + 1]].all(1).sum() for count in range(len(order))]
    units = np.zeros(len(order), bool)
    units[order[: int(np.argmax(size)) + 1]] = True
    return units, there[:, units].all(1)


def _read(path: Path) -> tuple:
    """Titles of the movies; counts [repeats, units, movies, frames]; latency and bin in ms; period in s; clusters."""
    try:
        with h5py.File(path, "r") as file:
            group = file["naturalStruct"]
            counts = group["sortedResponses"][..., NATURAL, ZOOM1X].swapaxes(2, 3)
            titles = tuple(_text(file[each]) for each in group["movie_titles"][()].ravel())
            on, off, latency, width = (
                float(group[each][0, 0])
                for each in ("stim_on_sec", "stim_off_sec", "response_latency", "integrationPeriod")
            )
            clusters = group["cluster_list"][()].ravel().astype(int).tolist()
    except (OSError, KeyError, IndexError) as error:
        raise DataError(f"{path}: expected naturalStruct with sortedResponses, got {error}") from None
    return titles, counts, latency * 1000, width * 1000, on + off, clusters


def _text(characters: h5py.Dataset) -> str:
    return "".join(map(chr, characters[()].ravel()))


def _frame(folder: Path, movie: int, frame: int) -> Path:
    return folder / "frames_natural_zoom1x" / f"movie{movie + 1}" / f"natural{frame + 1:02d}.png"


def _session(name, labels, counts, trials, split, timing) -> Session:
    """counts [repeats, U, movies, frames]; every trial is a movie, its frames follow one another."""
    bin_ms, latency_ms, period_s = timing
    repeat, movie = np.nonzero(trials)
    frames = counts.shape[3]
    values = counts[repeat, :, movie].transpose(0, 2, 1).reshape(-1, 1, len(labels))
    start = np.arange(len(movie)) * (frames * period_s + REST_S)
    onset = (start[:, None] + np.arange(frames) * period_s).ravel()
    stimulus = (movie[:, None] * frames + np.arange(frames)).ravel()
    kept = Counts(np.ascontiguousarray(values, np.float32), bin_ms, latency_ms)
    return Session(name, labels, stimulus, onset, onset + bin_ms / 1000, split[np.repeat(movie, frames)], counts=kept)
