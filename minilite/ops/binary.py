"""Functions of two values, computed in the type itself.

Operands stretched to one shape:
    LOGICAL_OR, LOGICAL_AND, BITWISE_XOR
    RIGHT_SHIFT            y = a / 2**b rounded down; b is first brought to 0 ... bits of the type - 1
Operands of the same shape:
    ATAN2                  y = the angle of the point (b, a), with the C library's function
    STABLEHLO_ADD, STABLEHLO_MULTIPLY, STABLEHLO_MAXIMUM, STABLEHLO_MINIMUM, STABLEHLO_AND
    STABLEHLO_SHIFT_LEFT   y = a * 2**b, the low bits; 0 for b outside 0 ... 31, undefined upstream

Integers wrap around; sum and product of bool are "or" and "and". Of two of which neither is larger (smaller) the
first is taken. float16 is computed in float32.

Follows tflite/kernels/logical.cc, bitwise_xor.cc, right_shift.cc, atan2.cc, stablehlo_elementwise.h and, optimized
set, stablehlo_and.cc, stablehlo_shift_left.cc.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minilite.format.options import empty
from minilite.format.options.stablehlo import StablehloShiftLeftOptions
from minilite.format.table import Table
from minilite.numerics import libm
from minilite.numerics.fixed_point import shift_right_down

from .broadcast import broadcast
from .call import Array, Call
from .element_types import SIGNED, UNSIGNED
from .op import Op, Variant, plan_nothing
from .signature import Shape

Function = Callable[[Array, Array], Array]


def maximum(a: Array, b: Array) -> Array:
    return np.where(a < b, b, a)


def minimum(a: Array, b: Array) -> Array:
    return np.where(b < a, b, a)


def shift_right(a: Array, b: Array) -> Array:
    return np.asarray(shift_right_down(a, np.clip(b, 0, 8 * a.dtype.itemsize - 1)))


def shift_left(a: Array, b: Array) -> Array:
    moved = a.astype(np.int64) << np.clip(b, 0, 31).astype(np.int64)
    return np.where((b < 0) | (b > 31), 0, moved).astype(a.dtype)


def angle(a: Array, b: Array) -> Array:
    wide = np.float64 if a.dtype == np.float64 else np.float32
    return libm.atan2(a.astype(wide), b.astype(wide)).astype(a.dtype)


def same_shape(call: Call[Any]) -> Sequence[Shape]:
    """The shape of both operands. Raises ModelError when they differ."""
    shapes = call["a"].shape, call["b"].shape
    call.require(shapes[0] == shapes[1], "both operands must have the same shape")
    return [shapes[0]]


def make_op(
    code: str,
    options: type[Table] | None,
    function: Function,
    types: tuple[str, ...],
    shapes: Callable[[Call[Any]], Sequence[Shape]] = broadcast,
) -> Op:
    """An op that applies `function` to pairs of elements and keeps the type."""

    def compute(plan: None, a: Array, b: Array) -> Array:
        return np.asarray(function(a, b), a.dtype)

    variant = Variant("plain", types, plan_nothing, compute)
    return Op(code, "a[...] b[...] -> y[...]", options, (variant,), shapes=shapes)


BITS = (*SIGNED[:3], *UNSIGNED[:3])
INTEGERS = ("bool", *SIGNED, *UNSIGNED)
NUMBERS = ("float16", "float32", "float64", *INTEGERS)
OPS = (
    make_op("LOGICAL_OR", empty.LogicalOrOptions, np.logical_or, ("bool",)),
    make_op("LOGICAL_AND", empty.LogicalAndOptions, np.logical_and, ("bool",)),
    make_op("BITWISE_XOR", empty.BitwiseXorOptions, np.bitwise_xor, BITS),
    make_op("RIGHT_SHIFT", empty.RightShiftOptions, shift_right, BITS),
    make_op("ATAN2", empty.ATan2Options, angle, ("float16", "float32", "float64"), same_shape),
    make_op("STABLEHLO_ADD", None, np.add, NUMBERS, same_shape),
    make_op("STABLEHLO_MULTIPLY", None, np.multiply, NUMBERS, same_shape),
    make_op("STABLEHLO_MAXIMUM", None, maximum, NUMBERS, same_shape),
    make_op("STABLEHLO_MINIMUM", None, minimum, NUMBERS, same_shape),
    make_op("STABLEHLO_AND", None, np.bitwise_and, INTEGERS, same_shape),
    make_op("STABLEHLO_SHIFT_LEFT", StablehloShiftLeftOptions, shift_left, SIGNED[:3], same_shape),
)
