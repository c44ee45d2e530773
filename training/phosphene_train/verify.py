"""Check a bundle as the daemon does: digests, graph outputs under ONNX Runtime against golden.json."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort

from .golden import decode_array


@dataclass(frozen=True)
class Check:
    """One thing looked at: its name, the largest absolute error (0 for a digest), and whether it holds."""

    name: str
    error: float
    ok: bool


def verify_bundle(folder: Path) -> list[Check]:
    """Every digest and every golden output of a bundle, its fp16 graphs within their own tolerance."""
    manifest = json.loads((folder / "manifest.json").read_text())
    golden = json.loads((folder / manifest["files"]["golden"]["path"]).read_text())
    checks = [check_digest(folder, entry) for entry in file_entries(manifest)]
    if manifest["kind"] == "linear":
        return checks + linear_checks(folder, golden)
    if manifest["kind"] != "diffusion":
        return checks + graph_checks(folder, manifest, golden)
    for index, case in enumerate(golden["cases"]):
        found = encoder_errors(folder, manifest, case) | sampler_errors(folder, manifest, manifest["files"], case)
        checks += [Check(f"case {index} {name}", error, error <= golden["tolerance"]) for name, error in found.items()]
        if "half" in manifest["files"]:
            found, limit = sampler_errors(folder, manifest, manifest["files"]["half"], case), golden["halfTolerance"]
            checks += [Check(f"case {index} {name}, fp16", error, error <= limit) for name, error in found.items()]
    return checks


def linear_checks(folder: Path, golden: dict) -> list[Check]:
    """Every golden output of a linear bundle."""
    from .linear.bundle import golden_errors

    found = [(index, golden_errors(folder, case)) for index, case in enumerate(golden["cases"])]
    limit = golden["tolerance"]
    return [
        Check(f"case {index} {name}", error, error <= limit)
        for index, errors in found
        for name, error in errors.items()
    ]


def graph_checks(folder: Path, manifest: dict, golden: dict) -> list[Check]:
    """Every golden output of a graph bundle, fp16 graphs within their own tolerance; every graph must have a case."""
    from .graph_bundle import golden_errors

    files, checks = manifest["files"], []
    for names, suffix, key in ((files["graphs"], "", "tolerance"), (files.get("half", {}), ", fp16", "halfTolerance")):
        for name, entry in names.items():
            session = open_graph(folder / entry["path"])
            runs = [(i, case["graphs"][name]) for i, case in enumerate(golden["cases"]) if name in case["graphs"]]
            checks.append(Check(f"golden cases of {name}{suffix}", 0.0, bool(runs)))
            checks += [
                Check(f"case {i} {name}.{output}{suffix}", error, error <= golden[key])
                for i, run in runs
                for output, error in golden_errors(session, run).items()
            ]
    return checks


def file_entries(manifest: dict) -> list[dict]:
    """All `files` entries, the samplers and the fp16 graphs too."""

    def flat(entry: dict) -> list[dict]:
        return [entry] if "path" in entry else [file for part in entry.values() for file in flat(part)]

    return flat(manifest["files"])


def check_digest(folder: Path, entry: dict) -> Check:
    """SHA-256 and length of one file."""
    data = (folder / entry["path"]).read_bytes()
    ok = hashlib.sha256(data).hexdigest() == entry["sha256"] and len(data) == entry["bytes"]
    return Check(f"digest {entry['path']}", 0.0, ok)


def open_graph(path: Path, threads: int = 2) -> ort.InferenceSession:
    """A CPU session with quiet logging."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def encoder_errors(folder: Path, manifest: dict, case: dict) -> dict[str, float]:
    """Largest absolute error of every output of encode.onnx in one golden case."""
    window = decode_array(case["window"], 1, manifest["bins"]["window"], manifest["units"]["count"])
    encode = open_graph(folder / manifest["files"]["encode"]["path"])
    names = [output.name for output in encode.get_outputs()]
    outputs = dict(zip(names, encode.run(None, {"window": window}), strict=True))
    expected = {name: case[name] for name in ("mu", "logvar", "expected")}
    expected |= {f"readout_{name}": text for name, text in case["readouts"].items()}
    return {name: largest_error(outputs[name], text) for name, text in expected.items()}


def sampler_errors(folder: Path, manifest: dict, files: dict, case: dict) -> dict[str, float]:
    """The same of step and samplers; `files` are those of the manifest or its `half`."""
    image = manifest["image"]
    x = decode_array(case["noise"], 1, 3, image["height"], image["width"])
    given = {"cond": decode_array(case["mu"], 1, manifest["latents"]["dimension"])}
    if "guidance" in manifest:
        given["guidance"] = np.array([case["guidance"]], dtype=np.float32)
    t = np.array([case["v"]["t"]], dtype=np.float32)
    v = open_graph(folder / files["step"]["path"]).run(None, {"x": x, "t": t, **given})[0]
    errors = {"v": largest_error(v, case["v"]["out"])}
    for k, entry in files["sample"].items():
        out = open_graph(folder / entry["path"]).run(None, {"noise": x, **given})[0]
        errors[f"sample-{k}"] = largest_error(out, case["images"][k])
    return errors


def largest_error(out: np.ndarray, text: str) -> float:
    """Largest absolute difference to a golden array; infinite where the sizes differ."""
    golden = decode_array(text, -1)
    return float(np.abs(out.ravel() - golden).max()) if out.size == golden.size else float("inf")
