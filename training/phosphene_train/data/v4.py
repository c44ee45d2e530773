"""Macaque V4 (Cowley et al. 2023): counts in 100 ms to natural and synthetic images, six sessions."""

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from .check import picture_hashes
from .pictures import square
from .split import split_by_lot
from .types import Counts, DataError, Dataset, Session

SESSIONS = ("190923", "190925", "190927", "201025", "210225", "210325")
RAW = "210325"  # the one session with single trials
BIN_MS, OFFSET_MS = 100.0, 50.0
PERIOD_S = 0.2  # made up, as are all times: the files give the counts of each image, not when it was shown
SOURCE = "Cowley, Stan, Pillow, Smith 2023, github.com/cowleygroup/V4_compact_models (repository GPL-3)"


def import_v4(
    folder: Path,
    sessions: tuple[str, ...],
    raw: bool,
    side: int,
    shares: tuple[float, float],
    seed: int,
    fold: int,
    name: str,
) -> tuple[Dataset, list[str]]:
    """The dataset, and notes; shares are (test, validation). Raises DataError.

    The split of an image depends on its pixels, the seed and the fold alone: it is the same in every session, and
    whichever sessions are imported together.
    """
    unknown = [each for each in sessions if each not in SESSIONS]
    if unknown or not sessions or (raw and sessions != (RAW,)):
        expected = f"{RAW} with --raw" if raw else f"some of {', '.join(SESSIONS)}"
        raise DataError(f"--sessions: expected {expected}, got {', '.join(sessions) or 'none'}")
    index: dict[str, int] = {}
    pictures: list[np.ndarray] = []
    ids: list[str] = []
    shown = {}
    for session in sessions:
        images = read_images(folder / "images" / f"images_{session}.zip", side)
        shown[session] = np.array([index.setdefault(each, len(index)) for each in picture_hashes(images)], np.int64)
        for at, picture in enumerate(shown[session]):
            if picture == len(ids):  # not seen before: pictures are numbered as they come
                ids.append(f"{session}-image{at + 1:04d}")
                pictures.append(images[at])
    split = split_by_lot(list(index), *shares, seed, fold)
    parts = tuple(_session(folder, session, shown[session], split, raw) for session in sessions)
    total = sum(len(each) for each in shown.values())
    notes = [f"{total - len(ids)} of {total} images are repeats of others"]
    return Dataset(name, np.stack(pictures), tuple(ids), {}, parts, "stimuli", SOURCE), notes


def read_images(path: Path, side: int) -> np.ndarray:
    """uint8 [images, side, side, 3] in order of file name: image k (from 1) belongs to response column k - 1."""
    if not path.is_file():
        raise DataError(f"{path}: expected a zip of images, found none")
    with zipfile.ZipFile(path) as archive:
        names = sorted(each for each in archive.namelist() if each.endswith(".jpg") and "__MACOSX" not in each)
        if not names:
            raise DataError(f"{path}: expected .jpg images, found none")
        pictures = np.empty((len(names), side, side, 3), np.uint8)
        for at, each in enumerate(names):
            with Image.open(io.BytesIO(archive.read(each))) as image:
                pictures[at] = square(image, side)
    return pictures


def _session(folder: Path, session: str, picture: np.ndarray, split: np.ndarray, raw: bool) -> Session:
    kind = "raw" if raw else "repeat_averaged"
    path = folder / f"responses_{kind}" / f"responses_{session}.npy"
    if not path.is_file():
        raise DataError(f"{path}: expected the responses of session {session}, found none")
    responses = np.load(path, allow_pickle=False)
    if responses.ndim != (3 if raw else 2) or responses.shape[1] != len(picture):
        wanted = f"[units, {len(picture)} images{', repeats' if raw else ''}]"
        raise DataError(f"{path}: expected responses {wanted}, got {responses.shape}")
    if raw:
        recorded = np.isfinite(responses).all(0)
        repeat, column = np.nonzero(recorded.T)
        values, stimulus = responses[:, column, repeat].T, picture[column]
    else:
        values, stimulus = responses.T, picture
    onset = np.arange(len(stimulus)) * PERIOD_S
    labels = tuple(f"neuron{unit}.1" for unit in range(len(responses)))
    counts = Counts(np.ascontiguousarray(values[:, None], np.float32), BIN_MS, OFFSET_MS)
    return Session(session, labels, stimulus, onset, onset + BIN_MS / 1000, split[stimulus], counts=counts)
