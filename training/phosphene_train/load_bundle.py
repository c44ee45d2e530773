"""A bundle's networks back in PyTorch: the weights of its ONNX graphs under the names that `export.py` gave them."""

import json
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

from .denoiser import Denoiser, DenoiserOptions
from .golden import Normalisation
from .vae import GroupVae, Readout, VaeOptions


@dataclass
class LoadedBundle:
    """Both networks on the CPU in fp32 and evaluation mode, with the manifest that they came with."""

    manifest: dict
    vae: GroupVae
    denoiser: Denoiser
    normalisation: Normalisation


def load_bundle(folder: Path) -> LoadedBundle:
    """Rebuild encoder and denoiser of a diffusion bundle; ValueError where its graphs are of another network."""
    manifest = json.loads((folder / "manifest.json").read_text())
    if manifest["kind"] != "diffusion":
        raise ValueError(f"{folder}: expected a bundle of kind 'diffusion', got {manifest['kind']!r}")
    z = manifest["normalisation"]
    norm = Normalisation(np.array(z["mean"]), np.array(z["std"]), z["clip"])
    encode = Weights.of(folder / manifest["files"]["encode"]["path"])
    step = Weights.of(folder / manifest["files"]["step"]["path"])
    return LoadedBundle(manifest, load_encoder(manifest, encode), load_denoiser(manifest, step), norm)


@dataclass
class Weights:
    """Named constants of a graph as fp32, and its nodes."""

    path: Path
    model: onnx.ModelProto
    arrays: dict[str, np.ndarray]

    @staticmethod
    def of(path: Path) -> "Weights":
        """Read a graph with its external data; follow the Casts and Identities between a name and its numbers."""
        model = onnx.load(str(path))
        arrays = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
        for node in model.graph.node:
            if node.op_type in ("Cast", "Identity") and node.input[0] in arrays:
                arrays[node.output[0]] = arrays[node.input[0]]
            elif node.op_type == "Constant" and node.attribute[0].name == "value":
                arrays[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
        # A linear layer over tokens leaves as MatMul by a nameless transpose of its weight, then Add of the named bias.
        matmuls = {n.output[0]: n.input[1] for n in model.graph.node if n.op_type == "MatMul"}
        for node in model.graph.node:
            if node.op_type == "Add" and node.input[0].endswith(".bias") and node.input[1] in matmuls:
                name = node.input[0].removesuffix("bias") + "weight"
                arrays[name] = arrays[matmuls[node.input[1]]].T
        return Weights(path, model, arrays)

    def shape(self, name: str) -> tuple[int, ...]:
        if name not in self.arrays:
            raise ValueError(f"{self.path}: expected a constant {name!r}, got a graph without it")
        return self.arrays[name].shape

    def count(self, prefix: str) -> int:
        """How many numbered parts a list of layers has: `down.` -> 3 for down.0, down.1, down.2."""
        return len({name.split(".")[1] for name in self.arrays if name.startswith(prefix)})

    def fill(self, module: nn.Module, unused: tuple[str, ...] = ()) -> None:
        """Give every parameter and buffer of a module its numbers; those that no graph needs may be missing."""
        for name, tensor in module.state_dict().items():
            if name in unused:
                continue
            if self.shape(name) != tuple(tensor.shape):
                raise ValueError(f"{self.path}: {name}: expected {tuple(tensor.shape)}, got {self.shape(name)}")
            tensor.copy_(torch.from_numpy(self.arrays[name].astype(np.float32)))


def load_denoiser(manifest: dict, step: Weights) -> Denoiser:
    """The denoiser of step.onnx."""
    groups = tuple(g["size"] for g in manifest["latents"]["groups"])
    width = step.shape("patches.bias")[0]
    head = step.shape("mix.bias")[0] // 2
    heads = next(a.i for n in step.model.graph.node for a in n.attribute if a.name == "num_heads")
    tokens = step.shape("position")[1] - 1 - len(groups)
    side = manifest["image"]["height"]
    options = DenoiserOptions(
        groups, side, side // round(tokens**0.5), width, step.count("down.") + step.count("up."), heads, head
    )
    denoiser = Denoiser(options).eval().requires_grad_(False)
    # What stands for withheld latents is of the training only.
    step.fill(denoiser, unused=("absent",))
    return denoiser


def load_encoder(manifest: dict, encode: Weights) -> GroupVae:
    """The VAE of encode.onnx."""
    latents = [(g["name"], g["size"]) for g in manifest["latents"]["groups"]]
    readouts = tuple(
        Readout(r["name"], r["kind"], tuple(r["labels"]), group_of(r, latents, encode), r.get("unit", ""))
        for r in manifest["readouts"]
    )
    units, window = manifest["units"]["count"], manifest["bins"]["window"]
    options = VaeOptions(units, window, tuple(latents), readouts, hidden=encode.shape("read_in.1.bias")[0])
    vae = GroupVae(options).eval().requires_grad_(False)
    encode.fill(vae, unused=("noise",))
    return vae


def group_of(readout: dict, latents: list[tuple[str, int]], encode: Weights) -> str:
    """The latent group that a readout's first layer slices out of mu."""
    first = f"heads.{readout['name']}" + (".0" if readout["kind"] == "class" else "")
    source = next(n.input[0] for n in encode.model.graph.node if f"{first}.bias" in n.input)
    cut = next(n for n in encode.model.graph.node if source in n.output)
    start = int(encode.arrays[cut.input[1]].ravel()[0])
    edges = accumulate((size for _, size in latents), initial=0)
    return next(name for (name, _), (a, b) in zip(latents, pairwise(edges), strict=True) if a <= start < b)
