"""Models that decode but make no sense are refused, each with a message that says where and why."""

from dataclasses import replace

import numpy as np
import pytest

from minilite.errors import ModelError
from minilite.format import encode, schema
from minilite.format.options.convolution import Conv2DOptions
from minilite.format.options.dense import FullyConnectedOptions
from minilite.graph import Graph, Signature, read, write

from .build import quantization, small_graph, with_main, with_node, with_tensor

G = small_graph()
BROKEN = {
    "no subgraph": (replace(G, subgraphs=(), signatures=()), "no subgraph"),
    "input index too large": (with_node(G, 0, inputs=(0, 99, 2)), "node 0.*tensor index 99 is out of range"),
    "input index negative": (with_node(G, 0, inputs=(0, -2, 2)), "tensor index -2 is out of range"),
    "output index": (with_node(G, 0, outputs=(-1,)), "outputs: tensor index -1"),
    "graph input index": (with_main(G, inputs=(77,)), "inputs: tensor index 77"),
    "graph output index": (with_main(G, outputs=(-5,)), "outputs: tensor index -5"),
    "output never computed": (with_main(G, nodes=G.main.nodes[:1]), "output tensor 5 'y' is never computed"),
    "read before written": (with_main(G, nodes=G.main.nodes[::-1]), "reads tensor 3 'h' before anything computes it"),
    "cycle of two": (with_node(G, 0, inputs=(5, 1, 2)), "reads tensor 5 'y' before"),
    "reads its own output": (with_node(G, 0, inputs=(3, 1, 2)), "reads tensor 3 'h' before"),
    "two writers": (with_node(G, 1, outputs=(3,)), "writes tensor 3 'h', which already has a value"),
    "writes a constant": (with_node(G, 0, outputs=(1,)), "writes tensor 1 'w', which already has a value"),
    "writes an input": (with_node(G, 0, outputs=(0,)), "writes tensor 0 'x'"),
    "negative dimension": (with_tensor(G, 0, shape=(-3, 4)), r"tensor 0 'x': negative dimension in shape \[-3, 4\]"),
    "short constant": (with_tensor(G, 1, data=np.zeros(7, np.uint8)), r"takes 8 bytes.*has 7"),
    "long constant": (with_tensor(G, 1, data=np.zeros(9, np.uint8)), r"takes 8 bytes.*has 9"),
    "huge shape": (with_tensor(G, 1, shape=(2**30, 2**30)), r"takes 1152921504606846976 bytes"),
    "scales and zero points": (
        with_tensor(G, 1, parameters=quantization([0.25, 0.5], [0, 0, 0])),
        "2 scales but 3 zero points",
    ),
    "scale count": (
        with_tensor(G, 1, parameters=quantization([1.0] * 3, [0] * 3)),
        "3 scales for 2 channels on axis 0",
    ),
    "quantized dimension": (
        with_tensor(G, 1, parameters=quantization([0.25, 0.5], [0, 0], 2)),
        "quantized_dimension 2 is out of range, rank is 2",
    ),
    "zero point": (with_tensor(G, 0, parameters=quantization(0.5, 128)), "zero point is outside the codes of INT8"),
    "unknown activation": (
        with_node(G, 0, options=FullyConnectedOptions(fused_activation_function=77)),
        "option fused_activation_function is 77, expected one of NONE, RELU",
    ),
    "unknown padding": (with_node(G, 0, options=Conv2DOptions(padding=9)), "option padding is 9"),
    "intermediates": (with_node(G, 0, intermediates=(50,)), "intermediates: tensor index 50"),
    "signature tensor": (
        replace(G, signatures=(Signature("s", 0, {"x": 60}, {}),)),
        "signature 0 's': tensor index 60 is out of range",
    ),
    "signature subgraph": (replace(G, signatures=(Signature("s", 4, {}, {}),)), "subgraph 4 is out of range"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_graph_is_refused(name: str) -> None:
    graph, message = BROKEN[name]
    with pytest.raises(ModelError, match=message):
        read(write(graph))


def test_the_unbroken_graph_is_accepted() -> None:
    assert read(write(G)).warnings == ()


def broken_tables() -> dict[str, tuple[schema.Model, str]]:
    operator = schema.Operator(opcode_index=3)
    tensor = schema.Tensor(shape=np.array([1], np.int32), buffer=9, name="t")

    def model(**changes: object) -> schema.Model:
        fields = {"version": 3, "buffers": (schema.Buffer(),), "operator_codes": (), **changes}
        return schema.Model(**fields)

    return {
        "opcode index": (model(subgraphs=(schema.SubGraph(operators=(operator,)),)), "operator code 3 is out of range"),
        "buffer index": (model(subgraphs=(schema.SubGraph(tensors=(tensor,)),)), "buffer index 9 is out of range"),
        "unknown builtin": (model(operator_codes=(schema.OperatorCode(builtin_code=9999),)), "operator 9999 does not"),
        "nameless custom": (
            model(operator_codes=(schema.OperatorCode(builtin_code=32),)),
            "custom operator needs a name",
        ),
        "element type": (
            model(subgraphs=(schema.SubGraph(tensors=(schema.Tensor(type=99),)),)),
            "element type 99 does not exist",
        ),
        "empty": (model(), "no subgraph"),
    }


@pytest.mark.parametrize("name", broken_tables())
def test_broken_table_is_refused(name: str) -> None:
    model, message = broken_tables()[name]
    with pytest.raises(ModelError, match=message):
        read(encode(model))


def test_rank_one_bias_with_another_dimension_is_a_warning() -> None:
    graph = with_tensor(small_graph(), 2, parameters=quantization([0.125, 0.25], [0, 0], 3))
    again = read(write(graph))
    assert again.warnings == ("tensor 2 'b': quantized_dimension 3 is out of range, rank is 1; taken as 0",)
    affine = again.main.tensors[2].quantization
    assert affine is not None
    assert affine.axis == 0


@pytest.mark.parametrize("scale", [0.0, -1.0, np.nan, np.inf])
def test_unusable_scale_is_a_warning(scale: float) -> None:
    graph: Graph = read(write(with_tensor(small_graph(), 0, parameters=quantization(scale))))
    assert "is not a positive number" in graph.warnings[0]
