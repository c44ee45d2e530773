"""Encoder-input optimisation in the table: an encoding model fitted to the trials, inverted from grey."""

from dataclasses import replace

import numpy as np
import torch

from .types import Reconstruct, Split

LEAST_PICTURES = 40


class Optimise:
    """optimise/few.py: a bank of filters or a network with a Poisson readout. It knows nothing of units that it is not
    given: silence would be evidence."""

    name, kind, refits = "optimise", "optimise", True

    def refuses(self, split: Split) -> str | None:
        if split.signed:
            return "responses that may be negative have no Poisson likelihood"
        if (count := len(np.unique(split.train.stimulus))) < LEAST_PICTURES:
            return f"an encoding model needs at least {LEAST_PICTURES} different pictures, there are {count}"
        return None

    def fit(self, split: Split, device: str, seconds: float, seed: int, units: np.ndarray | None) -> Reconstruct:
        from ..optimise.few import FewOptions, fit_few, invert

        kept = np.arange(split.units) if units is None else units
        tensor = lambda a: torch.from_numpy(np.ascontiguousarray(a)).to(device)  # noqa: E731
        t, norm = split.train, split.norm
        _, first, which = np.unique(t.stimulus, return_index=True, return_inverse=True)
        options = replace(FewOptions(), seconds=0.5 * seconds, seed=seed)
        counts = tensor(t.counts[:, :, kept].sum(1)).float()
        encoders, _ = fit_few(tensor(t.pictures[first]), tensor(which), counts, options)

        def reconstruct(windows: np.ndarray) -> np.ndarray:
            seen = windows[:, :, kept] * norm.std[kept] + norm.mean[kept]
            found = invert(encoders, tensor(seen.sum(1).clip(0)).float(), split.shape, options)
            return found.cpu().numpy()

        return reconstruct


METHODS = (Optimise(),)
