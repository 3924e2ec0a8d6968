"""What SUM, REDUCE_PROD, REDUCE_MAX, REDUCE_ANY, CUMSUM and TOPK_V2 refuse."""

from typing import Any

import numpy as np
import pytest

from minilite.errors import InputError, ModelError, UnsupportedError
from minilite.format.options.arithmetic import CumsumOptions, ReducerOptions
from tests.conformance.case import OneOp, Operand, one_op

from .refusals import assert_refused


def x(*shape: int, kind: str = "float32", scale: float | None = None, zero: int = 0) -> Operand:
    return Operand(kind, shape, np.zeros(shape), scale, zero)


def value(numbers: Any, constant: bool = True, kind: str = "int32") -> Operand:
    return Operand(kind, np.shape(numbers), np.array(numbers, kind), constant=constant)


def reduce(op: str, given: Operand, y: Operand, axes: Operand | None = None) -> OneOp:
    return one_op(op, ReducerOptions(), [given, axes or value([0])], [y])


def cumsum(given: Operand, axis: Operand) -> OneOp:
    return one_op("CUMSUM", CumsumOptions(), [given, axis], [given])


def top(k: Operand, *shape: int, index: str = "int32") -> OneOp:
    return one_op("TOPK_V2", None, [x(*shape), k], [x(*shape), x(*shape, kind=index)])


@pytest.mark.parametrize(
    ("example", "error", "message"),
    [
        (reduce("SUM", x(2, 3), x(3), value([2])), ModelError, "axis 2 is out of range for 2 dimensions"),
        (reduce("SUM", x(2, 3), x(3), value([0], kind="int64")), ModelError, "'axes' is int64, expected int32"),
        (
            reduce("SUM", x(2, kind="int16", scale=1, zero=3), x(kind="int16", scale=1)),
            ModelError,
            "the zero point of x is 3, int16 needs 0",
        ),
        (reduce("SUM", x(2, kind="uint8", scale=1), x(kind="uint8", scale=0)), ModelError, "not a finite number"),
        (reduce("SUM", x(2, kind="float64"), x(kind="float64")), UnsupportedError, "no kernel for x float64"),
        (
            reduce("REDUCE_MAX", x(2, kind="int8", scale=1), x(kind="int8", scale=2)),
            ModelError,
            "must have the same scale and zero point",
        ),
        (
            reduce("REDUCE_MIN", x(2, kind="int16", scale=1, zero=1), x(kind="int16", scale=1, zero=1)),
            ModelError,
            "int16 needs 0",
        ),
        (reduce("REDUCE_ANY", x(2), x()), UnsupportedError, "no kernel for x float32"),
        (
            reduce("REDUCE_PROD", x(0, kind="int8", scale=1), x(kind="int8", scale=1)),
            ModelError,
            "the product of no elements is not defined",
        ),
        (
            reduce("REDUCE_PROD", x(1, kind="int8", scale=1), x(kind="int8", scale=1e-6)),
            ModelError,
            "the multiplier 1e[+]06 is not below 16384",
        ),
        (
            reduce("REDUCE_PROD", x(1, kind="uint8", scale=1), x(kind="uint8", scale=1)),
            ModelError,
            "uint8 with a scale is not possible",
        ),
        (cumsum(x(2, 3), value(2)), ModelError, "axis 2 is out of range for 2 dimensions"),
        (cumsum(x(2, 3), value(-3, constant=False)), InputError, "axis -3 is out of range for 2 dimensions"),
        (cumsum(x(2, 3), value([0, 1])), ModelError, "one axis expected, got 2"),
        (cumsum(x(), value(0)), ModelError, "x must have an axis"),
        (top(value(4), 2, 3), ModelError, "k is 4, the last axis has 3 elements"),
        (top(value(4, constant=False), 3), InputError, "k is 4, the last axis has 3 elements"),
        (top(value([1, 2]), 3), ModelError, "one number k expected, got 2"),
        (top(value(1)), ModelError, "x must have an axis"),
        (top(value(1), 40000, index="int16"), ModelError, "40000 elements are more than int16 indices can count"),
    ],
)
def test_refused(example: OneOp, error: type[Exception], message: str) -> None:
    assert_refused(example, error, message)
