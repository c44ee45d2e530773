"""Spike messages of Open Ephys' ZMQ Interface -> bins of counts, the same rule for every peer.

A bin is closed by the first spike that lies the allowed lateness or more after its end; spikes that come later than
that are counted as late. The grid of the bins starts at the source's sample 0.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import orjson

SAMPLES_PER_MS = 30

Spike = tuple[int, int]
"""Sample number and index of the unit."""


class SpikeParser:
    """Messages of three frames (envelope, JSON header, waveform) -> spikes of known units."""

    def __init__(self, labels: Sequence[str]) -> None:
        parts = (label.rpartition(".") for label in labels)
        self.units = {(electrode, int(sorted_id)): i for i, (electrode, _, sorted_id) in enumerate(parts)}

    def parse(self, messages: Iterable[Sequence[bytes]]) -> list[Spike]:
        spikes = []
        for frames in messages:
            spike = orjson.loads(frames[1]).get("spike")
            if spike is not None:
                spikes.append((spike["sample_num"], self.units[spike["electrode"], spike["sorted_id"]]))
        return spikes


class Bins:
    """Spikes in, closed bins out: (end of the bin in s, counts [U])."""

    def __init__(self, units: int, width_ms: float, lateness_ms: float) -> None:
        self.units = units
        self.width = round(width_ms * SAMPLES_PER_MS)
        self.lateness = round(lateness_ms * SAMPLES_PER_MS)
        self.open: dict[int, list[int]] = {}
        self.next: int | None = None
        self.late = 0

    def push(self, spikes: Iterable[Spike]) -> list[tuple[float, np.ndarray]]:
        closed = []
        for sample, unit in spikes:
            index = sample // self.width
            if self.next is None:
                self.next = index
            while sample - self.lateness >= (self.next + 1) * self.width:
                closed.append(self._close())
            if index < self.next:
                self.late += 1
                continue
            counts = self.open.get(index)
            if counts is None:
                counts = self.open[index] = [0] * self.units
            counts[unit] += 1
        return closed

    def _close(self) -> tuple[float, np.ndarray]:
        counts = self.open.pop(self.next, None)
        self.next += 1
        end_s = self.next * self.width / SAMPLES_PER_MS / 1000
        return end_s, np.array(counts if counts is not None else [0] * self.units, np.float32)


class Windows:
    """The last W bins, normalised; nothing until there are W of them."""

    def __init__(self, window: int, units: int) -> None:
        self.values = np.zeros((window, units), np.float32)
        self.filled = 0

    def push(self, normalised: np.ndarray) -> np.ndarray | None:
        """Counts of a bin as z-scores [U] -> [W, U], oldest bin first."""
        self.values[:-1] = self.values[1:]
        self.values[-1] = normalised
        self.filled += 1
        return self.values if self.filled >= len(self.values) else None
