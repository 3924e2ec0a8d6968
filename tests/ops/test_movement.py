"""RESHAPE, SQUEEZE, EXPAND_DIMS, SHAPE, TRANSPOSE: what is refused, and a scalar's shape as converters write it."""

from dataclasses import replace

import numpy as np
import pytest

from minilite import load
from minilite.errors import InputError, ModelError, UnsupportedError
from minilite.format.enums import TensorType
from minilite.format.options.shape import ReshapeOptions, ShapeOptions, SqueezeOptions
from minilite.graph import Graph, Node, Subgraph, write
from minilite.interpreter import evaluate
from minilite.program import bind
from tests.conformance.case import OneOp, Operand, one_op

from .refusals import assert_refused


def operand(*shape: int, kind: str = "float32", scale: float | None = None) -> Operand:
    return Operand(kind, shape, np.zeros(shape), scale)


def value(numbers: list[int] | int, constant: bool = True, kind: str = "int32") -> Operand:
    return Operand(kind, np.shape(numbers), np.array(numbers, kind), constant=constant)


def reshape(*numbers: int, constant: bool = True) -> OneOp:
    return one_op("RESHAPE", None, [operand(2, 3), value(list(numbers), constant)], [operand(6)])


def squeeze(*dims: int, rank: int = 3) -> OneOp:
    shape = (1, 2, *[1] * (rank - 2))
    return one_op("SQUEEZE", SqueezeOptions(squeeze_dims=np.array(dims, "<i4")), [operand(*shape)], [operand(2)])


def expand(axis: Operand, kind: str = "float32", scale: float | None = None) -> OneOp:
    return one_op("EXPAND_DIMS", None, [operand(2, kind=kind, scale=scale), axis], [operand(1, 2, kind=kind)])


def transpose(permutation: Operand, rank: int = 2, kind: str = "float32") -> OneOp:
    return one_op("TRANSPOSE", None, [operand(*[1] * rank, kind=kind), permutation], [operand(1, 1, kind=kind)])


@pytest.mark.parametrize(
    ("example", "error", "message"),
    [
        (reshape(4, 2), ModelError, r"cannot reshape \[2, 3\] to \[4, 2\]: the numbers of elements differ"),
        (reshape(4, 2, constant=False), InputError, "the numbers of elements differ"),
        (reshape(-1, 4), ModelError, "the numbers of elements differ"),
        (reshape(-1, -1), ModelError, "more than one -1"),
        (reshape(-2, 3), ModelError, "negative length"),
        (reshape(-1, 0), ModelError, "the numbers of elements differ"),
        (squeeze(1), ModelError, "dimension 1 has length 2, only 1 can be squeezed"),
        (squeeze(3), ModelError, "squeeze dimension 3 is out of range for 3 dimensions"),
        (squeeze(rank=9), ModelError, "at most 8 dimensions"),
        (expand(value(2)), ModelError, "axis 2 is out of range for 2 dimensions"),
        (expand(value(-3, constant=False)), InputError, "axis -3 is out of range for 2 dimensions"),
        (expand(value([0, 1])), ModelError, "one axis expected, got 2"),
        (expand(value(0, kind="int16")), ModelError, "'axis' is int16, expected int32 or int64"),
        (expand(value(0), "int8", 0.5), ModelError, "the same scale and zero point"),
        (transpose(value([0, 0])), ModelError, r"\[0, 0\] is no permutation of 2 axes"),
        (transpose(value([0, 2], constant=False)), InputError, r"\[0, 2\] is no permutation"),
        (transpose(value([0, -1, 1])), ModelError, r"the permutation must have shape \[2\], got \[3\]"),
        (transpose(value([1, 0], kind="int64")), ModelError, "'permutation' is int64, expected int32"),
        (transpose(value(list(range(9))), rank=9), ModelError, "at most 8 dimensions"),
        (transpose(value([1, 0]), kind="complex128"), UnsupportedError, "no kernel for x complex128"),
        (one_op("SHAPE", ShapeOptions(), [operand(2)], [operand(1, kind="int32")]), ModelError, "out_type is FLOAT32"),
    ],
)
def test_refused(example: OneOp, error: type[Exception], message: str) -> None:
    assert_refused(example, error, message)


def test_reshape_to_a_scalar_through_an_empty_constant() -> None:
    example = one_op("RESHAPE", ReshapeOptions(), [operand(1, 1), value([])], [operand()])
    shape = example.graph.main.tensors[1]
    absent = replace(
        example.graph.main,
        tensors=(example.graph.main.tensors[0], replace(shape, data=None), *example.graph.main.tensors[2:]),
    )
    graph = load(write(replace(example.graph, subgraphs=(absent,))))
    assert graph.main.tensors[1].data is not None
    program = bind(graph)
    assert not program.steps[0].dynamic
    assert evaluate(program, {0: np.full((1, 1), 7, np.float32)})[2].shape == ()


def test_a_shape_given_at_run_time_makes_the_step_dynamic() -> None:
    example = reshape(3, -1, constant=False)
    program = bind(example.graph)
    assert program.steps[0].dynamic
    for shape in ([3, -1], [-1, 6]):
        inputs = {**example.inputs, 1: np.array(shape, np.int32)}
        assert evaluate(program, inputs)[2].shape == np.zeros(6).reshape(shape).shape


def reshape_by_shape() -> Graph:
    """y = x reshaped to the shape of another input."""
    tensors = (
        Operand("float32", (6,)).tensor(0),
        Operand("int8", (2, 3)).tensor(1),
        Operand("int32", (2,)).tensor(2),
        Operand("float32", (2, 3)).tensor(3),
    )
    nodes = (
        Node(0, "SHAPE", (1,), (2,), ShapeOptions(out_type=TensorType.INT32)),
        Node(1, "RESHAPE", (0, 2), (3,), ReshapeOptions()),
    )
    return Graph((Subgraph(0, "main", tensors, nodes, (0, 1), (3,)),))


@pytest.mark.parametrize("shape", [(2, 3), (6, 1)])
def test_what_depends_on_shapes_only_is_known_at_bind(shape: tuple[int, ...]) -> None:
    program = bind(reshape_by_shape(), {1: shape})
    assert program.steps[0].folded is not None
    assert not program.steps[1].dynamic
    assert program.shapes[3] == shape
    assert evaluate(program, {0: np.zeros(6, np.float32), 1: np.zeros(shape, np.int8)})[3].shape == shape
