"""A linear bundle as the daemon has it, for `eval` and for figures."""

from pathlib import Path

import numpy as np
import torch

from ..fit.bundle_decoder import BundleDecoder
from .bundle import read_linear_model


class LinearBundleDecoder(BundleDecoder):
    """Raw counts to latents, readouts and pictures by the matrices; one step, and no noise to sample."""

    seeded = False
    steps = ("1",)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.model, _ = read_linear_model(folder)

    def open_encoder(self) -> None:
        """There are no graphs."""

    @torch.no_grad()
    def encode(self, counts: np.ndarray) -> dict[str, np.ndarray]:
        """mu, logvar, expected and readout_<name>, [N, ...] each, for counts [N, W, U]."""
        mu, logvar = self.model.encode(torch.from_numpy(self.windows(counts)))
        found = {"mu": mu, "logvar": logvar, "expected": self.model.decoder(mu)}
        found |= {f"readout_{r.name}": self.model.readout(r, mu) for r in self.model.options.readouts}
        return {name: values.numpy() for name, values in found.items()}

    @torch.no_grad()
    def sample(self, steps: str, mu: np.ndarray, seeds: list[int]) -> np.ndarray:
        """Pictures [N, len(seeds), 3, S, S]: the same for every seed."""
        pictures = self.model.pictures(torch.from_numpy(mu))
        return pictures[:, None].expand(-1, len(seeds), -1, -1, -1).numpy()


def open_decoder(folder: Path) -> BundleDecoder:
    """The decoder of a bundle's kind."""
    from ..direct.decoder import DirectBundleDecoder
    from ..guided.decoder import GuidedBundleDecoder

    kinds = {"linear": LinearBundleDecoder, "direct": DirectBundleDecoder, "guided": GuidedBundleDecoder}
    return kinds.get(BundleDecoder.read_manifest(folder)["kind"], BundleDecoder)(folder)
