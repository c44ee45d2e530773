"""A linear bundle's folder: matrices.bin, golden.json, manifest.json. The page docs/bundle.md is the contract."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..bundle import account, file_entry, identity, write_json
from ..evidence import Evidence
from ..golden import Normalisation, decode_array, encode_array
from ..vae import Readout, VaeOptions
from .model import Affine, LinearModel

TOLERANCE = 1e-4
"""Largest absolute error that the daemon accepts: it sums in float32, golden outputs are of float64."""
MATRICES, TARGETS = "matrices.bin", "targets.json"


@dataclass
class LinearBundle:
    """Everything that the folder says, before it is written."""

    name: str
    model: LinearModel
    labels: list[str]
    normalisation: Normalisation
    bin_ms: float
    evidence: Evidence
    golden_counts: np.ndarray
    """Spike counts [N, W, U] of the golden cases."""
    provenance: dict = field(default_factory=dict)
    metrics: dict = field(default_factory=dict)
    targets: dict | None = None
    """Content of targets.json: latents of known stimuli (docs/bundle.md)."""


def write_linear_bundle(bundle: LinearBundle, folder: Path) -> None:
    """Matrices, golden outputs and manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    matrices = write_matrices(bundle.model, folder / MATRICES)
    cases = [golden_case(bundle.model, counts, bundle.normalisation) for counts in bundle.golden_counts]
    write_json(folder / "golden.json", {"tolerance": TOLERANCE, "cases": cases})
    if bundle.targets is not None:
        write_json(folder / TARGETS, bundle.targets)
    write_json(folder / "manifest.json", manifest(bundle, matrices, folder), indent=1)


def write_matrices(model: LinearModel, path: Path) -> dict:
    """All arrays one after the other, little-endian float32; returns where each lies, as the manifest has it."""
    data = bytearray()

    def place(tensor: Tensor) -> dict:
        at = {"offset": len(data), "shape": list(tensor.shape)}
        data.extend(np.ascontiguousarray(tensor.numpy(), dtype="<f4").tobytes())
        return at

    def pair(affine: Affine) -> dict:
        return {"weights": place(affine.weights), "bias": place(affine.bias)}

    places = {
        "encode": pair(model.encoder),
        "logvar": place(model.logvar),
        "picture": pair(model.picture),
        "expected": pair(model.expected),
        "readouts": {name: pair(head) for name, head in model.heads.items()},
    }
    path.write_bytes(data)
    return places


def manifest(bundle: LinearBundle, matrices: dict, folder: Path) -> dict:
    """The content of manifest.json; digests are of the files as they lie in `folder`."""
    o, side = bundle.model.options, bundle.model.side
    files = {"matrices": MATRICES, "golden": "golden.json"} | ({} if bundle.targets is None else {"targets": TARGETS})
    return {
        **identity(bundle, "linear", o, side),
        "matrices": matrices,
        "files": {name: file_entry(folder, file) for name, file in files.items()},
        **account(bundle),
    }


@torch.no_grad()
def golden_case(model: LinearModel, counts: np.ndarray, norm: Normalisation) -> dict:
    """One case: counts [W, U] and every output, in float64 from the stored numbers; mu is rounded to float32 first."""
    window, exact = norm.apply(counts), model.double()
    mu = exact.encode(torch.from_numpy(window).double()[None])[0].float()
    latents = mu.double()
    return {
        "counts": encode_array(counts),
        "window": encode_array(window),
        "mu": encode_array(mu),
        "logvar": encode_array(model.logvar),
        "expected": encode_array(exact.decoder(latents)),
        "readouts": {r.name: encode_array(exact.readout(r, latents)) for r in model.options.readouts},
        "image": encode_array(exact.pictures(latents)),
    }


def read_linear_model(folder: Path) -> tuple[LinearModel, dict]:
    """The model of a linear bundle and its manifest."""
    manifest = json.loads((folder / "manifest.json").read_text())
    data = (folder / manifest["files"]["matrices"]["path"]).read_bytes()

    def tensor(place: dict) -> Tensor:
        count = int(np.prod(place["shape"]))
        values = np.frombuffer(data, "<f4", count, place["offset"]).reshape(place["shape"])
        return torch.from_numpy(values.copy())

    def affine(pair: dict) -> Affine:
        return Affine(tensor(pair["weights"]), tensor(pair["bias"]))

    m = manifest["matrices"]
    readouts = tuple(
        Readout(r["name"], r["kind"], tuple(r["labels"]), "", r.get("unit", "")) for r in manifest["readouts"]
    )
    groups = tuple((g["name"], g["size"]) for g in manifest["latents"]["groups"])
    options = VaeOptions(manifest["units"]["count"], manifest["bins"]["window"], groups, readouts)
    heads = {name: affine(pair) for name, pair in m["readouts"].items()}
    parts = (affine(m["encode"]), tensor(m["logvar"]), affine(m["picture"]), affine(m["expected"]))
    return LinearModel(options, manifest["image"]["height"], *parts, heads), manifest


@torch.no_grad()
def golden_errors(folder: Path, case: dict) -> dict[str, float]:
    """Largest absolute error of every output of one golden case, recomputed in float32 from the files."""
    model, manifest = read_linear_model(folder)
    window = decode_array(case["window"], 1, manifest["bins"]["window"], manifest["units"]["count"])
    mu, logvar = model.encode(torch.from_numpy(window))
    found = {"mu": (mu, case["mu"]), "logvar": (logvar, case["logvar"])}
    found |= {"expected": (model.decoder(mu), case["expected"]), "image": (model.pictures(mu), case["image"])}
    found |= {r.name: (model.readout(r, mu), case["readouts"][r.name]) for r in model.options.readouts}
    return {name: largest(out.numpy(), text) for name, (out, text) in found.items()}


def largest(out: np.ndarray, text: str) -> float:
    """Largest absolute difference to a golden array; infinite where the sizes differ."""
    golden = decode_array(text, -1)
    return float(np.abs(out.ravel() - golden).max()) if out.size == golden.size else float("inf")
