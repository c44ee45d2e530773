"""Figures of the demo's direct decoder on held-out scenes: one 100 ms window inside the response of each."""

import torch
from torch import Tensor

from ..linear.scenes import Held, draw
from ..metrics import neural_r2, own_correlation, r2, structural_similarity, top1, two_way
from ..pool import Pool
from ..vision import Vision
from ..windows import shuffle_units
from .demo_data import Scenes
from .model import DirectModel

POSES = ("x", "y", "size", "angle")
CHUNK = 256


@torch.no_grad()
def measure(scenes: Scenes, model: DirectModel, judge: Vision | None, seed: int) -> dict:
    """Every figure for both held-out pools, and of the same windows with their units shuffled."""
    out: dict = {}
    for at, (name, held) in enumerate(scenes.held.items()):
        generator = torch.Generator(scenes.device).manual_seed(seed + 10 + at)
        window = draw(scenes.animal, held, "inside", generator)
        out[name] = {
            **figures(model, window, held.pool, judge),
            "neuralR2": round(neural_r2(window.mean(1), model.vae.decoder(model.vae.encode(window)[0])), 4),
            "unitShuffled": figures(model, shuffle_units(window, generator), held.pool, judge),
        }
    return out


def figures(model: DirectModel, window: Tensor, pool: Pool, judge: Vision | None) -> dict:
    """Readouts and pictures of one window a scene. The judge is a picture network that the decoder never met."""
    category, place, angle, decoded = outputs(model, window)[3:]
    true = pool.images(slice(None))
    found = {
        "windows": len(window),
        "categoryTop1": round(top1(category, pool.category), 4),
        "poseR2": dict(zip(POSES, r2(torch.cat([place, angle], 1), pool.pose), strict=True)),
        "twoWay": round(two_way(decoded, true), 4),
        "correlation": round(own_correlation(decoded, true), 4),
        "ssim": round(structural_similarity(decoded, true), 4),
    }
    return found | ({"judgeTop1": round(top1(judge(decoded)[0], pool.category), 4)} if judge else {})


def outputs(model: DirectModel, window: Tensor, steering: Tensor | None = None) -> list[Tensor]:
    """Every output for windows [N, W, U]; steering [D], the same for all, or none."""
    still = torch.zeros(model.vae.options.dimension, device=window.device) if steering is None else steering
    parts = [model(part, still.expand(len(part), -1)) for part in window.split(CHUNK)]
    return [torch.cat(column) for column in zip(*parts, strict=True)]


@torch.no_grad()
def steering_effect(
    scenes: Scenes, model: DirectModel, judge: Vision | None, seed: int, gammas: tuple[float, ...] = (-2.0, 2.0)
) -> dict:
    """What steering of each group does to 256 held-out pictures: root mean square change of the picture, and by the
    judge the share whose category changes and how far the pose moves (root mean square, in standard deviations)."""
    whole = scenes.held["heldOutRenderings"]
    p, some = whole.pool, slice(0, 256)
    held = Held(Pool(p.pictures[some], p.category[some], p.object[some], p.pose[some]), whole.driven[some])
    window = draw(scenes.animal, held, "inside", torch.Generator(scenes.device).manual_seed(seed + 20))
    base, out = outputs(model, window)[-1], {}
    for name, _ in model.vae.options.groups:
        steering = torch.zeros(model.vae.options.dimension, device=scenes.device)
        changes = []
        for gamma in gammas:
            steering[model.vae.options.span(name)] = gamma
            changes.append(change(base, outputs(model, window, steering)[-1], judge))
        out[name] = {key: [each[key] for each in changes] for key in changes[0]}
    return {"gamma": list(gammas), "groups": out}


def change(before: Tensor, after: Tensor, judge: Vision | None) -> dict[str, float]:
    """From pictures to pictures [N, 3, S, S]."""
    found = {"picture": rms(after - before)}
    if judge:
        (c, _, p), (d, _, q) = judge(before), judge(after)
        found |= {"category": round(float((c.argmax(1) != d.argmax(1)).float().mean()), 4), "pose": rms(q - p)}
    return found


def rms(x: Tensor) -> float:
    return round(float(x.square().mean().sqrt()), 4)
