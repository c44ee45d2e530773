"""Offline: pictures of recorded windows from a bundle's own graphs, by as many iterations as one likes, from grey."""

import json
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch

from ..golden import Normalisation
from .sheet import picture_rows

Graphs = dict[str, ort.InferenceSession]


def open_bundle(folder: Path) -> tuple[dict, Graphs]:
    """Manifest and graphs. ValueError where the bundle is of another kind or has a prior: its runs are not iterated."""
    manifest = json.loads((folder / "manifest.json").read_text())
    if manifest["kind"] != "optimise" or "prior" in manifest["optimise"]:
        raise ValueError(f"{folder}: expected a bundle of kind optimise without a prior, got {manifest['kind']}")
    graphs, options = manifest["files"]["graphs"], ort.SessionOptions()
    # Threads that wait for one another lose on a busy machine what they gain on a free one: small graphs.
    options.intra_op_num_threads = 1
    return manifest, {name: ort.InferenceSession(str(folder / f["path"]), options) for name, f in graphs.items()}


def reconstruct_window(manifest: dict, graphs: Graphs, window: np.ndarray, iterations: int) -> dict[str, np.ndarray]:
    """`image`, `expected` and `loss` of one normalised window [W, U] after so many iterations from grey."""
    own, image = manifest["optimise"], manifest["image"]
    picture = np.zeros((own["pictures"], own["channels"], image["height"], image["width"]), np.float32)
    momentum, age, fixed = np.zeros_like(picture), 0, {"window": window[None]}
    for k in sorted(own["unrolled"], reverse=True):
        while iterations - age >= k:
            state = {"picture": picture, "momentum": momentum, "age": np.array([age], np.float32)}
            picture, momentum = graphs[f"iterate-{k}"].run(["next_picture", "next_momentum"], fixed | state)
            age += k
    names = ["image", "expected", "loss"]
    return dict(zip(names, graphs["judge"].run(names, fixed | {"picture": picture}), strict=True))


def reconstruct_counts(folder: Path, counts: np.ndarray, iterations: int, out: Path) -> dict:
    """Spike counts [N, W, U] -> pictures.npy uint8 [N, H, W, 3], expected.npy [N, U], and a sheet of the first ones.

    Returns the mean loss of the units in the loss. ValueError where the counts are of another shape.
    """
    manifest, graphs = open_bundle(folder)
    wanted = (manifest["bins"]["window"], manifest["units"]["count"])
    if counts.ndim != 3 or counts.shape[1:] != wanted:
        raise ValueError(f"counts: expected [N, {wanted[0]}, {wanted[1]}], got {list(counts.shape)}")
    norm = manifest["normalisation"]
    windows = Normalisation(np.array(norm["mean"]), np.array(norm["std"]), norm["clip"]).apply(counts)
    found = [reconstruct_window(manifest, graphs, window, iterations) for window in windows]
    images = np.concatenate([each["image"] for each in found])
    out.mkdir(parents=True, exist_ok=True)
    levels = np.round((images + 1) * 127.5).clip(0, 255).astype(np.uint8)
    np.save(out / "pictures.npy", levels.transpose(0, 2, 3, 1))
    np.save(out / "expected.npy", np.concatenate([each["expected"] for each in found]))
    picture_rows({f"{iterations} iterations": torch.from_numpy(images)}, out / "sheet.png")
    loss = float(np.mean([each["loss"] for each in found]))
    return {"windows": len(found), "iterations": iterations, "loss": round(loss, 5)}
