"""The direct decoder in the table: the bundle trained for the population where there is one, else from few trials."""

from dataclasses import replace

import numpy as np
import torch

from .types import Reconstruct, Split

LEAST_TRIALS = 40


class Direct:
    """direct/few.py: units' most exciting inputs, weighted by activity, and a small painter. 60 s on two cores."""

    kind, refits = "direct", False

    def __init__(self, name: str, maps: str) -> None:
        self.name, self.maps = name, maps

    def refuses(self, split: Split) -> str | None:
        if len(split.train) < LEAST_TRIALS:
            return f"a network needs at least {LEAST_TRIALS} training trials, there are {len(split.train)}"
        return None

    def fit(self, split: Split, device: str, seconds: float, seed: int, units: np.ndarray | None) -> Reconstruct:
        from ..direct.few import FewOptions, Trials, fit_few

        torch.manual_seed(seed)
        kept = np.arange(split.units) if units is None else units
        tensor = lambda a: torch.from_numpy(np.ascontiguousarray(a)).float().to(device)  # noqa: E731
        t, norm = split.train, split.norm
        trials = Trials(
            tensor(t.windows[:, :, kept]), tensor(t.counts[:, :, kept]), tensor(norm.mean[kept]),
            tensor(norm.std[kept]), tensor(t.pictures), torch.from_numpy(t.stimulus).to(device),
        )  # fmt: skip
        options = replace(FewOptions(seconds=seconds, seed=seed, maps=self.maps))
        decoder, _ = fit_few(trials, options)
        return lambda windows: decoder(tensor(windows[:, :, kept])).cpu().numpy()


METHODS = (Direct("direct", "mei"),)
