"""What microcontrollers lack is refused in the kernel set's name, and what is known to go wrong there as well."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from minilite.errors import UnsupportedError
from minilite.format.options.dense import FullyConnectedOptions
from minilite.format.options.recurrent import UnidirectionalSequenceLSTMOptions
from minilite.format.options.stablehlo import StablehloCaseOptions
from minilite.graph import Graph
from minilite.ops.registered import REGISTERED
from minilite.program import bind
from tests.conformance import CASES
from tests.conformance.case import Operand, one_op

from .vectors import BUILDS

SETS = pytest.mark.parametrize("kernels", BUILDS)


def check_refused(graph: Graph, kernels: str, reason: str) -> None:
    with pytest.raises(UnsupportedError, match=f"not taken by kernel set '{kernels}'.*{reason}"):
        bind(graph, kernels=kernels)


@SETS
@pytest.mark.parametrize("op", ["SQRT", "EXP", "LOG", "NEG", "SQUARE"])
def test_int8_functions_that_only_desktops_have(op: str, kernels: str) -> None:
    x = Operand("int8", (3,), np.zeros(3), 0.5, 0)
    check_refused(one_op(op, None, [x], [x._replace(data=None)]).graph, kernels, "no kernel for x int8, y int8")


@SETS
def test_an_op_that_only_desktops_have(kernels: str) -> None:
    x = Operand("float32", (3,), np.zeros(3))
    graph = one_op("GELU", None, [x], [x._replace(data=None)]).graph
    check_refused(graph, kernels, "no such op")
    assert bind(graph, kernels={"GELU": "reference", "*": kernels}).steps[0].prepared is not None


@SETS
def test_a_control_op_that_only_desktops_have(kernels: str) -> None:
    index, x = Operand("int32", (), np.zeros(())), Operand("float32", (3,), np.zeros(3))
    made = one_op("STABLEHLO_CASE", StablehloCaseOptions(branch_subgraph_indices=[1]), [index, x], [x])
    branch = replace(made.graph.main, index=1, nodes=(), inputs=(1,), outputs=(1,))
    check_refused(replace(made.graph, subgraphs=(made.graph.main, branch)), kernels, "no such op")


@SETS
def test_hybrid_weights(kernels: str) -> None:
    x, w = Operand("float32", (1, 4), np.zeros((1, 4))), Operand("int8", (2, 4), np.zeros((2, 4)), 0.5, constant=True)
    graph = one_op("FULLY_CONNECTED", FullyConnectedOptions(), [x, w, None], [Operand("float32", (1, 2))]).graph
    check_refused(graph, kernels, "w int8")


@SETS
def test_shuffled_weights(kernels: str) -> None:
    x, w = (Operand("uint8", shape, np.zeros(shape), 0.5, 0, constant=shape[0] > 1) for shape in ((1, 16), (4, 16)))
    b = Operand("int32", (4,), np.zeros(4), 0.25, constant=True)
    outputs = [Operand("int16", (1, 4), scale=0.5), Operand("uint8", (1, 16))]
    graph = one_op("FULLY_CONNECTED", FullyConnectedOptions(weights_format=1), [x, w, b], outputs).graph
    check_refused(graph, kernels, "no kernel for x uint8")


def lstm(**changes: Any) -> Graph:
    """A float LSTM of 2 cells; `changes` put in operands by position, or options."""
    options = UnidirectionalSequenceLSTMOptions(fused_activation_function=changes.pop("activation", 4))
    square, row = (2, 2), (2,)
    shapes = [(1, 1, 2), *[square] * 8, *[None] * 3, *[row] * 4, None, None, (1, 2), (1, 2), *[None] * 4]
    inputs: list[Operand | None] = []
    for position, shape in enumerate(shapes):
        shape = changes.get(f"at_{position}", shape)
        state, given = position in (18, 19), position == 0
        data = None if shape is None else np.zeros(shape)
        made = None if shape is None else Operand("float32", shape, data, constant=not (state or given), variable=state)
        inputs.append(made)
    between = [Operand("float32", shape) for shape in changes.get("intermediates", ())]
    return one_op(
        "UNIDIRECTIONAL_SEQUENCE_LSTM", options, inputs, [Operand("float32", (1, 1, 2))], intermediates=between
    ).graph


@SETS
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"at_1": None, "at_5": None, "at_12": None}, "coupled"),
        ({"at_9": (2,), "at_10": (2,), "at_11": (2,)}, "peepholes or a projection"),
        ({"at_16": (2, 2)}, "peepholes or a projection"),
        ({f"at_{position}": (2,) for position in range(20, 24)}, "layer normalization"),
        ({"intermediates": [(3,)]}, "intermediate tensors"),
        ({"activation": 1}, "activation other than TANH"),
    ],
    ids=["coupled", "peepholes", "projection", "norm", "intermediates", "activation"],
)
def test_lstm_cells_of_other_kinds(changes: dict[str, Any], reason: str, kernels: str) -> None:
    assert bind(lstm(), kernels=kernels).steps
    check_refused(lstm(**changes), kernels, reason)


def test_every_registered_op_and_type_that_minilite_has_is_found() -> None:
    """No op is listed under a name that does not exist, and no list of types is out of the ops' reach."""
    known = {case.op for case in CASES}
    assert set(REGISTERED) <= known
