"""A copy of a bundle whose fp16 graphs are fused, with the digests of its manifest to match."""

import json
import shutil
from pathlib import Path

import onnx

from .bundle import file_entry, write_json
from .fuse import fuse


def fuse_bundle(folder: Path, out: Path) -> dict[str, tuple[int, int]]:
    """Copy `folder` to `out` and fuse its fp16 graphs; returns the number of nodes of each before and after."""
    if out.exists():
        raise FileExistsError(f"{out}: expected a folder that is not there yet")
    shutil.copytree(folder, out)
    manifest = json.loads((out / "manifest.json").read_text())
    half = manifest["files"].get("half")
    if half is None:
        raise ValueError(f"{folder}: expected a bundle with fp16 graphs, its manifest has no files.half")
    counts = {}
    for entry in (half["step"], *half["sample"].values()):
        path = out / entry["path"]
        model = onnx.load(path, load_external_data=False)
        before = len(model.graph.node)
        path.write_bytes(fuse(model).SerializeToString())
        counts[entry["path"]] = (before, len(model.graph.node))
        entry |= file_entry(out, entry["path"])
    write_json(out / "manifest.json", manifest, indent=1)
    return counts
