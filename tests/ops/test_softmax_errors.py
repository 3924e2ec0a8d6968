"""SOFTMAX refuses what the official kernel refuses, or ends the process over."""

import numpy as np
import pytest

from minilite import oracle
from minilite.errors import InputError, MiniliteError, ModelError, UnsupportedError
from minilite.format.options.activation import SoftmaxOptions
from minilite.interpreter import evaluate
from minilite.program import bind
from tests.conformance.case import OneOp, Operand, one_op

from .refusals import assert_refused

INT8 = ("int8", 1 / 256, -128)
INT16 = ("int16", 1 / 32768, 0)


def softmax(kind: str = "int8", scale: float = 0.1, zero: int = 0, beta: float = 1.0, y=INT8, length: int = 4) -> OneOp:
    x = Operand(kind, (1, length), np.zeros((1, length)), scale, zero)
    return one_op("SOFTMAX", SoftmaxOptions(beta=beta), [x], [Operand(y[0], (1, length), None, y[1], y[2])])


@pytest.mark.parametrize(
    ("example", "error", "message"),
    [
        (softmax(y=("int8", 0.1, -128)), ModelError, "y has scale 0.1.* expected 0.00390625 and -128"),
        (softmax(y=("int8", 1 / 256, 0)), ModelError, "zero point 0, expected 0.00390625 and -128"),
        (softmax(beta=0.0), ModelError, "beta \\* x_scale is 0, too small"),
        (softmax(beta=-1.0), ModelError, "too small"),
        (softmax("int16", zero=1, y=INT16), ModelError, "zero point of x is 1, int16 needs 0"),
        (softmax("int16", y=("int16", 1 / 256, 0)), ModelError, "expected 3.05175781e-05 and 0"),
        (softmax("int16", beta=-1.0, y=INT16), ModelError, "expected 0 or more"),
        (softmax(length=600), InputError, "add up to 600 times .* less than 512"),
        (softmax(y=("uint8", 1 / 256, 0)), UnsupportedError, "no kernel for x int8, y uint8"),
    ],
)
def test_is_refused(example: OneOp, error: type[MiniliteError], message: str) -> None:
    assert_refused(example, error, message)


def test_a_scalar_is_refused() -> None:
    example = one_op(
        "SOFTMAX", SoftmaxOptions(beta=1.0), [Operand("float32", (), np.float32(1))], [Operand("float32", ())]
    )
    assert_refused(example, ModelError, "dimensions expected")


@pytest.mark.parametrize(("kind", "y"), [("float32", ("float32", None, None)), ("int8", INT8), ("int16", INT16)])
def test_nothing_in_nothing_out(kind: str, y) -> None:
    x = Operand(kind, (2, 0), np.zeros((2, 0)), 0.1, 0)
    example = one_op("SOFTMAX", SoftmaxOptions(beta=1.0), [x], [Operand(y[0], (2, 0), None, y[1], y[2])])
    assert evaluate(bind(example.graph), example.inputs)[1].shape == (2, 0)


def test_float_passes_over_nan_in_the_maximum() -> None:
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    data = np.array([[np.nan, 1, 2], [np.inf, 0, 1], [-np.inf, 0, 1], [-np.inf] * 3, [3e38, -3e38, 0]], np.float32)
    x = Operand("float32", data.shape, data)
    example = one_op("SOFTMAX", SoftmaxOptions(beta=1.0), [x], [Operand("float32", data.shape)])
    ours = evaluate(bind(example.graph), example.inputs)[1]
    assert oracle.same_bits(ours, oracle.evaluate(example.graph, example.inputs)[1])
