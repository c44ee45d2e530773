import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from phosphene_train.evidence import Evidence
from phosphene_train.golden import Normalisation
from phosphene_train.graph_bundle import Files, GoldenCase, GoldenRun, manifest_parts, write_graph_bundle
from phosphene_train.verify import verify_bundle

WEIGHTS = np.random.default_rng(3).standard_normal((6, 4)).astype(np.float32)


def write_graph(path, weights):
    """`out` [1, 4] = `window` [1, 6] times weights [6, 4]."""
    shape = {"window": [1, 6], "out": [1, 4]}
    tensors = {name: helper.make_tensor_value_info(name, TensorProto.FLOAT, size) for name, size in shape.items()}
    node = helper.make_node("MatMul", ["window", "weights"], ["out"])
    constants = [numpy_helper.from_array(weights, "weights")]
    graph = helper.make_graph([node], "graph", [tensors["window"]], [tensors["out"]], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def parts():
    missing = {"bits": "no posterior", "atypicality": "no latents"}
    evidence = Evidence(None, 0.25, None, np.empty(0), np.empty(0), {}, missing, units=[0, 2])
    return manifest_parts(
        "tiny-graphs", "direct", labels=["a", "b", "c"], bin_ms=20, window=2,
        normalisation=Normalisation(np.zeros(3), np.ones(3)), groups=[], readouts=[], image=(8, 8),
        evidence=evidence.manifest(),
    )  # fmt: skip


def case(weights=WEIGHTS):
    counts = np.arange(6, dtype=np.float32).reshape(2, 3)
    window = counts.reshape(1, 6)
    return GoldenCase(counts, {"decode": GoldenRun({"window": window}, {"out": window @ weights})})


@pytest.fixture
def folder(tmp_path):
    write_graph(tmp_path / "decode.onnx", WEIGHTS)
    write_graph(tmp_path / "decode-half.onnx", WEIGHTS.astype(np.float16).astype(np.float32))
    return tmp_path


def test_a_bundle_that_was_written_verifies(folder):
    write_graph_bundle(folder, parts(), Files({"decode": "decode.onnx"}, {"decode": "decode-half.onnx"}), [case()])
    checks = {check.name: check for check in verify_bundle(folder)}
    assert all(check.ok for check in checks.values())
    assert checks["case 0 decode.out"].error < 1e-5
    assert 1e-5 < checks["case 0 decode.out, fp16"].error < 0.05
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["latents"] == {"dimension": 0, "groups": []}
    evidence = manifest["evidence"]
    assert (evidence["bitsThreshold"], evidence["explainedThreshold"], evidence["units"]) == (None, 0.25, [0, 2])
    assert set(manifest["files"]) == {"graphs", "half", "golden"}


def test_other_weights_than_those_of_the_golden_outputs_are_found(folder):
    write_graph_bundle(folder, parts(), Files({"decode": "decode.onnx"}), [case(1.01 * WEIGHTS)])
    assert [check.name for check in verify_bundle(folder) if not check.ok] == ["case 0 decode.out"]


def test_every_graph_must_have_a_case(folder):
    with pytest.raises(ValueError, match="at least one of every graph, got none of other"):
        write_graph_bundle(folder, parts(), Files({"decode": "decode.onnx", "other": "decode.onnx"}), [case()])


def test_inputs_of_other_names_are_refused(folder):
    wrong = GoldenCase(np.zeros((2, 3)), {"decode": GoldenRun({"x": np.zeros((1, 6))}, {"out": np.zeros((1, 4))})})
    write_graph_bundle(folder, parts(), Files({"decode": "decode.onnx"}), [wrong])
    with pytest.raises(ValueError, match="expected window, got x"):
        verify_bundle(folder)
