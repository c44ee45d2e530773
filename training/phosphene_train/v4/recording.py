"""Read the macaque V4 recordings: pictures in file-name order, averaged counts, single trials where there are."""

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

SESSIONS = ("190923", "190925", "190927", "201025", "210225", "210325")
SIDE = 112


@dataclass(frozen=True)
class Session:
    """One recording session of N presented pictures and U neurons.

    pictures  uint8 RGB [N, 112, 112, 3]
    counts    mean spike count in 100 ms over repeats [N, U]
    trials    single-trial counts [N, U, repeats], NaN where there was no trial; None where they are not published
    digests   SHA-256 of each decoded picture: equal for a picture that was shown twice
    """

    name: str
    pictures: np.ndarray
    counts: np.ndarray
    trials: np.ndarray | None
    digests: tuple[str, ...]


def load_session(source: Path, name: str) -> Session:
    """One session from the data set's folder."""
    pictures = read_pictures(source / "images" / f"images_{name}.zip")
    counts = read_counts(source / "responses_repeat_averaged" / f"responses_{name}.npy", len(pictures))
    raw = source / "responses_raw" / f"responses_{name}.npy"
    trials = np.load(raw, allow_pickle=False).swapaxes(0, 1) if raw.exists() else None
    if trials is not None and trials.shape[:2] != counts.shape:
        raise ValueError(f"{raw.name}: expected {counts.shape[::-1]} neurons x pictures, got {trials.shape[1::-1]}")
    return Session(name, pictures, counts, trials, tuple(hashlib.sha256(p.tobytes()).hexdigest() for p in pictures))


def read_pictures(path: Path) -> np.ndarray:
    """The JPEGs of a zip, sorted by file name: picture k belongs to response column k. Zip order differs, and names
    may be in a sub-folder."""
    if not path.exists():
        raise FileNotFoundError(f"{path}: expected a zip of JPEG pictures of the V4 data set")
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if n.lower().endswith((".jpg", ".jpeg"))]
        names.sort(key=lambda name: name.rsplit("/", 1)[-1])
        return np.stack([decode(archive.read(name), f"{path.name}: {name}") for name in names])


def decode(data: bytes, name: str) -> np.ndarray:
    """JPEG bytes -> uint8 RGB [112, 112, 3]."""
    picture = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    if picture.shape != (SIDE, SIDE, 3):
        raise ValueError(f"{name}: expected a picture of {SIDE} x {SIDE}, got {picture.shape[1]} x {picture.shape[0]}")
    return picture


def read_counts(path: Path, pictures: int) -> np.ndarray:
    """Repeat-averaged counts as [pictures, neurons]."""
    counts = np.load(path, allow_pickle=False)
    if counts.ndim != 2 or counts.shape[1] != pictures:
        raise ValueError(f"{path.name}: expected neurons x {pictures} pictures, got {counts.shape}")
    if not np.isfinite(counts).all() or counts.min() < 0:
        raise ValueError(f"{path.name}: expected finite counts of at least 0, got NaN, infinity or a negative count")
    return counts.T.copy()
