"""A guided bundle as the daemon has it, for `eval`, `compare` and figures: the student, no slider touched."""

import numpy as np

from ..fit.bundle_decoder import BundleDecoder


class GuidedBundleDecoder(BundleDecoder):
    """Raw counts to latents and pictures by ONNX Runtime; gamma 0 and the default eta unless told otherwise."""

    def open_encoder(self) -> None:
        """encode.onnx and the names of its outputs."""
        self.encoder = self._open(self.manifest["files"]["graphs"]["encode"])
        self.outputs = [output.name for output in self.encoder.get_outputs()]

    @property
    def steps(self) -> tuple[str, ...]:
        return tuple(self.manifest["schedule"]["timesteps"])

    def noise(self, seed: int) -> np.ndarray:
        return np.random.default_rng(seed).standard_normal((1, 3, self.side, self.side)).astype(np.float32)

    def sample(self, steps: str, mu: np.ndarray, seeds: list[int]) -> np.ndarray:
        """Pictures [N, len(seeds), 3, S, S] of latents [N, D]."""
        gamma = np.zeros((1, len(self.manifest["latents"]["groups"])), np.float32)
        parts = [self.edits(steps, mu, self.noise(seed), gamma.repeat(len(mu), 0)) for seed in seeds]
        return np.stack(parts, 1)

    def edits(
        self, steps: str, mu: np.ndarray, noise: np.ndarray, gamma: np.ndarray, eta: float | None = None
    ) -> np.ndarray:
        """Pictures [N, 3, S, S] of latents [N, D] and shifts [N, G] from one noise [1, 3, S, S]."""
        graph = self._open(self.manifest["files"]["graphs"][f"sample-{steps}"])
        weight = np.array([self.manifest["guidance"]["default"] if eta is None else eta], np.float32)
        rows = zip(mu, gamma.astype(np.float32), strict=True)
        given = [{"noise": noise, "cond": z[None], "gamma": shift[None], "eta": weight} for z, shift in rows]
        return np.concatenate([graph.run(None, each)[0] for each in given])
