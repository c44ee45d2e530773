"""A shipped bundle as a method of the table: its own graphs on the CPU, as the daemon has them."""

from pathlib import Path

import numpy as np

from ..data import DataError
from ..fit.bundle_decoder import BundleDecoder
from .types import Split


def bundle_of(split: Split, name: str) -> Path | None:
    """The folder of a bundle that was trained for the population of the split, or None where there is none."""
    folder = split.bundles / name if split.bundles else None
    return folder if folder and (folder / "manifest.json").is_file() else None


def bundle_windows(split: Split, folder: Path, windows: np.ndarray) -> np.ndarray:
    """Windows of the split as the bundle normalises them; DataError where its units or bins are others."""
    manifest = BundleDecoder.read_manifest(folder)
    have = (windows.shape[1], windows.shape[2], split.bin_ms)
    wanted = (manifest["bins"]["window"], manifest["units"]["count"], manifest["bins"]["widthMs"])
    if have != wanted:
        raise DataError(f"{folder}: expected windows of {wanted} (bins, units, ms), got {have}")
    norm = manifest["normalisation"]
    mean, std = np.array(norm["mean"]), np.array(norm["std"])
    if np.array_equal(mean, split.norm.mean) and np.array_equal(std, split.norm.std):
        return windows
    counts = windows * split.norm.std + split.norm.mean
    return np.clip((counts - mean) / std, -norm["clip"], norm["clip"]).astype(np.float32)
