"""Maps this machine's clock to the server's, and says how long to wait before another attempt."""

import random
import time
from collections import deque
from dataclasses import dataclass

KEPT = 12
SHORTEST_S = 0.25
LONGEST_S = 4.0


def local_ms() -> float:
    """This process' monotonic clock, ms. `time.perf_counter()` x 1000: the finest that every platform has."""
    return time.perf_counter() * 1000.0


@dataclass(frozen=True, slots=True)
class _Sample:
    rtt_ms: float
    offset_ms: float


class ServerClock:
    """Of the newest pings the one with the shortest round trip is believed; its error is at most half of that."""

    def __init__(self) -> None:
        self._samples: deque[_Sample] = deque(maxlen=KEPT)
        self._best: _Sample | None = None

    def seed(self, received_ms: float, server_ms: float) -> None:
        """A one-way reading, as in `hello`: believed until a ping has come back. Forgets what was before."""
        self._samples.clear()
        self._best = _Sample(float("inf"), server_ms - received_ms)

    def add(self, sent_ms: float, received_ms: float, server_ms: float) -> None:
        """One ping. `sent_ms` and `received_ms` by `local_ms`."""
        rtt = received_ms - sent_ms
        if rtt < 0:
            return
        self._samples.append(_Sample(rtt, server_ms - (sent_ms + rtt / 2)))
        self._best = min(self._samples, key=lambda sample: sample.rtt_ms)

    @property
    def rtt_ms(self) -> float | None:
        """Round trip of the believed ping; None before the first."""
        return None if not self._samples or self._best is None else self._best.rtt_ms

    def to_server(self, at_ms: float) -> float | None:
        """Server time of a time by `local_ms`; None before the first `hello`."""
        return None if self._best is None else at_ms + self._best.offset_ms


def backoff_s(attempt: int, chance: float | None = None) -> float:
    """Delay before attempt `attempt` (from 0): doubles from 0.25 s to 4 s, moved by up to a quarter."""
    base = min(LONGEST_S, SHORTEST_S * 2.0 ** min(attempt, 10))
    moved = base * (0.75 + 0.5 * (random.random() if chance is None else chance))
    return min(LONGEST_S, max(SHORTEST_S, moved))
