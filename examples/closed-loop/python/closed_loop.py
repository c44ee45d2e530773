"""Searches for the picture that drives a unit or a group of latents, in a closed loop through the daemon.

python closed_loop.py --unit E004.1 --trials 600 --out runs/closed-loop-python
Needs phosphene-client; writes result.json and curve.svg. docs/closed-loop.md.
"""

import argparse
import asyncio
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from phosphene_client import AsyncClient, Hello, PhospheneError, connect
from search import DIMENSION, Search, paint
from trials import Lost, Response, Trials

PROBES = 2
FINAL_ROUNDS = 10
MOST_ATTEMPTS = 20


class Experiment:
    """Shows pictures, scores what comes back and keeps it; what gets lost on the way is shown again."""

    def __init__(self, client: AsyncClient, trials: Trials, score: Callable[[Response], float]) -> None:
        self._client, self._trials, self._score = client, trials, score
        self._started = time.perf_counter()
        self.records: list[dict] = []
        self.lost = 0

    async def show(self, point: np.ndarray, role: str, generation: int) -> float:
        """Score of the picture of these numbers."""
        shape = self._client.hello.bundle.image
        for attempt in range(1, MOST_ATTEMPTS + 1):
            try:
                response = await self._trials.show(paint(point, shape.width, shape.height))
                break
            except (Lost, TimeoutError, PhospheneError):
                self.lost += 1
                if attempt == MOST_ATTEMPTS:
                    raise
                await anext(aiter(self._client.statuses()))  # Once a second, when the daemon is there.
        score, at_ms = self._score(response), 1000 * (time.perf_counter() - self._started)
        record = {"role": role, "generation": generation, "stimulus": response.stimulus, "score": score}
        times = {"shownMs": response.shown_ms, "respondedMs": response.responded_ms, "atMs": at_ms}
        self.records.append(record | times)
        return score

    async def run(self, trials: int, seed: int) -> list[list[float]]:
        """Generation after generation, then grey and best in turns; returns the middle after each generation."""
        search, means, probes = Search(seed=seed), [], []
        per_generation = len(search.ask()) + PROBES
        for generation in range(-(-trials // per_generation)):
            middle = search.mean
            candidates = [asyncio.ensure_future(self.show(p, "candidate", generation)) for p in search.ask()]
            await asyncio.gather(*probes)
            # While these are on, the responses to the last candidates come in: the screen never waits for one.
            probes = [asyncio.ensure_future(self.show(middle, "middle", generation)) for _ in range(PROBES)]
            scores = await asyncio.gather(*candidates)
            search.tell(np.array(scores))
            means.append(search.mean.tolist())
            print(f"generation {generation}: {len(self.records)} trials, mean score {np.mean(scores):.2f}", flush=True)
        await asyncio.gather(*probes)
        grey = np.zeros(DIMENSION)
        for _ in range(FINAL_ROUNDS):
            shown = (("lead", grey), ("grey", grey), ("best", search.mean))
            await asyncio.gather(*(self.show(point, role, len(means) - 1) for role, point in shown))
        return means


def objective(hello: Hello, unit: str | None, group: str | None) -> tuple[str, dict, Callable[[Response], float]]:
    """Name, times of a trial (s), and score of a response: spikes of a unit, or root mean square of a group."""
    if group is None:
        index = hello.bundle.unit_labels.index(unit or hello.bundle.unit_labels[0])
        times = {"picture_s": 0.06, "from_s": 0.06, "to_s": 0.14, "with_latents": False}
        return f"unit {hello.bundle.unit_labels[index]}", times, lambda response: float(response.counts[index])
    names = [each.name for each in hello.bundle.latents.groups]
    sizes = [each.size for each in hello.bundle.latents.groups]
    start = sum(sizes[: names.index(group)])
    part = slice(start, start + sizes[names.index(group)])
    times = {"picture_s": 0.06, "from_s": 0.06, "to_s": 0.16, "with_latents": True}
    return f"latent group {group}", times, lambda response: float(np.sqrt(np.mean(response.mu[part] ** 2)))


def curve(records: list[dict], title: str) -> str:
    """A learning curve as SVG: a dot for every trial, green for the middle of a generation, which the line joins."""
    most = max(1e-9, *(r["score"] for r in records)) * 1.08
    at = [(40 + 660 * (i + 1) / (len(records) + 1), 320 - 280 * r["score"] / most) for i, r in enumerate(records)]
    middles = [(r["role"] == "middle", point) for r, point in zip(records, at, strict=True)]
    dots = [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="{"#007a5a" if m else "#8a8a8a"}"/>' for m, (x, y) in middles
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for m, (x, y) in middles if m)
    return "\n".join([
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 360" font-family="sans-serif" font-size="13">',
        f'<rect width="720" height="360" fill="#fff"/><text x="40" y="24">{title}</text>',
        f'<text x="40" y="345">0 to {most / 1.08:.2f}, over {len(records)} trials</text>',
        *dots, f'<polyline points="{line}" fill="none" stroke="#007a5a" stroke-width="2"/>', "</svg>", "",
    ])  # fmt: skip


def summary(records: list[dict]) -> dict:
    """What the run was like, in numbers. Times in ms."""
    scores = {role: [r["score"] for r in records if r["role"] == role] for role in ("grey", "best")}
    times = [r["atMs"] for r in records]
    quantiles = {key: np.percentile([r[key] for r in records], [50, 99]).tolist() for key in ("shownMs", "respondedMs")}
    rate = 1000 * (len(records) - 1) / (max(times) - min(times))
    return {"trials": len(records), "trialsPerS": rate} | quantiles | {k: float(np.mean(v)) for k, v in scores.items()}


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default="http://127.0.0.1:8787")
    parser.add_argument("--unit")
    parser.add_argument("--group")
    parser.add_argument("--trials", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("runs/closed-loop-python"))
    args = parser.parse_args()
    # A token on the command line could be read by every process of the machine.
    async with connect(args.url, token=os.environ.get("PHOSPHENE_TOKEN")) as client:
        name, times, score = objective(client.hello, args.unit, args.group)
        trials = Trials(client, **times)
        reading = asyncio.create_task(trials.read())
        experiment = Experiment(client, trials, score)
        means = await experiment.run(args.trials, args.seed)
        reading.cancel()
    args.out.mkdir(parents=True, exist_ok=True)
    report = {"objective": name, "lost": experiment.lost} | summary(experiment.records)
    (args.out / "result.json").write_text(json.dumps(report | {"means": means, "records": experiment.records}))
    (args.out / "curve.svg").write_text(curve(experiment.records, f"Closed loop: {name}"))
    print(json.dumps(report))


if __name__ == "__main__":
    asyncio.run(main())
