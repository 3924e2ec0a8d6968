"""Element-wise ops refuse what the official kernels refuse, and what would end the official process."""

from typing import Any

import numpy as np
import pytest

from minilite.errors import InputError, MiniliteError, ModelError
from minilite.format.options.activation import L2NormOptions
from minilite.format.options.arithmetic import FakeQuantOptions
from minilite.format.table import Table
from tests.conformance.case import OneOp, Operand, one_op

from .refusals import assert_refused

NONE = (None, None)


def unary(op: str, kind: str, data: Any, x: Any = NONE, y: Any = NONE, options: Table | None = None) -> OneOp:
    """`x` and `y` are scale and zero point."""
    data = np.array(data)
    return one_op(op, options, [Operand(kind, data.shape, data, *x)], [Operand(kind, data.shape, None, *y)], version=2)


def binary(op: str, kind: str, a: Any, b: Any, scales: Any = (NONE, NONE, NONE), constant: bool = False) -> OneOp:
    """`scales` are scale and zero point of a, b and y."""
    a, b = np.array(a), np.array(b)
    given = [Operand(kind, a.shape, a, *scales[0]), Operand(kind, b.shape, b, *scales[1])._replace(constant=constant)]
    return one_op(op, None, given, [Operand(kind, a.shape, None, *scales[2])])


def select(op: str, condition: tuple[int, ...], a: tuple[int, ...], b: tuple[int, ...]) -> OneOp:
    given = [Operand("bool", condition, np.ones(condition, bool))]
    given += [Operand("float32", shape, np.zeros(shape)) for shape in (a, b)]
    return one_op(op, None, given, [Operand("float32", a)])


def rfft(lengths: list[int], constant: bool) -> OneOp:
    x = Operand("float32", (2, 2), np.zeros((2, 2)))
    return one_op(
        "RFFT2D", None, [x, Operand("int32", (2,), lengths, constant=constant)], [Operand("complex64", (1, 1))]
    )


def prelu(alpha: tuple[int, ...]) -> OneOp:
    given = [Operand("float32", shape, np.zeros(shape)) for shape in ((2,), alpha)]
    return one_op("PRELU", None, given, [Operand("float32", (2,))])


TENTH = (0.1, 0)


@pytest.mark.parametrize(
    ("example", "error", "message"),
    [
        (unary("SQRT", "int8", [-5], (0.1, -4), TENTH), InputError, "code -5, a negative number: expected -4 or more"),
        (unary("RSQRT", "int8", [3], (0.1, 4), TENTH), InputError, "code 3, a negative number: expected 4 or more"),
        (unary("RSQRT", "int16", [-1], TENTH, TENTH), InputError, "expected 0 or more"),
        (unary("RSQRT", "int8", [1], (1.0, 0), (2.0**20, 0)), ModelError, "is 9.53674e-07, too small"),
        (unary("ABS", "int16", [1], (0.1, 1), TENTH), ModelError, "zero point of x is 1, int16 needs 0"),
        (unary("EXP", "int16", [1], TENTH, (0.1, 2)), ModelError, "zero point of y is 2, int16 needs 0"),
        (binary("DIV", "int32", [1, 2], [3, 0]), InputError, r"divisor of 0 at \[1\]"),
        (binary("DIV", "int32", [1, 2], [3, 0], constant=True), ModelError, "divisor of 0"),
        (binary("DIV", "int32", [-(2**31)], [-1]), InputError, "does not fit int32"),
        (binary("DIV", "int8", [1], [7], (TENTH, (0.1, 7), TENTH)), InputError, "divisor of 0"),
        (binary("DIV", "int8", [1], [7], ((1e30, 0), (1e-30, 0), TENTH)), ModelError, "give no multiplier"),
        (binary("FLOOR_DIV", "float32", [1.0], [0.0]), InputError, "divisor of 0"),
        (binary("FLOOR_MOD", "int64", [1], [0]), InputError, "divisor of 0"),
        (binary("POW", "int32", [2], [-1]), InputError, "exponent -1, int32 takes 0 and more"),
        (binary("SQUARED_DIFFERENCE", "int8", [1], [1], ((1.0, 0), (1.0, 0), (1e-6, 0))), ModelError, "is too small"),
        (binary("ATAN2", "float32", [1.0], [1.0, 2.0]), ModelError, "must have the same shape"),
        (binary("STABLEHLO_ADD", "int32", [1], [1, 2]), ModelError, "must have the same shape"),
        (binary("LOGICAL_OR", "bool", [True, True], [True] * 3), ModelError, "do not stretch to a common one"),
        (binary("ADD_N", "float32", [1.0], [1.0, 2.0]), ModelError, "all operands must have the same shape"),
        (select("SELECT", (3,), (2, 2), (2, 2)), ModelError, "the condition must be a scalar"),
        (select("SELECT", (2,), (2, 2), (2,)), ModelError, "a and b must have the same shape"),
        (select("SELECT_V2", (3,), (2, 2), (2, 2)), ModelError, "do not stretch to a common one"),
        (prelu((3, 2)), ModelError, "alpha does not stretch to the shape of x"),
        (unary("L2_NORMALIZATION", "int8", [1], TENTH, TENTH), ModelError, "expected 0.0078125 and 0"),
        (
            unary("L2_NORMALIZATION", "float32", [1.0], options=L2NormOptions(fused_activation_function=1)),
            ModelError,
            "no fused activation",
        ),
        (unary("LOG_SOFTMAX", "uint8", [1], TENTH, (0.0625, 127)), ModelError, "expected 0.0625 and 255"),
        (unary("LOG_SOFTMAX", "int8", [1], (1e-9, 0), (0.0625, 127)), ModelError, "more than 2\\*\\*-26 expected"),
        (rfft([3, 4], True), ModelError, "lengths are 3 and 4, expected powers of two"),
        (rfft([4, 0], False), InputError, "lengths are 4 and 0, expected powers of two"),
        (
            unary("FAKE_QUANT", "float32", [1.0], options=FakeQuantOptions(min=1.0, max=2.0, num_bits=8)),
            ModelError,
            "must hold 0",
        ),
        (
            unary("FAKE_QUANT", "float32", [1.0], options=FakeQuantOptions(max=2.0, num_bits=8, narrow_range=True)),
            ModelError,
            "narrow_range is not supported",
        ),
    ],
)
def test_is_refused(example: OneOp, error: type[MiniliteError], message: str) -> None:
    assert_refused(example, error, message)
