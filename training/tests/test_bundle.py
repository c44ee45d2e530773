import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from phosphene_train.random_bundle import tiny_options, write_random_bundle
from phosphene_train.verify import file_entries, verify_bundle

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle")
    write_random_bundle(folder, tiny_options(), "tiny")
    return folder


def test_onnx_runtime_gives_what_torch_gave(tiny):
    checks = verify_bundle(tiny)
    assert all(check.ok for check in checks)
    assert max(check.error for check in checks if "fp16" not in check.name) < 1e-4


def test_graphs_in_fp16_compute_in_fp16_and_share_the_weights(tiny):
    checks = [check for check in verify_bundle(tiny) if "fp16" in check.name]
    assert len(checks) == 8
    assert all(0 < check.error < 0.05 for check in checks)
    plain, half = (onnx.load(tiny / name, load_external_data=False) for name in ("step.onnx", "step-half.onnx"))
    places = [
        {entry.value for t in model.graph.initializer for entry in t.external_data if entry.key == "offset"}
        for model in (plain, half)
    ]
    assert places[0] == places[1]


def test_manifest_names_every_file_with_its_digest(tiny):
    manifest = json.loads((tiny / "manifest.json").read_text())
    for entry in file_entries(manifest):
        data = (tiny / entry["path"]).read_bytes()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (entry["sha256"], entry["bytes"])
    latents = manifest["latents"]
    assert sum(group["size"] for group in latents["groups"]) == latents["dimension"]
    assert {k: len(times) for k, times in manifest["schedule"]["timesteps"].items()} == {"1": 2, "2": 3, "4": 5}


def test_a_changed_byte_is_found(tiny, tmp_path):
    for file in tiny.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    weights = bytearray((tmp_path / "weights.bin").read_bytes())
    weights[1000] ^= 255
    (tmp_path / "weights.bin").write_bytes(weights)
    assert next(check.name for check in verify_bundle(tmp_path) if not check.ok) == "digest weights.bin"


def test_denoiser_graphs_share_one_weights_file(tiny):
    for name in ("step.onnx", "sample-4.onnx", "sample-4-half.onnx"):
        model = onnx.load(tiny / name, load_external_data=False)
        stored = [t for t in model.graph.initializer if t.data_location == onnx.TensorProto.EXTERNAL]
        assert {entry.value for t in stored for entry in t.external_data if entry.key == "location"} == {"weights.bin"}
        assert all(t.data_type == onnx.TensorProto.FLOAT16 for t in stored)


def test_session_rates_and_pictures_are_complete(tiny):
    session = json.loads((tiny / "session/session.json").read_text())
    data = (tiny / "session" / session["rates"]["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == session["rates"]["sha256"]
    assert np.frombuffer(data, "<f4").size == len(session["stimuli"]) * len(session["units"])
    assert all((tiny / "session" / stimulus["file"]).exists() for stimulus in session["stimuli"])


@pytest.mark.parametrize("path", ["test/fixtures/tiny-bundle", "models/demo"])
def test_committed_bundles_hold(path):
    if not (ROOT / path / "manifest.json").exists():
        pytest.skip(f"{path} is not in this checkout")
    assert [check for check in verify_bundle(ROOT / path) if not check.ok] == []
