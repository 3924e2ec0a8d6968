"""int4 and uint4 values that are computed or given when a model runs, what is refused of them, and smaller floats."""

from typing import Any

import numpy as np
import pytest

from minilite.errors import InputError, ModelError, UnsupportedError
from minilite.format.options.shape import GatherOptions, ReshapeOptions
from minilite.format.options.stablehlo import StablehloPadOptions
from minilite.graph import Graph
from minilite.interpreter import evaluate, run
from minilite.ops.op import MICRO_SETS
from minilite.program import bind
from tests.conformance.case import OneOp, Operand, one_op

from .refusals import assert_refused


def dequantize(kind: str) -> Graph:
    x = Operand(kind, (3,), np.zeros(3), 0.5, 0)
    return one_op("DEQUANTIZE", None, [x], [Operand("float32", (3,))]).graph


@pytest.mark.parametrize(("kind", "expected"), [("int4", [-4.0, 0.5, 3.5]), ("uint4", [0.0, 0.5, 7.5])])
def test_real_inputs_are_clamped_to_the_codes(kind: str, expected: list[float]) -> None:
    (values,) = run(dequantize(kind), np.float32([-99, 0.5, 99])).values()
    np.testing.assert_array_equal(values, np.float32(expected))


@pytest.mark.parametrize(
    ("kind", "code", "message"), [("int4", 8, "between -8 and 7"), ("uint4", 16, "between 0 and 15")]
)
def test_codes_beyond_the_type_are_refused(kind: str, code: int, message: str) -> None:
    with pytest.raises(InputError, match=f"input tensor 0 'tensor_0': {kind.upper()} values lie {message}"):
        run(dequantize(kind), np.full(3, code, "int8" if kind == "int4" else "uint8"))


@pytest.mark.parametrize("kind", ["bfloat16", "float8_e4m3fn", "float8_e5m2"])
@pytest.mark.parametrize("op", ["DEQUANTIZE", "ABS"])
def test_types_that_numpy_lacks_are_refused(kind: str, op: str) -> None:
    y = "float32" if op == "DEQUANTIZE" else kind
    graph = one_op(op, None, [Operand(kind, (3,), variable=True)], [Operand(y, (3,))]).graph
    with pytest.raises(UnsupportedError, match=f"values of type {kind.upper()} are not implemented, NumPy has no"):
        bind(graph)


def gather(shape: tuple[int, ...]) -> OneOp:
    indices = Operand("int32", (1,), np.zeros(1))
    y = Operand("int4", (1, *shape[1:]))
    return one_op("GATHER", GatherOptions(), [Operand("int4", shape, np.zeros(shape)), indices], [y], version=5)


def quantize_per_channel() -> OneOp:
    y = Operand("int4", (2,), None, np.float32([0.5, 0.25]), [0, 0])
    return one_op("QUANTIZE", None, [Operand("float32", (2,), np.zeros(2))], [y])


def join_scalars() -> OneOp:
    return one_op("CONCATENATION", None, [Operand("int4", (), np.int8(1))], [Operand("int4", (1,))])


def dilate(kind: str) -> OneOp:
    x, padding = (Operand(kind, shape, np.zeros(shape)) for shape in ((3,), ()))
    steps = Operand("int32", (1,), np.int32([2]), constant=True)
    return one_op("DILATE", None, [x, steps, padding], [Operand(kind, (5,))])


def broadcast_to() -> OneOp:
    shape = Operand("int32", (2,), np.int32([2, 3]), constant=True)
    return one_op("BROADCAST_TO", None, [Operand("int4", (3,), np.zeros(3)), shape], [Operand("int4", (2, 3))])


def pad() -> OneOp:
    one, none = np.array([1], "<i8"), np.array([0], "<i8")
    options = StablehloPadOptions(edge_padding_low=one, edge_padding_high=one, interior_padding=none)
    x, value = (Operand("int4", shape, np.zeros(shape)) for shape in ((3,), ()))
    return one_op("STABLEHLO_PAD", options, [x, value], [Operand("int4", (5,))])


@pytest.mark.parametrize("kernels", MICRO_SETS)
@pytest.mark.parametrize("op", ["RESHAPE", "SQUEEZE"])
def test_microcontrollers_copy_packed_bytes(op: str, kernels: str) -> None:
    """A byte for each element, more than the packed ones: the codes keep their order, an odd number of them too."""
    codes = np.int8([[[-8, 7, -1]]])
    y = Operand("int4", (3,), None, 0.5, 0)
    options = ReshapeOptions(new_shape=np.array([3], "<i4")) if op == "RESHAPE" else None
    example = one_op(op, options, [Operand("int4", (1, 1, 3), codes, 0.5, 0)], [y])
    values = evaluate(bind(example.graph, kernels=kernels), example.inputs)[1]
    np.testing.assert_array_equal(values, codes.reshape(3))


@pytest.mark.parametrize(
    ("example", "error", "message"),
    [
        (dilate("int4"), UnsupportedError, "'tensor_0' is int4, .*reads and writes past the ends of the tensors"),
        (dilate("uint4"), UnsupportedError, "'tensor_0' is uint4, .*reads and writes past the ends of the tensors"),
        (broadcast_to(), UnsupportedError, "'tensor_0' is int4, .*leaves the output unwritten"),
        (pad(), UnsupportedError, "'tensor_0' is int4, .*reads and writes past the ends of the tensors"),
        (gather((4, 3)), UnsupportedError, "int4 in odd parts of 3"),
        (quantize_per_channel(), ModelError, "int4 takes one scale only"),
        (join_scalars(), ModelError, "int4 inputs need one dimension at least"),
    ],
)
def test_refused(example: OneOp, error: type[Any], message: str) -> None:
    assert_refused(example, error, message)
