"""What the units' maps are worth with few trials: the same decoder with and without them, as MEIcoder reports it."""

from pathlib import Path

import torch

from ..bundle import write_json
from ..linear.scenes import draw
from ..metrics import own_correlation, structural_similarity, two_way
from ..windows import sample_windows
from .demo_data import Scenes
from .few import FewOptions, Trials, fit_few

MAPS = ("mei", "fixed", "random", "none")
SEEDS = (0, 1, 2)


def ablation(scenes: Scenes, trials: int, out: Path, options: FewOptions, seeds: tuple[int, ...] = SEEDS) -> dict:
    """Correlation, SSIM and two-way identification on both held-out pools, of every kind of maps and seed."""
    rows = []
    for seed in seeds:
        drawn = some(scenes, trials, seed)
        for maps in MAPS:
            decoder, found = fit_few(drawn, FewOptions(**{**options.__dict__, "maps": maps, "seed": seed}))
            rows.append({"maps": maps, "seed": seed, **found, **judged(scenes, decoder)})
            print(f"ablation: {rows[-1]}", flush=True)
    result = {"trials": trials, "rows": rows}
    write_json(out / f"ablation-{trials}.json", result, indent=1)
    return result


def some(scenes: Scenes, count: int, seed: int) -> Trials:
    """One window inside the response to each of `count` training scenes, others for every seed."""
    pool, animal = scenes.train.pool, scenes.animal
    generator = torch.Generator().manual_seed(seed)
    index = torch.randperm(len(pool), generator=generator)[:count].to(scenes.device)
    spikes = torch.Generator(scenes.device).manual_seed(seed)
    counts = sample_windows(animal.population, scenes.train.driven, index, "inside", spikes).counts
    mean, std = animal.normalisation.on(scenes.device)
    window = ((counts - mean) / std).clamp(-animal.normalisation.clip, animal.normalisation.clip)
    return Trials(window, counts, mean, std, pool.images(index), index)


def judged(scenes: Scenes, decoder) -> dict:
    """Figures of one window a held-out scene."""
    out = {}
    for at, (name, held) in enumerate(scenes.held.items()):
        window = draw(scenes.animal, held, "inside", torch.Generator(scenes.device).manual_seed(90 + at))
        decoded, true = decoder(window), held.pool.images(slice(None))
        figures = {"twoWay": two_way, "correlation": own_correlation, "ssim": structural_similarity}
        out[name] = {figure: round(of(decoded, true), 4) for figure, of in figures.items()}
    return out
