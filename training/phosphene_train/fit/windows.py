"""Windows of a recorded session: drawn from its spikes at any moment, or its aligned counts as they are."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ..data import Counts, DataError, Session
from ..data.types import TRAIN
from .spans import starts, stream

BLANK = -1
US = 1_000_000


@dataclass(frozen=True)
class Windows:
    """counts float32 [N, W, U]; stimulus int64 [N], index into the dataset's pictures or BLANK; presentation int64 [N],
    the one that is shown, or BLANK."""

    counts: Tensor
    stimulus: Tensor
    presentation: Tensor


@dataclass(frozen=True)
class WindowShape:
    """bins of bin_ms; a window shows what was on latency_ms ago; training may move spikes by up to jitter_ms."""

    bin_ms: float
    bins: int
    latency_ms: float
    jitter_ms: float = 0.0


class Source(Protocol):
    """What a session gives windows from. Kinds: stream, inside, blank (fit/spans.py)."""

    def has(self, split: int, kind: str) -> bool: ...

    def draw(self, split: int, kind: str, count: int, generator: torch.Generator, jitter: bool = False) -> Windows: ...


class SpikeSource:
    """Spike times of all units as one ascending int64 key per spike, unit * span + time in us: a count between two
    times is a difference of two binary searches, for any number of windows at once."""

    def __init__(self, session: Session, split: np.ndarray, shape: WindowShape, device: str) -> None:
        width, self.bins = round(shape.bin_ms * 1000), shape.bins
        self.width, self.length, self.latency = width, width * self.bins, round(shape.latency_ms * 1000)
        self.jitter = min(round(shape.jitter_ms * 1000), self.length)
        spikes = session.spikes
        begin = min(session.onset.min(), spikes.times.min(initial=np.inf))
        times = np.round((spikes.times - begin) * US).astype(np.int64)
        onset, offset = (np.round((t - begin) * US).astype(np.int64) for t in (session.onset, session.offset))
        # Edges may lie before the first and after the last spike by a window and its jitter: no unit's keys may meet
        # another's there.
        self.margin = 4 * self.length + US
        self.span = int(max(times.max(initial=0), offset.max() + 10 * US)) + 2 * self.margin
        keys = np.sort(spikes.units * self.span + times + self.margin)
        self.stream = stream(onset, offset, split, self.latency)
        self.keys = torch.from_numpy(keys).to(device)
        self.base = (torch.arange(len(session.labels)) * self.span + self.margin).to(device)
        self.onset, self.offset = (torch.from_numpy(t).to(device) for t in (self.stream.onset, self.stream.offset))
        self.stimulus = torch.from_numpy(session.stimulus).to(device)
        self.ranges = {(s, k): self._ranges(s, k) for s in np.unique(split) for k in ("stream", "inside", "blank")}

    def _ranges(self, split: int, kind: str) -> Tensor:
        # A training window whose spikes are moved must not reach into another split.
        guard = self.jitter if split == TRAIN else 0
        return torch.from_numpy(starts(self.stream, int(split), kind, self.length, guard)).to(self.keys.device)

    def has(self, split: int, kind: str) -> bool:
        return len(self.ranges.get((split, kind), ())) > 0

    def draw(self, split: int, kind: str, count: int, generator: torch.Generator, jitter: bool = False) -> Windows:
        """`count` windows; with jitter each unit's spikes of a window are moved by up to jitter_ms either way."""
        start = self._starts(self.ranges[split, kind], kind, count, generator)
        shown = self._shown(start)
        edges = start[:, None] + torch.arange(self.bins + 1, device=start.device) * self.width
        edges = edges[:, :, None].expand(-1, -1, len(self.base))
        if jitter and self.jitter:
            shape = (count, 1, len(self.base))
            moved = torch.randint(-self.jitter, self.jitter + 1, shape, generator=generator, device=start.device)
            edges = edges + moved
        before = torch.searchsorted(self.keys, (edges + self.base).contiguous())
        stimulus = torch.where(shown == BLANK, BLANK, self.stimulus[shown.clamp(min=0)])
        return Windows((before[:, 1:] - before[:, :-1]).float(), stimulus, shown)

    def _starts(self, ranges: Tensor, kind: str, count: int, generator: torch.Generator) -> Tensor:
        """Every presentation counts the same inside responses, every moment the same elsewhere."""
        lengths = ranges[:, 1] - ranges[:, 0] + 1
        ends = torch.cumsum(torch.ones_like(lengths) if kind == "inside" else lengths, 0)
        uniform = torch.rand(2, count, generator=generator, device=ranges.device, dtype=torch.float64)
        row = torch.searchsorted(ends, (uniform[0] * ends[-1]).long(), right=True).clamp(max=len(ends) - 1)
        return ranges[row, 0] + (uniform[1] * lengths[row]).long()

    def _shown(self, start: Tensor) -> Tensor:
        """The presentation that fills more than half of the window, seen `latency` earlier; BLANK without one."""
        begin = start - self.latency
        # Whatever fills more than half of an interval holds its middle.
        at = torch.searchsorted(self.onset, begin + self.length // 2, right=True) - 1
        onset, offset = self.onset[at.clamp(min=0)], self.offset[at.clamp(min=0)]
        overlap = torch.minimum(begin + self.length, offset) - torch.maximum(begin, onset)
        return torch.where((at >= 0) & (2 * overlap > self.length), at, BLANK)


class CountSource:
    """Aligned counts: one window a presentation, none of a blank."""

    def __init__(self, session: Session, split: np.ndarray, device: str) -> None:
        self.values = torch.from_numpy(session.counts.values).to(device)
        self.stimulus = torch.from_numpy(session.stimulus).to(device)
        self.rows = {int(s): torch.from_numpy(np.flatnonzero(split == s)).to(device) for s in np.unique(split)}

    def has(self, split: int, kind: str) -> bool:
        return kind != "blank" and len(self.rows.get(split, ())) > 0

    def draw(self, split: int, kind: str, count: int, generator: torch.Generator, jitter: bool = False) -> Windows:
        """`count` presentations of the split, drawn with replacement; jitter has no meaning here."""
        rows = self.rows[split]
        return self._at(rows[torch.randint(len(rows), (count,), generator=generator, device=rows.device)])

    def once(self, split: int, count: int, generator: torch.Generator) -> Windows:
        """At most `count` presentations of the split, none twice, in random order."""
        rows = self.rows[split]
        return self._at(rows[torch.randperm(len(rows), generator=generator, device=rows.device)[:count]])

    def _at(self, rows: Tensor) -> Windows:
        return Windows(self.values[rows], self.stimulus[rows], rows)


def source_of(session: Session, split: np.ndarray, shape: WindowShape, device: str) -> SpikeSource | CountSource:
    """The session's windows; refuses one whose counts have other bins than the configuration."""
    if session.counts is None:
        return SpikeSource(session, split, shape, device)
    check_bins(session.name, session.counts, shape)
    return CountSource(session, split, device)


def check_bins(name: str, counts: Counts, shape: WindowShape) -> None:
    """Counts cannot be binned anew."""
    got = (float(counts.bin_ms), counts.values.shape[1])
    if got != (shape.bin_ms, shape.bins):
        raise DataError(
            f"session {name}: expected counts in {shape.bins} bins of {shape.bin_ms:g} ms as [window] says, "
            f"got {got[1]} of {got[0]:g} ms"
        )


def repeat_draw(
    source: Source, split: int, kind: str, count: int, generator: torch.Generator, part: int = 4096
) -> Windows:
    """Many windows, a part at a time to bound the memory of the searches."""
    drawn = [source.draw(split, kind, min(part, count - at), generator) for at in range(0, count, part)]
    return Windows(*(torch.cat([getattr(d, name) for d in drawn]) for name in ("counts", "stimulus", "presentation")))
