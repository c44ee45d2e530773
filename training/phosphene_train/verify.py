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
    """Every digest and every golden output of a bundle."""
    manifest = json.loads((folder / "manifest.json").read_text())
    golden = json.loads((folder / manifest["files"]["golden"]["path"]).read_text())
    checks = [check_digest(folder, entry) for entry in file_entries(manifest)]
    for index, case in enumerate(golden["cases"]):
        for name, error in case_errors(folder, manifest, case).items():
            checks.append(Check(f"case {index} {name}", error, error <= golden["tolerance"]))
    return checks


def file_entries(manifest: dict) -> list[dict]:
    """All `files` entries, the samplers too."""
    files = dict(manifest["files"])
    return [*files.pop("sample").values(), *files.values()]


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


def case_errors(folder: Path, manifest: dict, case: dict) -> dict[str, float]:
    """Largest absolute error of every output of one golden case."""
    files, bins, image = manifest["files"], manifest["bins"]["window"], manifest["image"]
    window = decode_array(case["window"], 1, bins, manifest["units"]["count"])
    x = decode_array(case["noise"], 1, 3, image["height"], image["width"])
    cond = decode_array(case["mu"], 1, manifest["latents"]["dimension"])
    encode = open_graph(folder / files["encode"]["path"])
    names = [output.name for output in encode.get_outputs()]
    outputs = dict(zip(names, encode.run(None, {"window": window}), strict=True))
    expected = {name: case[name] for name in ("mu", "logvar", "expected")}
    expected |= {f"readout_{name}": text for name, text in case["readouts"].items()}
    errors = {name: largest_error(outputs[name], text) for name, text in expected.items()}
    step = open_graph(folder / files["step"]["path"])
    t = np.array([case["v"]["t"]], dtype=np.float32)
    extra = {"guidance": np.array([case["guidance"]], dtype=np.float32)} if "guidance" in manifest else {}
    errors["v"] = largest_error(step.run(None, {"x": x, "t": t, "cond": cond, **extra})[0], case["v"]["out"])
    for k, entry in files["sample"].items():
        out = open_graph(folder / entry["path"]).run(None, {"noise": x, "cond": cond, **extra})[0]
        errors[f"sample-{k}"] = largest_error(out, case["images"][k])
    return errors


def largest_error(out: np.ndarray, text: str) -> float:
    """Largest absolute difference to a golden array; infinite where the sizes differ."""
    golden = decode_array(text, -1)
    return float(np.abs(out.ravel() - golden).max()) if out.size == golden.size else float("inf")
