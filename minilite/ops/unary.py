"""Functions of one value, computed in the type itself:
    NEG  y = -x            SQUARE  y = x * x        SIGN  y = -1, 0 or 1        LOGICAL_NOT  y = not x
    FLOOR, CEIL, ROUND     y = a whole number next to x; ROUND takes the even one of two equally near
    SIN, COS               with the C library's functions

Integers wrap around: NEG leaves the lowest of a type as it is. float16 goes through float32. NEG of int8 and int16
negates the stored code and knows no zero point: that is -x only where both zero points are 0 and the scales equal.
XNNPACK takes -x for 0 - x, and rounds what is near 0 to a zero of the same sign; it takes subnormal numbers for 0.

Follows tflite/kernels/elementwise.cc, neg.cc, sign.cc, floor.cc; CEIL and ROUND ceil.cc, round.cc of the optimized set.
"""

from collections.abc import Callable

import numpy as np

from minilite.format.options import empty
from minilite.format.table import Table
from minilite.numerics import libm
from minilite.numerics.rounding import round_half_even

from .call import Array
from .delegate_floats import delegated_function
from .op import Op, Variant, plan_nothing

Function = Callable[[Array], Array]


def square(x: Array) -> Array:
    return np.asarray(x * x)


def sign(x: Array) -> Array:
    """-1, 0 or 1; NaN stays, and -0 becomes 0."""
    return np.asarray(np.where(x == 0, x.dtype.type(0), np.sign(x)))


def round_to_even(x: Array) -> Array:
    """The nearest whole number, the even one of two; what rounds up to 0 becomes +0, but -0 stays."""
    return np.where(x == 0, x, round_half_even(x) + x.dtype.type(0))


def from_zero(x: Array) -> Array:
    """0 - x, which is never -0."""
    return np.float32(0) - x


def make_op(code: str, options: type[Table] | None, function: Function, types: tuple[str, ...], *more: Variant) -> Op:
    """An op that applies `function` to every element and keeps the type."""

    def compute(plan: None, x: Array) -> Array:
        real = x.astype(np.float32) if x.dtype == np.float16 else x
        return np.asarray(function(real), x.dtype)

    return Op(code, "x[...] -> y[...]", options, (Variant("plain", types, plan_nothing, compute), *more))


HALVES = ("float32", "float16")
OPS = (
    make_op(
        "NEG",
        empty.NegOptions,
        np.negative,
        (*HALVES, "int8", "int16", "int32", "int64"),
        delegated_function(from_zero, "float32"),
    ),
    make_op("SQUARE", empty.SquareOptions, square, ("float32",)),
    make_op("SIGN", empty.SignOptions, sign, ("float32", "float64", "int32")),
    make_op("LOGICAL_NOT", empty.LogicalNotOptions, np.logical_not, ("bool",)),
    make_op("FLOOR", None, np.floor, HALVES, delegated_function(np.floor, "float32")),
    make_op("CEIL", None, np.ceil, ("float32",), delegated_function(np.ceil, "float32")),
    make_op("ROUND", None, round_to_even, HALVES, delegated_function(round_half_even, *HALVES)),
    make_op("SIN", None, libm.sin, HALVES),
    make_op("COS", empty.CosOptions, libm.cos, HALVES),
)
