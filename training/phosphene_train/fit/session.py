"""session/ of a fitted bundle: the pictures that the viewer shows beside decoded ones while a recording is played."""

import re
from pathlib import Path

import numpy as np
from PIL import Image

from ..bundle import write_json
from ..data import ClassLabels, Dataset, Session

ID = re.compile(r"[A-Za-z0-9_-]+")


def write_fit_session(folder: Path, name: str, dataset: Dataset, session: Session, pictures: np.ndarray) -> int:
    """session.json (kind recording, docs/bundle.md) and a picture file of every stimulus of the session; pictures
    uint8 [P, 3, S, S] as the decoder sees them. Returns how many stimuli were left out because their name can be no id.

    Ids are those of the rig's stimulus events: spaces are underscores there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shown = np.unique(session.stimulus)
    ids = {int(at): re.sub(r"\s+", "_", dataset.ids[at].strip()) for at in shown}
    kept = {at: word for at, word in ids.items() if ID.fullmatch(word)}
    for at, word in kept.items():
        Image.fromarray(pictures[at].transpose(1, 2, 0)).save(folder / f"{word}.webp", quality=90, method=6)
    if kept:
        write_json(folder / "session.json", session_of(name, dataset, session, kept), indent=1)
    else:
        folder.rmdir()
    return len(ids) - len(kept)


def session_of(name: str, dataset: Dataset, session: Session, kept: dict[int, str]) -> dict:
    """The content of session.json."""
    labels = next((each for each in dataset.labels.values() if isinstance(each, ClassLabels)), None)
    known = lambda at: labels is not None and labels.ids[at] >= 0  # noqa: E731
    gaps = session.onset[1:] - session.offset[:-1]
    return {
        "format": 2,
        "name": name,
        "kind": "recording",
        "units": [unit(label) for label in session.labels],
        "stimuli": [
            {
                "id": word,
                "file": f"{word}.webp",
                "category": labels.names[labels.ids[at]] if known(at) else "stimulus",
                "labels": {},
            }
            for at, word in kept.items()
        ],
        "presentation": {
            "onMs": max(1, round(1000 * float(np.median(session.offset - session.onset)))),
            "offMs": max(0, round(1000 * float(np.median(gaps)))) if len(gaps) else 0,
        },
    }


def unit(label: str) -> dict:
    """`<electrode>.<sorted id>`; a label of another form is an electrode of its own with id 0."""
    electrode, dot, sorted_id = label.rpartition(".")
    if dot and sorted_id.isdigit():
        return {"label": label, "electrode": electrode, "sortedId": int(sorted_id)}
    return {"label": label, "electrode": label, "sortedId": 0}
