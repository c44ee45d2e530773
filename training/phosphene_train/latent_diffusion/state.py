"""Everything that a bundle is made of, in one file of tensors, so that a run on a GPU can be exported elsewhere."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..golden import Normalisation
from .autoencoder import Autoencoder
from .bold import Noise, Paradigm, Scanner
from .condition import VoxelCondition
from .denoiser import LatentDenoiser
from .fit import Fitted
from .mae import VoxelEncoder
from .simulated import Experiment, Trials
from .sizes import Sizes

PARTS = ("condition", "autoencoder", "student")
STIMULI = 32
"""Of each kind of held-out scene, for the session."""


def save_run(fitted: Fitted, experiment: Experiment, metrics: dict, tests: dict[str, Trials], out: Path) -> None:
    """run.pt: weights as fp16, the scanner, the normalisation, stimuli with their responses; run.json beside it."""
    tensors = {}
    for part in PARTS:
        state = getattr(fitted, part).state_dict()
        # A bundle has no use for the encoder of pictures.
        kept = {name: value for name, value in state.items() if part != "autoencoder" or name.startswith("decoder.")}
        tensors |= {f"{part}/{name}": half(value) for name, value in kept.items()}
    tensors |= {f"scanner/{name}": value.cpu() for name, value in experiment.scanner.__dict__.items()}
    tensors |= {"mean": torch.from_numpy(experiment.normalisation.mean),
                "std": torch.from_numpy(experiment.normalisation.std),
                "weights": torch.from_numpy(experiment.weights)}  # fmt: skip
    for kind, trials in tests.items():
        few = slice(0, STIMULI)
        tensors |= {f"stimuli/{kind}/pictures": trials.pool.pictures[few].cpu(),
                    f"stimuli/{kind}/category": trials.pool.category[few].cpu(),
                    f"stimuli/{kind}/responses": experiment.voxels.respond(trials.pool.images(few)).cpu()}  # fmt: skip
    torch.save(tensors, out / "run.pt")
    known = {"classes": fitted.classes, "voxels": experiment.voxels.voxels, "metrics": metrics,
             "noise": asdict(experiment.noise), "paradigm": asdict(experiment.paradigm),
             "area": experiment.voxels.area.tolist(), "tests": {k: len(v) for k, v in tests.items()}}  # fmt: skip
    (out / "run.json").write_text(json.dumps(known) + "\n")


def half(value: Tensor) -> Tensor:
    return value.cpu().half() if value.is_floating_point() else value.cpu()


def build(sizes: Sizes, voxels: int, classes: tuple[str, ...]) -> dict[str, nn.Module]:
    """The networks of a bundle, of random weights."""
    encoder = VoxelEncoder(sizes.mae(voxels))
    condition = VoxelCondition(encoder, sizes.tokens, sizes.context, sizes.groups, len(classes))
    modules = condition, Autoencoder(sizes.autoencoder()), LatentDenoiser(sizes.denoiser())
    return {name: module.eval().requires_grad_(False) for name, module in zip(PARTS, modules, strict=True)}


@dataclass(frozen=True)
class Run:
    """What save_run wrote. The decoder's teacher is its student; `known` is run.json."""

    fitted: Fitted
    paradigm: Paradigm
    noise: Noise
    scanner: Scanner
    normalisation: Normalisation
    weights: np.ndarray
    tensors: dict[str, Tensor]
    known: dict


def load_run(folder: Path) -> Run:
    """The decoder and the experiment's numbers, on the CPU."""
    known = json.loads((folder / "run.json").read_text())
    tensors = torch.load(folder / "run.pt", weights_only=True)
    sizes = Sizes(**{k: tuples(v) for k, v in known["metrics"]["sizes"].items()})
    modules = build(sizes, known["voxels"], tuple(known["classes"]))
    for part, module in modules.items():
        state = {k.split("/", 1)[1]: v for k, v in tensors.items() if k.startswith(f"{part}/")}
        floats = {k: v.float() if v.is_floating_point() else v for k, v in state.items()}
        module.load_state_dict(floats, strict=part != "autoencoder")
    condition, autoencoder, student = (modules[part] for part in PARTS)
    seconds = known["metrics"]["stageSeconds"]
    fitted = Fitted(condition, autoencoder, student, student, tuple(known["classes"]), seconds)
    paradigm = Paradigm(**{k: tuples(v) for k, v in known["paradigm"].items()})
    noise = Noise(**{k: tuples(v) for k, v in known["noise"].items()})
    scanner = Scanner(**{k: tensors[f"scanner/{k}"] for k in Scanner.__dataclass_fields__})
    norm = Normalisation(tensors["mean"].numpy(), tensors["std"].numpy())
    return Run(fitted, paradigm, noise, scanner, norm, tensors["weights"].numpy(), tensors, known)


def tuples(value: object) -> object:
    """Lists of JSON as the tuples that they were."""
    return tuple(tuples(v) for v in value) if isinstance(value, list) else value
