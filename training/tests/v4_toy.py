"""A data set of the V4 layout in miniature: blotches (grey in 210325), linear neurons, random compact models."""

import io
import zipfile
from itertools import pairwise

import numpy as np
from PIL import Image

from phosphene_train.v4.bank import SOURCES
from phosphene_train.v4.recording import SESSIONS

CHANNELS = (3, 4, 2, 2, 2)


def compact_arrays(rng, channels=CHANNELS):
    """36 arrays of a compact model."""

    def norm(n):
        return [rng.normal(size=n), *(1 + 0.1 * rng.normal(size=(2, n))), rng.normal(size=n), rng.uniform(0.5, 2, n)]

    arrays = [rng.normal(size=(5, 5, 3, channels[0])) / 500, *norm(channels[0])]
    for before, after in pairwise(channels):
        arrays += [rng.normal(size=(5, 5, before, 1)), rng.normal(size=(1, 1, before, after)), *norm(after)]
    return [a.astype(np.float32) for a in [*arrays, rng.normal(size=(28 * 28 * channels[-1], 1)), rng.normal(size=1)]]


def save_compact(path, arrays):
    holder = np.empty(len(arrays), dtype=object)
    holder[:] = arrays
    np.save(path, holder, allow_pickle=True)


def jpeg(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def write_images(path, pictures, folder="", order=None):
    """image0001.jpg ... in a zip, written in `order`."""
    with zipfile.ZipFile(path, "w") as archive:
        for i in order if order is not None else range(len(pictures)):
            archive.writestr(f"{folder}image{i + 1:04d}.jpg", jpeg(pictures[i]))


def blotches(rng, count, cells=4):
    """Pictures of cells x cells flat colours, uint8 [count, 112, 112, 3]."""
    colours = rng.integers(0, 256, (count, cells, cells, 3), dtype=np.uint8)
    return colours.repeat(112 // cells, 1).repeat(112 // cells, 2)


def write_toy(root, pictures=40, units=6):
    """The whole data set; neurons count linear sums of the 4 x 4 colours."""
    rng = np.random.default_rng(0)
    for name in ("images", "responses_repeat_averaged", "responses_raw", "compact_models"):
        (root / name).mkdir()
    for session in SESSIONS:
        shown = blotches(rng, pictures)
        if session == "210325":
            shown = shown[..., :1].repeat(3, 3)
        write_images(root / "images" / f"images_{session}.zip", shown)
        colours = shown[:, ::28, ::28].reshape(pictures, -1) / 255.0
        rate = np.maximum(0, 4 + colours @ rng.normal(size=(48, units))).T
        np.save(root / "responses_repeat_averaged" / f"responses_{session}.npy", rate)
        if session == "210325":
            trials = rng.poisson(rate[:, :, None], (units, pictures, 4)).astype(float)
            trials[:, 0, 3] = np.nan
            np.save(root / "responses_raw" / f"responses_{session}.npy", trials)
    for session in SOURCES:
        for k in range(2):
            save_compact(root / "compact_models" / f"compact_model_{session}_neuron{k}.npy", compact_arrays(rng))
