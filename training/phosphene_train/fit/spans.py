"""Where windows of a split may lie in a recorded stream, so that no spike of one split is seen by another."""

from dataclasses import dataclass

import numpy as np

BREAK_US = 1_000_000
"""Of the silence after the last response before a pause, as much belongs to the presentation."""
SETTLE_US = 100_000
"""A blank begins so long after the response has ended by the latency, where there is room."""


@dataclass(frozen=True)
class Stream:
    """Presentations of a session, int64 [N] in order of time: onset, offset (not beyond the next onset), end (of the
    stretch that belongs to the presentation) in us, and split; latency in us."""

    onset: np.ndarray
    offset: np.ndarray
    end: np.ndarray
    split: np.ndarray
    latency: int


def stream(onset: np.ndarray, offset: np.ndarray, split: np.ndarray, latency: int) -> Stream:
    """A presentation owns the time from its onset to the next one, and at most BREAK_US after its response."""
    following = np.append(onset[1:], np.iinfo(np.int64).max)
    offset = np.minimum(offset, following)
    return Stream(onset, offset, np.minimum(following, offset + latency + BREAK_US), split, latency)


def segments(s: Stream, split: int) -> tuple[np.ndarray, np.ndarray]:
    """(bounds int64 [M, 2] in us, segment of each presentation int64 [N], -1 for other splits).

    A segment is a run of presentations of one split. It begins no earlier than the response to a preceding
    presentation of another split ends, and ends with the last onset of its own run's stretch: a window inside it
    touches no presentation, and no response, of another split.
    """
    bounds: list[list[int]] = []
    owner = np.full(len(s.onset), -1, np.int64)
    for j in np.flatnonzero(s.split == split):
        begin = int(s.onset[j])
        if j > 0 and s.split[j - 1] != split:
            begin = max(begin, int(s.offset[j - 1]) + s.latency)
        if j > 0 and owner[j - 1] >= 0 and bounds[-1][1] == s.onset[j]:
            bounds[-1][1] = int(s.end[j])
        else:
            bounds.append([begin, int(s.end[j])])
        owner[j] = len(bounds) - 1
    return np.array(bounds, np.int64).reshape(-1, 2), owner


def starts(s: Stream, split: int, kind: str, length: int, guard: int = 0) -> np.ndarray:
    """Ranges [M, 2] in us, first and last start of a window of `length` us, `guard` us within its segment.

    stream: anywhere in the split. inside: wholly in a response, or wholly around it when the presentation is shorter.
    blank: no presentation, nor its response by the latency, in the window.
    """
    bounds, owner = segments(s, split)
    bounds = bounds + np.array([guard, -guard])
    if kind == "stream":
        ranges = np.stack([bounds[:, 0], bounds[:, 1] - length], 1)
        return ranges[ranges[:, 1] >= ranges[:, 0]]
    own = np.flatnonzero(owner >= 0)
    low, high = bounds[owner[own]].T
    onset, offset, end = s.onset[own], s.offset[own], s.end[own]
    if kind == "inside":
        ends = np.stack([onset, offset - length], 1) + s.latency
        ranges = np.stack([ends.min(1).clip(low), ends.max(1).clip(None, high - length)], 1)
    else:
        quiet = offset + s.latency
        room = (end - length - quiet).clip(0)
        ranges = np.stack([(quiet + np.minimum(room, SETTLE_US)).clip(low), end - length], 1)
    return ranges[ranges[:, 1] >= ranges[:, 0]]
