"""The judge of decoded simulated scenes: a picture network that no decoder and no simulated animal learnt from.

n-way top-1 as methods for natural pictures have it (Chen et al., arXiv 2305.17214: 50-way, 1,000 trials), with a
network trained here instead of one trained on photographs: the object of the true picture against n - 1 random others.
"""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..catalogue import categories
from ..optimiser import adamw, set_rate
from ..pool import Pool, make_pool
from ..stimuli import Objects, balanced, load_objects
from ..train_denoiser import autocast
from ..train_vision import jitter
from ..vision import Vision, vision_loss
from .scores import TRIALS, Items, ways
from .types import Trials

SEED = 40_007
"""Of the judge's own scenes and weights; the demo's are 7 to 10, its networks' other ones."""
SCENES, FEW, BATCH, RATE, STEPS = 65_536, 8_192, 256, 1e-3, 20_000


@dataclass(frozen=True)
class Judge:
    """network: on the CPU; accuracy: share of its own held-out scenes whose category and object it names."""

    network: Vision
    accuracy: dict[str, float]


def load_judge(path: Path, emoji: Path, device: str, seconds: float) -> Judge:
    """The judge in `path`, or one that is trained now for so long and written there."""
    if not path.is_file():
        objects = load_objects(emoji)
        path.parent.mkdir(parents=True, exist_ok=True)
        scenes = SCENES if device.startswith("cuda") else FEW  # drawing them takes a CPU minutes
        network, accuracy = train_judge(objects, device, seconds, scenes)
        state = {name: value.half() for name, value in network.cpu().state_dict().items()}
        torch.save({"state": state, "objects": len(objects.names), "accuracy": accuracy}, path)
    found = torch.load(path, weights_only=True, map_location="cpu")
    network = Vision(len(categories()), found["objects"]).eval().requires_grad_(False)
    network.load_state_dict({name: value.float() for name, value in found["state"].items()})
    return Judge(network, found["accuracy"])


def train_judge(objects: Objects, device: str, seconds: float, scenes: int) -> tuple[Vision, dict[str, float]]:
    """On scenes of all objects, also of those that decoders never see: it only looks."""
    torch.manual_seed(SEED)
    objects = objects.to(device)
    model = Vision(len(categories()), len(objects.names)).to(device)
    optimiser = adamw(model, RATE, decay=0.02)
    pool = make_pool(objects, balanced(objects, None), scenes, model.side, SEED)
    test = make_pool(objects, balanced(objects, None), max(256, scenes // 16), model.side, SEED + 1)
    mean, std = pool.pose.mean(0), pool.pose.std(0)
    begun, spent = time.monotonic(), 0.0
    for step in range(STEPS):
        set_rate(optimiser, RATE, step, STEPS, spent)
        at = torch.randint(len(pool), (BATCH,), device=device)
        picture = jitter(pool.images(at))
        with autocast(picture):
            loss = vision_loss(model, picture, pool.category[at], pool.object[at], (pool.pose[at] - mean) / std)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        spent = (time.monotonic() - begun) / seconds
        if spent >= 1:
            break
    model = model.eval().requires_grad_(False)
    return model, accuracy_of(model, test)


def accuracy_of(model: Vision, pool: Pool) -> dict[str, float]:
    """Top-1 on scenes that it was not trained with, and how many."""
    logits = [model(pool.images(at))[:2] for at in torch.arange(len(pool), device=pool.pictures.device).split(256)]
    named = [torch.cat(part).argmax(1) for part in zip(*logits, strict=True)]
    truth = (pool.category, pool.object)
    share = [round(float((a == b).float().mean()), 4) for a, b in zip(named, truth, strict=True)]
    return {"category": share[0], "object": share[1], "scenes": len(pool)}


def judged(judge: Judge, decoded: np.ndarray, test: Trials, rows: np.ndarray, seed: int) -> dict[str, Items]:
    """Category top-1 of every decoded picture, and n-way top-1 of objects in TRIALS trials."""
    logits = [judge.network(part)[:2] for part in torch.from_numpy(decoded).split(256)]
    category, object_ = (torch.cat(part) for part in zip(*logits, strict=True))
    hits = (category.argmax(1).numpy() == test.labels[rows]).astype(np.float64)
    return {
        "judgeCategory": Items(hits, test.stimulus[rows]),
        "judgeObject": object_ways(object_, test.objects[rows], test.stimulus[rows], seed),
    }


def object_ways(logits: Tensor, truth: np.ndarray, cluster: np.ndarray, seed: int) -> Items:
    """TRIALS times: is the true object likelier than n - 1 random other ones? logits [N, objects]."""
    random = np.random.default_rng(seed)
    values, classes = logits.numpy(), logits.shape[1]
    item = random.integers(0, len(truth), TRIALS)
    hits = np.empty(TRIALS)
    for trial, row in enumerate(item):
        others = random.choice(classes - 1, ways(classes) - 1, replace=False)
        others = others + (others >= truth[row])
        hits[trial] = float(values[row, truth[row]] > values[row, others].max())
    return Items(hits, cluster[item])
