"""ADD_N:  y = x_1 + x_2 + ... , operands of one shape, added from first to last

float32: every sum rounded, infinite ones become the largest float. int32: wrapping around.

Follows tflite/kernels/add_n.cc and AddN in internal/optimized/optimized_ops.h, on one thread.
"""

import numpy as np

from minilite.format.options.empty import AddNOptions
from minilite.numerics.activation import NONE, activation_limits
from minilite.numerics.affine import Range

from .call import Array, Call
from .op import Op, Variant
from .signature import Shape


def shapes(call: Call[AddNOptions]) -> list[Shape]:
    terms = call.every("x")
    call.require(len(terms) >= 2, "two operands or more are expected")
    call.require(len({term.shape for term in terms}) == 1, "all operands must have the same shape")
    return [terms[0].shape]


def plan(call: Call[AddNOptions]) -> Range:
    return activation_limits(NONE, call["y"].dtype)


def add(limits: Range, *terms: Array) -> Array:
    total = terms[0]
    for term in terms[1:]:
        total = limits.clamp(np.asarray(total + term))
    return total


ADD_N = Op(
    "ADD_N", "x[...]* -> y[...]", AddNOptions, (Variant("plain", ("float32", "int32"), plan, add),), shapes=shapes
)
OPS = (ADD_N,)
