"""Fewer, fatter kernels: rewrites transformer blocks of an exported graph with ONNX Runtime's fused operators.

A small network on a GPU costs what its kernels cost to start, one after another. As exported, a block takes about
twenty; with projections, bias, attention, residual and norm in fused operators it takes nine. Weights stay where they
are: the projections of query, key and value are concatenated in the graph, which ONNX Runtime folds when it loads it.
"""

from dataclasses import dataclass

import onnx
from onnx import NodeProto, helper

DOMAIN = "com.microsoft"


@dataclass
class Rewriter:
    """A graph under change: who makes a value, who reads it, which nodes go and what takes their place."""

    graph: onnx.GraphProto

    def __post_init__(self) -> None:
        self.weights = {tensor.name: list(tensor.dims) for tensor in self.graph.initializer}
        self.maker = {name: node for node in self.graph.node for name in node.output}
        self.readers: dict[str, list[NodeProto]] = {}
        for node in self.graph.node:
            for name in node.input:
                self.readers.setdefault(name, []).append(node)
        self.gone: set[int] = set()
        self.instead: dict[int, list[NodeProto]] = {}
        self.first: list[NodeProto] = []

    def replace(self, at: NodeProto, nodes: list[NodeProto], *also: NodeProto) -> None:
        """`nodes` stand where `at` stood; `also` go with it."""
        self.instead[id(at)] = nodes
        self.gone |= {id(node) for node in (at, *also)}

    def apply(self) -> None:
        nodes = list(self.first)
        for node in self.graph.node:
            nodes += self.instead.get(id(node), [] if id(node) in self.gone else [node])
        # Nodes that are dropped keep living in `maker` until here: protobuf messages belong to their list.
        kept = [NodeProto.FromString(node.SerializeToString()) for node in nodes]
        del self.graph.node[:]
        self.graph.node.extend(kept)

    def biased(self, name: str) -> tuple[NodeProto, str, NodeProto] | None:
        """MatMul, bias and the Add of both, where `name` is such a sum and nothing else reads the product."""
        add = self.maker.get(name)
        if add is None or add.op_type != "Add":
            return None
        for bias, product in (add.input, reversed(add.input)):
            matmul = self.maker.get(product)
            is_bias = len(self.weights.get(bias, ())) == 1
            if is_bias and matmul is not None and matmul.op_type == "MatMul" and len(self.readers[product]) == 1:
                return matmul, bias, add
        return None


def fuse(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same function with Attention, SkipLayerNormalization and BiasGelu, in place; returns its argument."""
    rewriter = Rewriter(model.graph)
    nodes = list(model.graph.node)
    for node in nodes:
        if node.op_type == "MultiHeadAttention":
            fuse_attention(rewriter, node)
        elif node.op_type == "Gelu":
            fuse_gelu(rewriter, node)
    norms = {node.input[0]: node for node in nodes if node.op_type == "LayerNormalization"}
    for node in nodes:
        if node.op_type == "Add":
            fuse_residual(rewriter, node, norms)
    rewriter.apply()
    if not any(opset.domain == DOMAIN for opset in model.opset_import):
        model.opset_import.append(helper.make_opsetid(DOMAIN, 1))
    return model


def fuse_attention(r: Rewriter, node: NodeProto) -> None:
    """Three projections of the same tokens and their attention -> Attention, one product instead of three."""
    parts = [r.biased(name) for name in node.input]
    if len(parts) != 3 or None in parts or len({matmul.input[0] for matmul, _, _ in parts}) != 1:
        return
    out = node.output[0]
    weights, bias = f"{out}/qkv_weights", f"{out}/qkv_bias"
    r.first += [
        helper.make_node("Concat", [matmul.input[1] for matmul, _, _ in parts], [weights], axis=1),
        helper.make_node("Concat", [name for _, name, _ in parts], [bias], axis=0),
    ]
    heads = next(a.i for a in node.attribute if a.name == "num_heads")
    inputs = [parts[0][0].input[0], weights, bias]
    fused = helper.make_node("Attention", inputs, [out], domain=DOMAIN, num_heads=heads)
    r.replace(node, [fused], *(each for matmul, _, add in parts for each in (matmul, add)))


def fuse_gelu(r: Rewriter, node: NodeProto) -> None:
    """Bias and exact GELU -> BiasGelu."""
    found = r.biased(node.input[0])
    is_exact = all(a.name != "approximate" or a.s == b"none" for a in node.attribute)
    if found is None or not is_exact or len(r.readers[node.input[0]]) != 1:
        return
    matmul, bias, add = found
    r.replace(node, [helper.make_node("BiasGelu", [matmul.output[0], bias], list(node.output), domain=DOMAIN)], add)


def fuse_residual(r: Rewriter, node: NodeProto, norms: dict[str, NodeProto]) -> None:
    """Bias, residual and the norm of the sum -> SkipLayerNormalization, whose fourth output is the sum.

    Where no norm follows at once it is made all the same and not read: one kernel instead of two.
    """
    found = residual(r, node)
    if found is None:
        return
    (matmul, bias, add), skip = found
    total = node.output[0]
    norm = norms.get(total)
    like = norm or next(iter(norms.values()))
    epsilon = next((a.f for a in like.attribute if a.name == "epsilon"), 1e-5)
    inputs = [matmul.output[0], skip, *like.input[1:], bias]
    outputs = [norm.output[0] if norm else f"{total}/unread", "", "", total]
    fused = helper.make_node("SkipLayerNormalization", inputs, outputs, domain=DOMAIN, epsilon=epsilon)
    r.replace(node, [fused], add, *([norm] if norm else []))


def residual(r: Rewriter, node: NodeProto) -> tuple[tuple[NodeProto, str, NodeProto], str] | None:
    """What is added to what, where `node` adds a biased product to a residual and nothing else reads that product."""
    for branch, skip in (node.input, reversed(node.input)):
        found = r.biased(branch)
        if found is not None and skip not in r.weights and len(r.readers[branch]) == 1:
            return found, skip
    return None
