"""A bundle as the daemon has it: its manifest and its ONNX graphs, and nothing of PyTorch's."""

import json
from pathlib import Path

import numpy as np

from ..data import DataError
from ..verify import open_graph


class BundleDecoder:
    """Raw counts to latents, readouts and pictures by ONNX Runtime, one window at a time as in a live session."""

    seeded = True
    """Whether pictures depend on noise."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = self.read_manifest(folder)
        norm = self.manifest["normalisation"]
        self.mean, self.std, self.clip = np.array(norm["mean"]), np.array(norm["std"]), norm["clip"]
        self.side = self.manifest["image"]["height"]
        self.open_encoder()

    @staticmethod
    def read_manifest(folder: Path) -> dict:
        """The manifest; DataError where there is none."""
        path = folder / "manifest.json"
        if not path.is_file():
            raise DataError(f"{folder}: expected a bundle, found no manifest.json")
        return json.loads(path.read_text())

    def open_encoder(self) -> None:
        """encode.onnx and the names of its outputs."""
        self.encoder = self._open(self.manifest["files"]["encode"])
        self.outputs = [output.name for output in self.encoder.get_outputs()]

    @property
    def steps(self) -> tuple[str, ...]:
        """Numbers of steps that it can do, ascending."""
        return tuple(sorted(self.manifest["files"]["sample"], key=int))

    def _open(self, entry: dict):
        # A second thread only spins beside graphs of small pictures.
        return open_graph(self.folder / entry["path"], threads=1 if self.side < 32 else 2)

    def windows(self, counts: np.ndarray) -> np.ndarray:
        """Counts [N, W, U] -> clipped z-scores, float32."""
        return np.clip((counts - self.mean) / self.std, -self.clip, self.clip).astype(np.float32)

    def encode(self, counts: np.ndarray) -> dict[str, np.ndarray]:
        """Every output of encode.onnx, [N, ...] each, for counts [N, W, U]."""
        found = [self.encoder.run(None, {"window": window[None]}) for window in self.windows(counts)]
        return {name: np.concatenate(part) for name, part in zip(self.outputs, zip(*found, strict=True), strict=True)}

    def pictures(
        self, steps: str, found: dict[str, np.ndarray], rows: slice | np.ndarray, seeds: list[int]
    ) -> np.ndarray:
        """Pictures [n, len(seeds), 3, S, S] of some of the windows that `encode` has answered."""
        return self.sample(steps, found["mu"][rows], seeds)

    def noise(self, seed: int) -> np.ndarray:
        """Initial noise [1, 3, S, S] of the bundle's scale: one for all windows, as a session has it."""
        drawn = np.random.default_rng(seed).standard_normal((1, 3, self.side, self.side))
        return (drawn * self.manifest["noise"]["scale"]).astype(np.float32)

    def sample(self, steps: str, mu: np.ndarray, seeds: list[int]) -> np.ndarray:
        """Pictures [N, len(seeds), 3, S, S] in [-1, 1] of latents [N, D], by sample-<steps>.onnx."""
        graph = self._open(self.manifest["files"]["sample"][steps])
        fixed = {}
        if "guidance" in [entry.name for entry in graph.get_inputs()]:
            fixed["guidance"] = np.array([self.manifest.get("guidance", {}).get("default", 1.0)], np.float32)
        noises = [self.noise(seed) for seed in seeds]
        pictures = [
            [graph.run(None, {"noise": noise, "cond": latents[None], **fixed})[0][0] for noise in noises]
            for latents in mu
        ]
        return np.array(pictures, np.float32).reshape(len(mu), len(seeds), 3, self.side, self.side)
