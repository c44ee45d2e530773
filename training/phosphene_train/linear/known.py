"""Stimuli of a session whose pictures are known: the truth for a decoder that learns while it runs (docs/bundle.md)."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..catalogue import categories
from ..golden import encode_array
from .model import Affine

POSE = ("x", "y", "size", "angle")
SAMPLE = 2048


@dataclass(frozen=True)
class Known:
    """Identifiers, digests of the files, pictures uint8 [P, 3, S, S], category [P] and pose [P, 4]; `held` are not
    taught, so that what was learned can be tried on them."""

    ids: list[str]
    digests: list[str]
    pictures: Tensor
    category: Tensor
    pose: Tensor
    held: list[bool]

    def targets(self, latents: Tensor, left: float) -> dict:
        """Content of targets.json: latents [P, D] of those that may be taught, and what the picture basis leaves."""
        rows = zip(self.ids, self.digests, latents, self.held, strict=True)
        stimuli = {name: {"sha256": digest, "latents": encode_array(z)} for name, digest, z, held in rows if not held}
        return {"residue": round(left, 6), "stimuli": stimuli}


def read_known(session: Path, side: int) -> Known:
    """Of a demo's session: its renderings are taught, objects that no decoder has seen are held."""
    stimuli = json.loads((session / "session.json").read_text())["stimuli"]
    files = [(session / each["file"]).read_bytes() for each in stimuli]
    pictures = [picture(session / each["file"], side) for each in stimuli]
    names = tuple(categories())
    return Known(
        [each["id"] for each in stimuli],
        [hashlib.sha256(data).hexdigest() for data in files],
        torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous(),
        torch.tensor([names.index(each["category"]) if each["category"] in names else -1 for each in stimuli]),
        torch.tensor([[each["labels"].get(name, torch.nan) for name in POSE] for each in stimuli]),
        [each["labels"].get("heldOut") == "object" or not is_told(each, names) for each in stimuli],
    )


def is_told(stimulus: dict, names: tuple[str, ...]) -> bool:
    """Whether all its labels are known: without them its latents would be the mean, which is not the truth."""
    return stimulus["category"] in names and all(name in stimulus["labels"] for name in POSE)


def trained_targets(session: Path, ids: list[str], latents: Tensor, left: float) -> dict:
    """Content of targets.json: latents [P, D] of the pictures `ids` [P] whose files are in the session folder."""
    files = {name: session / f"{name}.webp" for name in ids}
    stimuli = {
        name: {"sha256": hashlib.sha256(files[name].read_bytes()).hexdigest(), "latents": encode_array(z)}
        for name, z in zip(ids, latents, strict=True)
        if files[name].is_file()
    }
    return {"residue": round(left, 6), "stimuli": stimuli}


def picture(path: Path, side: int) -> np.ndarray:
    """uint8 [side, side, 3]."""
    image = Image.open(path).convert("RGB")
    return np.asarray(image if image.size == (side, side) else image.resize((side, side), Image.Resampling.BOX))


def residue(basis: Affine, latents: Tensor, pictures: Tensor) -> float:
    """Variance that latents [P, D] leave in a pixel of pictures uint8 [P, 3, S, S] in [-1, 1], from a sample."""
    chosen = torch.linspace(0, len(latents) - 1, min(SAMPLE, len(latents))).long()
    left = pictures[chosen].float().flatten(1) / 127.5 - 1 - basis(latents[chosen])
    return float(left.square().mean())
