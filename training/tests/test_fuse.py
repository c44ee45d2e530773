"""Fused graphs compute what the exported ones do, with fewer nodes."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from phosphene_train.denoiser import Denoiser, DenoiserOptions
from phosphene_train.export import trace
from phosphene_train.fuse import fuse
from phosphene_train.fuse_bundle import fuse_bundle
from phosphene_train.verify import open_graph, verify_bundle

TINY = Path(__file__).parents[2] / "test/fixtures/tiny-bundle"
FUSED = {"Attention", "SkipLayerNormalization", "BiasGelu"}


def kinds(model: onnx.ModelProto) -> Counter:
    return Counter(node.op_type for node in model.graph.node)


@pytest.fixture(scope="module")
def exported() -> onnx.ModelProto:
    torch.manual_seed(3)
    denoiser = Denoiser(DenoiserOptions((2, 3), image=16, patch=4, width=32, blocks=4, heads=4, head_channels=4))
    inputs = (torch.randn(1, 3, 16, 16), torch.full((1,), 0.4), torch.randn(1, 5), torch.ones(1))
    return trace(denoiser, inputs, ["x", "t", "cond", "guidance"], ["v"])


def test_every_block_is_fused(exported: onnx.ModelProto) -> None:
    before, after = kinds(exported), kinds(fuse(onnx.ModelProto.FromString(exported.SerializeToString())))
    assert before["MultiHeadAttention"] == 4
    assert before["MultiHeadAttention"] == after["Attention"] == after["BiasGelu"]
    # Two residuals a block; the norms left begin the first block, follow the two skips, and end the network.
    assert after["SkipLayerNormalization"] == 8
    assert after["MultiHeadAttention"] == after["Gelu"] == 0
    assert after["LayerNormalization"] == 4
    assert after["MatMul"] == before["MatMul"] - 12


def test_the_function_is_the_same(exported: onnx.ModelProto, tmp_path: Path) -> None:
    paths = tmp_path / "exported.onnx", tmp_path / "fused.onnx"
    paths[0].write_bytes(exported.SerializeToString())
    paths[1].write_bytes(fuse(onnx.ModelProto.FromString(exported.SerializeToString())).SerializeToString())
    generator = np.random.default_rng(1)
    for _ in range(5):
        x = generator.standard_normal((1, 3, 16, 16)).astype(np.float32)
        given = {"cond": generator.standard_normal((1, 5)).astype(np.float32), "guidance": np.array([1.5], np.float32)}
        outputs = [open_graph(path).run(None, {"x": x, "t": np.array([0.3], np.float32), **given})[0] for path in paths]
        np.testing.assert_allclose(outputs[1], outputs[0], atol=1e-5)
        assert np.abs(outputs[0]).max() > 0.01


def test_a_bundle_keeps_its_golden_outputs(tmp_path: Path) -> None:
    out = tmp_path / "fused"
    counts = fuse_bundle(TINY, out)
    assert all(after < before for before, after in counts.values())
    assert all(check.ok for check in verify_bundle(out))
    assert set(kinds(onnx.load(out / "sample-4-half.onnx", load_external_data=False))) >= FUSED
    # The graphs for the CPU are as they were.
    for name in ("encode.onnx", "sample-4.onnx", "weights.bin"):
        assert (out / name).read_bytes() == (TINY / name).read_bytes()


def test_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError, match="not there yet"):
        fuse_bundle(TINY, tmp_path)
    plain = tmp_path / "plain"
    fuse_bundle(TINY, plain)
    manifest = json.loads((plain / "manifest.json").read_text())
    del manifest["files"]["half"]
    (plain / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match=r"no files\.half"):
        fuse_bundle(plain, tmp_path / "out")


@pytest.mark.parametrize("change", ["tanh", "shared"])
def test_leaves_what_is_not_the_pattern(change: str) -> None:
    """GELU by tanh is another function; a sum that something else reads must stay."""
    weight = numpy_helper.from_array(np.eye(4, dtype=np.float32), "w")
    bias = numpy_helper.from_array(np.ones(4, np.float32), "b")
    gelu = {"approximate": "tanh"} if change == "tanh" else {}
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["product"]),
        helper.make_node("Add", ["product", "b"], ["sum"]),
        helper.make_node("Gelu", ["sum"], ["y"], **gelu),
        helper.make_node("Relu", ["sum" if change == "shared" else "x"], ["z"]),
    ]
    shape = [1, 2, 4]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("x", "y", "z")]
    graph = helper.make_graph(nodes, "g", values[:1], values[1:], [weight, bias])
    model = fuse(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)]))
    assert [node.op_type for node in model.graph.node] == ["MatMul", "Add", "Gelu", "Relu"]
