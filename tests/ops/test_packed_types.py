"""int4 and uint4 values that are computed or given when a model runs, what is refused of them, and smaller floats."""

from typing import Any

import numpy as np
import pytest

from minilite.errors import InputError, ModelError, UnsupportedError
from minilite.format.options.shape import GatherOptions
from minilite.graph import Graph
from minilite.interpreter import run
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


@pytest.mark.parametrize(
    ("example", "error", "message"),
    [
        (gather((4, 3)), UnsupportedError, "int4 in odd parts of 3"),
        (quantize_per_channel(), ModelError, "int4 takes one scale only"),
        (join_scalars(), ModelError, "int4 inputs need one dimension at least"),
    ],
)
def test_refused(example: OneOp, error: type[Any], message: str) -> None:
    assert_refused(example, error, message)
