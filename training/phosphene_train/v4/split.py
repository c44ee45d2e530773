"""Five folds of pictures, shared by all sessions: a picture, and what nearly equals it, is on one side only."""

from collections.abc import Sequence

import numpy as np

from .recording import SIDE, Session

FOLDS = 5
SAME = 0.98
"""Correlation of 16 x 16 thumbnails from which two pictures count as one."""


def assign_folds(sessions: Sequence[Session]) -> list[np.ndarray]:
    """The fold of every picture of every session, by the digest of the first of its kind."""
    digests = sorted({d for s in sessions for d in s.digests})
    place = {d: i for i, d in enumerate(digests)}
    thumbs = np.empty((len(digests), 16 * 16 * 3), np.float32)
    for s in sessions:
        thumbs[[place[d] for d in s.digests]] = thumbnails(s.pictures)
    group = merge(thumbs)
    fold = np.array([int(digests[g][:8], 16) % FOLDS for g in group])
    return [fold[[place[d] for d in s.digests]] for s in sessions]


def thumbnails(pictures: np.ndarray) -> np.ndarray:
    """uint8 [N, 112, 112, 3] -> [N, 16 * 16 * 3], box means."""
    size = SIDE // 16
    boxes = pictures.reshape(len(pictures), 16, size, 16, size, 3).astype(np.float32)
    return boxes.mean((2, 4)).reshape(len(pictures), -1)


def merge(thumbs: np.ndarray, block: int = 512) -> np.ndarray:
    """Connected components of `same picture`, each named by its first member [N]."""
    centred = thumbs - thumbs.mean(1, keepdims=True)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True).clip(1e-9)
    group = np.arange(len(thumbs))
    for start in range(0, len(thumbs), block):
        for i, j in np.argwhere(centred[start : start + block] @ centred.T > SAME):
            low, high = sorted((group[start + i], group[j]))
            if low != high:
                group[group == high] = low
    return group
