"""Activations refuse the quantization that the official kernels refuse."""

from typing import Any

import numpy as np
import pytest

from minilite.errors import MiniliteError, ModelError, UnsupportedError
from minilite.format.options.activation import LeakyReluOptions
from minilite.format.options.empty import HardSwishOptions
from minilite.interpreter import evaluate
from minilite.program import bind
from tests.conformance.case import OneOp, Operand, one_op

from .refusals import assert_refused

OPTIONS = {"LEAKY_RELU": LeakyReluOptions(alpha=0.5), "HARD_SWISH": HardSwishOptions()}
NONE = (None, None)


def activation(op: str, kind: str, x: Any = NONE, y: Any = NONE, shape: tuple[int, ...] = (3,)) -> OneOp:
    """`x` and `y` are scale and zero point."""
    return one_op(op, OPTIONS.get(op), [Operand(kind, shape, np.zeros(shape), *x)], [Operand(kind, shape, None, *y)])


@pytest.mark.parametrize(
    ("example", "error", "message"),
    [
        (activation("RELU", "int16", (0.1, 1), (0.1, 0)), ModelError, "zero point of x is 1, int16 needs 0"),
        (activation("LEAKY_RELU", "int16", (0.1, 0), (0.1, 2)), ModelError, "zero point of y is 2, int16 needs 0"),
        (activation("RELU6", "int8", (0.1, 0), (1e-12, 0)), ModelError, "too small for the limits of RELU6"),
        (activation("LEAKY_RELU", "int8", (1e30, 0), (1e-30, 0)), ModelError, "x_scale / y_scale is not a finite"),
        (activation("RELU_N1_TO_1", "int16", (0.1, 0), (0.1, 0)), UnsupportedError, "no kernel for x int16, y int16"),
        (activation("LOGISTIC", "int8", (0.1, 0), (0.1, 0)), ModelError, "8-bit LOGISTIC needs 1/256"),
        (activation("LOGISTIC", "int16", (0.1, 0), (2**-14, 0)), ModelError, "int16 LOGISTIC needs 1/32768"),
        (activation("LOGISTIC", "int16", (0.1, 1), (2**-15, 0)), ModelError, "zero point of x is 1, int16 needs 0"),
        (activation("TANH", "int16", (0.1, 0), (2**-15, 7)), ModelError, "zero point of y is 7, int16 needs 0"),
        (activation("TANH", "int16", (0.1, 0), (2**-14, 0)), ModelError, "int16 TANH needs 1/32768"),
        (activation("TANH", "int16", (1e-20, 0), (2**-15, 0)), ModelError, "x_scale 1e-20 is out of range"),
        (activation("TANH", "int16", (1e9, 0), (2**-15, 0)), ModelError, "x_scale 1e\\+09 is out of range"),
        (activation("HARD_SWISH", "int8", (200.0, 0), (1.0, 0)), ModelError, "is 200, expected below 128"),
        (activation("HARD_SWISH", "int8", (1e30, 0), (1e30, 0)), ModelError, "the scales are too far apart"),
        (activation("HARD_SWISH", "int16", (0.1, 0), (0.1, 0)), UnsupportedError, "no kernel for x int16, y int16"),
    ],
)
def test_is_refused(example: OneOp, error: type[MiniliteError], message: str) -> None:
    assert_refused(example, error, message)


@pytest.mark.parametrize("op", ["RELU", "LEAKY_RELU", "HARD_SWISH", "TANH"])
@pytest.mark.parametrize(("kind", "quantization"), [("float32", NONE), ("int8", (0.1, 0))])
def test_nothing_in_nothing_out(op: str, kind: str, quantization: Any) -> None:
    example = activation(op, kind, quantization, quantization, shape=(2, 0))
    assert evaluate(bind(example.graph), example.inputs)[1].shape == (2, 0)
