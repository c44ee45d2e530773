"""Shows pictures one after another and gathers the response to each. Time is the source's: nothing sleeps."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from phosphene_client import AsyncClient, Latents, Spikes

T = TypeVar("T")
PATIENCE_S = 5.0
KEPT = 64


@dataclass(frozen=True)
class Response:
    """What came back from one picture. `counts` [units]; `mu` [D], None where latents are not wanted."""

    stimulus: str
    counts: np.ndarray
    mu: np.ndarray | None
    shown_ms: float
    responded_ms: float


class Lost(Exception):
    """A part of the response is missing."""


class Trials:
    """A picture is sent once the one before was on for `picture_s`; its response is [from_s, to_s) after its onset."""

    def __init__(self, client: AsyncClient, picture_s: float, from_s: float, to_s: float, with_latents: bool) -> None:
        self._client = client
        self._picture_s, self._from_s, self._to_s, self._with_latents = picture_s, from_s, to_s, with_latents
        self._bins: deque[Spikes] = deque(maxlen=KEPT)
        self._latents: deque[Latents] = deque(maxlen=KEPT)
        self._onsets: dict[str, float] = {}
        self._screen = asyncio.Lock()
        self._news = asyncio.Condition()

    async def read(self) -> None:
        """Takes in what the daemon says, for as long as it runs."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read_bins())
            group.create_task(self._read_onsets())
            if self._with_latents:
                group.create_task(self._read_latents())

    async def show(self, picture: np.ndarray) -> Response:
        """After those that were asked for before. Raises Lost, TimeoutError, or what `present` raises."""
        async with self._screen:
            sent = time.perf_counter()
            stimulus = (await self._client.present(picture)).stimulus
            onset = await self._until(lambda: self._onsets.get(stimulus))
            shown = time.perf_counter()
            await self._until(lambda: True if self._until_s() >= onset + self._picture_s else None)
        start, end = onset + self._from_s, onset + self._to_s
        counts = await self._until(lambda: self._counts(start, end))
        mu = await self._until(lambda: self._mu(start, end)) if self._with_latents else None
        done = time.perf_counter()
        return Response(stimulus, counts, mu, 1000 * (shown - sent), 1000 * (done - sent))

    async def _read_bins(self) -> None:
        async for spikes in self._client.spikes(depth=KEPT):
            if self._bins and spikes.start_s < self._bins[-1].start_s:  # The source began anew.
                self._bins.clear()
                self._latents.clear()
            self._bins.append(spikes)
            await self._tell()

    async def _read_onsets(self) -> None:
        async for event in self._client.events():
            if event.stimulus is not None and event.source_s is not None:
                self._onsets[event.stimulus.id] = event.source_s
                await self._tell()

    async def _read_latents(self) -> None:
        async for latents in self._client.latents(depth=KEPT):
            self._latents.append(latents)
            await self._tell()

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def _until(self, look: Callable[[], T | None]) -> T:
        async with asyncio.timeout(PATIENCE_S), self._news:
            while (found := look()) is None:
                await self._news.wait()
            return found

    def _until_s(self) -> float:
        return self._edge(self._bins[-1].index + 1) if self._bins else -np.inf

    def _edge(self, index: int) -> float:
        """Start of a bin, s: bins lie on a grid, so any one says where all are."""
        known = self._bins[-1]
        return known.start_s + (index - known.index) * known.width_ms / 1000

    def _counts(self, start: float, end: float) -> np.ndarray | None:
        if self._until_s() < end:
            return None
        inside = [b for b in self._bins if b.start_s < end and b.start_s + b.width_ms / 1000 > start]
        if not inside or inside[0].start_s > start or inside[-1].index - inside[0].index != len(inside) - 1:
            raise Lost("expected every bin of the response")
        at = np.concatenate([b.start_s + b.offsets_ms.astype(float) / 1000 for b in inside])
        units = np.concatenate([b.units for b in inside])
        return np.bincount(units[(at >= start) & (at < end)], minlength=self._client.hello.bundle.units)

    def _mu(self, start: float, end: float) -> np.ndarray | None:
        windows = [(self._edge(each.bins[0]), self._edge(each.bins[1] + 1), each) for each in self._latents]
        if not windows or windows[-1][1] < end:
            return None
        overlap, best = max(
            ((min(last, end) - max(first, start)) / min(last - first, end - start), each.seq)
            for first, last, each in windows
        )
        if overlap < 0.5:
            raise Lost("expected a frame whose window lies in the response")
        return next(each.mu for each in self._latents if each.seq == best)
