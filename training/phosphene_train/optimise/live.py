"""Live frames of the demo's animal against what it sees: each frame goes on from the last by k iterations."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..demo_run import Run
from ..metrics import correlations, two_way
from ..population import adapted
from ..spiking import bin_counts
from ..windows import BIN_MS, BINS, normalise
from .reconstruct import Graphs, open_bundle, reconstruct_window

INSIDE = (100, 950)
"""A window is wholly inside a response when it begins and ends so many ms after the onset, as bench oracle has it."""


@torch.no_grad()
def played(run: Run, stimuli: int) -> tuple[Tensor, list[tuple[int, int]]]:
    """Counts of every bin [bins, U] of held-out scenes one after the other with their blanks; scene and time since its
    onset, ms, of every bin's end."""
    p, generator = run.main.population, run.generator(90)
    driven = run.main.driven(run.pools.rendering)[: stimuli + 2]
    bins = round((p.on + p.off) / BIN_MS)
    start = torch.zeros(1, device=run.device)
    counts, when = [], []
    for at in range(2, stimuli + 2):
        now, before, first = (driven[i : i + 1] for i in (at, at - 1, at - 2))
        current, previous = adapted(p, now, before), adapted(p, before, first)
        counts.append(bin_counts(p, current, previous, start, bins, BIN_MS, generator)[0])
        when += [(at, (b + 1) * BIN_MS) for b in range(bins)]
    return torch.cat(counts), when


def live_frames(manifest: dict, graphs: Graphs, windows: np.ndarray, k: int) -> np.ndarray:
    """The shown picture of every window [N, W, U], k iterations each [N, 3, H, W]."""
    own, image = manifest["optimise"], manifest["image"]
    state = {"picture": np.zeros((own["pictures"], own["channels"], image["height"], image["width"]), np.float32)}
    state |= {"momentum": np.zeros_like(state["picture"]), "age": np.zeros(1, np.float32)}
    unrolled = max(n for n in own["unrolled"] if k % n == 0)
    out = []
    for window in windows:
        fixed = {"window": window[None]}
        for _ in range(k // unrolled):
            names = ["next_picture", "next_momentum"]
            picture, momentum = graphs[f"iterate-{unrolled}"].run(names, fixed | state)
            state = {"picture": picture, "momentum": momentum, "age": state["age"] + unrolled}
        out.append(graphs["judge"].run(["image"], fixed | {"picture": state["picture"]})[0][0])
    return np.stack(out)


def compare_live(run: Run, folder: Path, stimuli: int, iterations: int) -> dict:
    """Correlation with the shown scene and two-way identification of the last frame inside each response, by iterations
    a frame; and of the oracle: so many iterations from grey, on that frame's window alone."""
    manifest, graphs = open_bundle(folder)
    counts, when = played(run, stimuli)
    windows = normalise(counts.unfold(0, BINS, 1).transpose(1, 2), run.main.normalisation).cpu().numpy()
    ends = when[BINS - 1 :]
    inside = [ms - BINS * BIN_MS >= INSIDE[0] and ms <= INSIDE[1] for _, ms in ends]
    last = [i for i in range(len(ends)) if inside[i] and not (i + 1 < len(ends) and inside[i + 1])]
    shown = run.pools.rendering.images(torch.tensor([ends[i][0] for i in last]))

    def judge(pictures: np.ndarray) -> dict[str, float]:
        found = torch.from_numpy(pictures)
        own = float(correlations(found, shown.cpu()).diagonal().mean())
        return {"correlation": round(own, 4), "twoWay": round(two_way(found, shown.cpu()), 4)}

    oracle = np.concatenate([reconstruct_window(manifest, graphs, windows[i], iterations)["image"] for i in last])
    out = {f"oracle, {iterations} iterations": judge(oracle)}
    for k in manifest["optimise"]["ladder"]:
        frames = live_frames(manifest, graphs, windows, k)[last]
        nearness = float(correlations(torch.from_numpy(frames), torch.from_numpy(oracle)).diagonal().mean())
        out[f"{k} a frame"] = {**judge(frames), "withOracle": round(nearness, 4)}
    return {"scenes": len(last), "frames": len(windows), **out}
