"""POW:  y = a ** b, operands stretched to one shape

float32: the C library's function; int32: its float64 function, the fraction cut off, b not negative.
Where b is a single number of at least 1, within 1e-5 of a whole one, and has not the shape of a: by multiplication in
the type, squaring and multiplying by a, from the leading bit of b down; integers wrap around, an infinite product is
brought to the largest float.

Follows tflite/kernels/pow.cc, internal/reference/reference_ops.h, BroadcastPow4D in internal/optimized/optimized_ops.h.
"""

from typing import Any, NamedTuple

import numpy as np

from minilite.errors import InputError
from minilite.format.options.empty import PowOptions
from minilite.numerics import libm
from minilite.numerics.activation import NONE, activation_limits
from minilite.numerics.affine import Range
from minilite.numerics.rounding import round_half_away, to_int32

from .broadcast import broadcast
from .call import Array, Call
from .op import Op, Variant

TOLERANCE = np.float32(1e-5)  # of a whole exponent


class Plan(NamedTuple):
    """What is known of a node before it runs."""

    multiplies: bool  # when the exponent turns out to be whole
    limits: Range
    where: str


def plan(call: Call[PowOptions]) -> Plan:
    a, b = call["a"], call["b"]
    multiplies = bool(np.prod(b.shape) == 1) and a.shape != b.shape
    return Plan(multiplies, activation_limits(NONE, a.dtype), call.node.label)


def power(plan: Plan, a: Array, b: Array) -> Array:
    """a ** b, in the type of a. Raises InputError for a negative integer exponent."""
    whole = whole_exponent(b) if plan.multiplies else 0
    if whole >= 1:
        product = multiply(plan.limits, a, whole)
        return product.reshape(np.broadcast_shapes(a.shape, b.shape))
    if a.dtype.kind == "f":
        return libm.power(a, b)
    if (b < 0).any():
        raise InputError(f"{plan.where}: b has the exponent {b.min()}, int32 takes 0 and more")
    return np.asarray(to_int32(libm.power(a.astype(np.float64), b.astype(np.float64))), np.int32)


def whole_exponent(b: Array) -> int:
    """The whole number the single element of b is close to, 0 where it is not or does not fit 32 bits."""
    exponent = b.reshape(())
    nearest = int(to_int32(round_half_away(exponent.astype(np.float64))))
    return nearest if abs(exponent - exponent.dtype.type(nearest)) < TOLERANCE else 0


def multiply(limits: Range, a: Array, exponent: int) -> Array:
    """`a` multiplied with itself, `exponent` times in all."""
    if exponent == 1:
        return a
    half = multiply(limits, a, exponent // 2)
    square: Any = limits.clamp(half * half)
    return np.asarray(limits.clamp(a * square) if exponent % 2 else square)


POW = Op(
    "POW",
    "a[...] b[...] -> y[...]",
    PowOptions,
    (Variant("plain", ("float32", "int32"), plan, power),),
    shapes=broadcast,
)
OPS = (POW,)
