"""A bundle of kind `linear` for numpy, as docs/bundle.md lays it out."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass
class LinearBundle:
    """Matrices as float32: encode [D, W*U] and picture [3*H*W, D], with their biases."""

    labels: list[str]
    width_ms: float
    window: int
    mean: np.ndarray
    std: np.ndarray
    clip: float
    image: tuple[int, int]
    encode: tuple[np.ndarray, np.ndarray]
    picture: tuple[np.ndarray, np.ndarray]

    def normalise(self, counts: np.ndarray) -> np.ndarray:
        """Counts [..., U] -> clipped z-scores."""
        return np.clip((counts - self.mean) / self.std, -self.clip, self.clip)

    def decode(self, window: np.ndarray) -> tuple[bytes, bytes]:
        """z-scores [W, U], oldest bin first -> the latents as float32, the picture as RGB bytes row by row."""
        weights, bias = self.encode
        mu = weights @ window.ravel() + bias
        weights, bias = self.picture
        planes = (weights @ mu + bias).reshape(3, *self.image)
        levels = np.rint(np.clip((planes + 1) * 127.5, 0, 255)).astype(np.uint8)
        return mu.tobytes(), levels.transpose(1, 2, 0).tobytes()


def load(folder: Path) -> LinearBundle:
    """Read manifest and matrices; digests are the daemon's business."""
    manifest = json.loads((folder / "manifest.json").read_text())
    if manifest["kind"] != "linear":
        raise ValueError(f"{folder}: expected a bundle of kind 'linear', got {manifest['kind']!r}")
    data = (folder / manifest["files"]["matrices"]["path"]).read_bytes()

    def array(place: dict) -> np.ndarray:
        count = int(np.prod(place["shape"]))
        return np.frombuffer(data, "<f4", count, place["offset"]).reshape(place["shape"])

    def affine(name: str) -> tuple[np.ndarray, np.ndarray]:
        part = manifest["matrices"][name]
        return array(part["weights"]), array(part["bias"])

    z, bins, image = manifest["normalisation"], manifest["bins"], manifest["image"]
    return LinearBundle(
        manifest["units"]["labels"], bins["widthMs"], bins["window"],
        np.array(z["mean"], np.float32), np.array(z["std"], np.float32), z["clip"],
        (image["height"], image["width"]), affine("encode"), affine("picture"),
    )  # fmt: skip
