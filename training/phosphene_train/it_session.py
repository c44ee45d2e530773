"""Write session/ of a recording: the pictures, the units and the split that `phosphene rig` plays."""

from pathlib import Path

import numpy as np
from PIL import Image

from .bundle import write_json
from .it_recording import OBJECTS, ONSET_MS, POSITIONS, SPLIT, TRIAL_MS, condition_names


def session(labels: tuple[str, ...]) -> dict:
    """The content of session.json; a stimulus is one object at one position."""
    split = [label.rpartition(".") for label in labels]
    return {
        "format": 1,
        "name": "it-objects",
        "kind": "recording",
        "units": [
            {"label": label, "electrode": electrode, "sortedId": int(sorted_id)}
            for label, (electrode, _, sorted_id) in zip(labels, split, strict=True)
        ],
        "stimuli": [
            {"id": name, "file": f"{name}.webp", "category": name.split("-")[0], "labels": {"position": position}}
            for name, position in zip(condition_names(), POSITIONS * len(OBJECTS), strict=True)
        ],
        "presentation": {"onMs": TRIAL_MS - ONSET_MS, "offMs": ONSET_MS},
        "split": SPLIT,
    }


def write_recording_session(folder: Path, labels: tuple[str, ...], pictures: np.ndarray) -> None:
    """session.json and 21 lossless pictures, uint8 [21, H, W, 3]."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in zip(condition_names(), pictures, strict=True):
        Image.fromarray(picture).save(folder / f"{name}.webp", lossless=True)
    write_json(folder / "session.json", session(labels), indent=1)
