"""Assemble a graph bundle: any kind whose folder is ONNX graphs and a generic golden.json (docs/bundle.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import onnxruntime as ort
from torch import Tensor

from .bundle import FORMAT, file_entry, write_json
from .golden import HALF_TOLERANCE, TOLERANCE, Normalisation, decode_array, encode_array

Array = np.ndarray | Tensor


@dataclass(frozen=True)
class GoldenRun:
    """One run of one graph: inputs and outputs by name, computed by PyTorch in fp32, of the graph's own shapes."""

    inputs: Mapping[str, Array]
    outputs: Mapping[str, Array]


@dataclass(frozen=True)
class GoldenCase:
    """One window and what the graphs make of it."""

    counts: np.ndarray
    """Spike counts [W, U]."""
    runs: Mapping[str, GoldenRun]
    """Name of a graph -> its run."""

    def json(self) -> dict:
        """As golden.json has it."""
        runs = {
            name: {
                "inputs": {key: encode_array(value) for key, value in run.inputs.items()},
                "outputs": {key: encode_array(value) for key, value in run.outputs.items()},
            }
            for name, run in self.runs.items()
        }
        return {"counts": encode_array(self.counts), "graphs": runs}


@dataclass(frozen=True)
class Files:
    """Files that already lie in the bundle's folder; a graph's external data is named in `weights`."""

    graphs: Mapping[str, str]
    """Name of a graph -> file name."""
    half: Mapping[str, str] = field(default_factory=dict)
    """The same of the graphs that compute in fp16."""
    weights: str | None = None


def manifest_parts(
    name: str,
    kind: str,
    *,
    labels: Sequence[str],
    bin_ms: float,
    window: int,
    normalisation: Normalisation,
    groups: Sequence[tuple[str, int]],
    readouts: Sequence[dict],
    image: tuple[int, int],
    evidence: dict,
    provenance: dict | None = None,
    metrics: dict | None = None,
) -> dict:
    """What the manifest of every kind says; `image` is (height, width), `readouts` as `Readout.manifest` has them."""
    return {
        "format": FORMAT,
        "name": name,
        "kind": kind,
        "units": {"count": len(labels), "labels": list(labels)},
        "bins": {"widthMs": bin_ms, "window": window},
        "normalisation": normalisation.manifest(),
        "latents": {
            "dimension": sum(size for _, size in groups),
            "groups": [{"name": name, "size": size} for name, size in groups],
        },
        "readouts": list(readouts),
        "image": {"height": image[0], "width": image[1], "channels": 3},
        "evidence": evidence,
        "provenance": {"createdAt": datetime.now(UTC).isoformat(timespec="seconds"), **(provenance or {})},
        "metrics": metrics or {},
    }


def write_graph_bundle(
    folder: Path,
    parts: dict,
    files: Files,
    cases: Sequence[GoldenCase],
    tolerance: float = TOLERANCE,
    half_tolerance: float = HALF_TOLERANCE,
) -> None:
    """Write golden.json and manifest.json beside the graphs; `parts` is all of the manifest but `files`.

    ValueError where a graph has no golden case.
    """
    unseen = set(files.graphs) - {name for case in cases for name in case.runs}
    if unseen:
        raise ValueError(f"golden cases: expected at least one of every graph, got none of {', '.join(sorted(unseen))}")
    golden = {"tolerance": tolerance, "halfTolerance": half_tolerance, "cases": [case.json() for case in cases]}
    write_json(folder / "golden.json", golden)
    entries: dict = {"graphs": {name: file_entry(folder, file) for name, file in files.graphs.items()}}
    if files.half:
        entries["half"] = {name: file_entry(folder, file) for name, file in files.half.items()}
    if files.weights is not None:
        entries["weights"] = file_entry(folder, files.weights)
    entries["golden"] = file_entry(folder, "golden.json")
    write_json(folder / "manifest.json", {**parts, "files": entries}, indent=1)


def run_graph(session: ort.InferenceSession, inputs: Mapping[str, str]) -> dict[str, np.ndarray]:
    """Outputs of a graph by name for inputs as golden.json has them. ValueError where the names differ."""
    wanted = {each.name: each.shape for each in session.get_inputs()}
    if set(wanted) != set(inputs):
        raise ValueError(f"golden inputs: expected {', '.join(sorted(wanted))}, got {', '.join(sorted(inputs))}")
    feeds = {name: decode_array(text, *wanted[name]) for name, text in inputs.items()}
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(None, feeds), strict=True))


def golden_errors(session: ort.InferenceSession, run: Mapping[str, Mapping[str, str]]) -> dict[str, float]:
    """Largest absolute error of every output in one golden run; infinite where one is missing or of another size."""
    outputs = run_graph(session, run["inputs"])
    errors = {}
    for name in outputs.keys() | run["outputs"].keys():
        golden = decode_array(run["outputs"].get(name, ""), -1)
        out = outputs.get(name, np.empty(0)).ravel()
        errors[name] = float(np.abs(out - golden).max()) if 0 < out.size == golden.size else float("inf")
    return errors
