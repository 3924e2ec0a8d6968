"""Nodes whose shapes are known only when they run: the delegate takes the same ones as it does otherwise."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import Phase, assume, given, settings

from minilite import oracle
from minilite.format.enums import TensorType
from minilite.graph import Node, Tensor

from . import CASES
from .case import Case, OneOp
from .test_conformance import SETTINGS, assert_equal, outputs

TAKEN = [case for case in CASES if case.sets.get("xnnpack", "") is None and not case.variant]
CHOSEN = {
    "FULLY_CONNECTED": ("float32", "float32 int8 float32 -> float32"),
    "CONV_2D": ("float32", "int8 int8 int32 -> int8"),
    "BATCH_MATMUL": ("float32",),
    "ADD": ("int8",),
}


def behind_reshape(example: OneOp) -> OneOp:
    """The node reads its first input through a RESHAPE, whose shape is an input of the model."""
    main = example.graph.main
    count, node, first = len(main.tensors), main.nodes[0], main.nodes[0].inputs[0]
    read = main.tensors[first]
    assume(first in example.inputs and read.shape and all(0 not in tensor.shape for tensor in main.tensors))
    raw = replace(read, index=count, name="raw")
    shape = Tensor(count + 1, "shape", (len(read.shape),), TensorType.INT32)
    nodes = (Node(0, "RESHAPE", (count, count + 1), (first,), None), replace(node, index=1))
    inputs = (*(count if index == first else index for index in main.inputs), count + 1)
    block = replace(main, tensors=(*main.tensors, raw, shape), nodes=nodes, inputs=inputs)
    arrays = {count if index == first else index: array for index, array in example.inputs.items()}
    return OneOp(replace(example.graph, subgraphs=(block,)), {**arrays, count + 1: np.array(read.shape, np.int32)})


@pytest.mark.parametrize("case", [one for one in TAKEN if one.types in CHOSEN.get(one.op, ())], ids=str)
def test_equals_litert(case: Case) -> None:
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")

    @settings(SETTINGS, max_examples=20, phases=[Phase.generate])
    @given(case.draw)
    def check(example: OneOp) -> None:
        behind = behind_reshape(example)
        theirs = oracle.evaluate(behind.graph, behind.inputs, "xnnpack")
        assert_equal(None, outputs(behind, "numpy", "xnnpack"), theirs)

    check()
