"""A direct bundle as the daemon has it, for `eval`, `compare` and figures."""

import numpy as np

from ..fit.bundle_decoder import BundleDecoder


class DirectBundleDecoder(BundleDecoder):
    """Raw counts to everything by decode.onnx, one window at a time; the pictures are among the answers of `encode`."""

    seeded = False
    steps = ("1",)

    def open_encoder(self) -> None:
        """decode.onnx and the names of its outputs."""
        self.encoder = self._open(self.manifest["files"]["graphs"]["decode"])
        self.outputs = [output.name for output in self.encoder.get_outputs()]

    def encode(self, counts: np.ndarray) -> dict[str, np.ndarray]:
        """mu, logvar, expected, readout_<name> and image, [N, ...] each, for counts [N, W, U], without steering."""
        return self.answers(self.windows(counts))

    def answers(self, windows: np.ndarray) -> dict[str, np.ndarray]:
        """The same for normalised windows."""
        still = np.zeros((1, self.manifest["latents"]["dimension"]), np.float32)
        found = [self.encoder.run(None, {"window": window[None], "steering": still}) for window in windows]
        return {name: np.concatenate(part) for name, part in zip(self.outputs, zip(*found, strict=True), strict=True)}

    def pictures(
        self, steps: str, found: dict[str, np.ndarray], rows: slice | np.ndarray, seeds: list[int]
    ) -> np.ndarray:
        """Pictures [n, len(seeds), 3, S, S]: the same for every seed."""
        return np.repeat(found["image"][rows][:, None], len(seeds), 1)

    def sample(self, steps: str, mu: np.ndarray, seeds: list[int]) -> np.ndarray:
        """Latents alone make no picture of this kind."""
        raise TypeError("a direct bundle has no sampler: its pictures come of windows")
