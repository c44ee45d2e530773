"""The direct decoder in the table: models/demo-direct for its population, and a small one from few trials."""

import numpy as np
import torch

from .bundles import bundle_of, bundle_windows
from .types import Reconstruct, Split

BUNDLE = "demo-direct"
LEAST_TRIALS = 40


class DirectBundle:
    """decode.onnx of models/demo-direct, without steering."""

    name, kind, refits = "direct", "direct", False

    def refuses(self, split: Split) -> str | None:
        if bundle_of(split, BUNDLE) is None:
            return "no direct bundle was trained for this population: see direct-small"
        return None

    def fit(self, split: Split, device: str, seconds: float, seed: int, units: np.ndarray | None) -> Reconstruct:
        from ..direct.decoder import DirectBundleDecoder

        folder = bundle_of(split, BUNDLE)
        decoder = DirectBundleDecoder(folder)
        return lambda windows: decoder.answers(bundle_windows(split, folder, windows))["image"]


class DirectSmall:
    """direct/few.py: units' most exciting inputs, weighted by activity, and a small painter; 32 x 32 at most."""

    name, kind, refits = "direct-small", "direct", False

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
        decoder, _ = fit_few(trials, FewOptions(seconds=seconds, seed=seed))
        return lambda windows: decoder(tensor(windows[:, :, kept])).cpu().numpy()


METHODS = (DirectBundle(), DirectSmall())
