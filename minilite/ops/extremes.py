"""MAXIMUM, MINIMUM:  y = the larger, or the smaller, of a and b, operands stretched to one shape

Values and codes are compared as they stand: scales are not looked at, they should be equal. Where neither operand is
the larger (the smaller) one, the second is taken: NaN in either operand gives b, and so do zeros of different sign.

Follows tflite/kernels/maximum_minimum.cc and internal/reference/maximum_minimum.h.
"""

from collections.abc import Callable

import numpy as np

from minilite.format.options.empty import MaximumMinimumOptions

from .broadcast import broadcast
from .call import Array
from .op import Op, Variant, plan_nothing


def maximum(plan: None, a: Array, b: Array) -> Array:
    return np.where(a > b, a, b)


def minimum(plan: None, a: Array, b: Array) -> Array:
    return np.where(a < b, a, b)


def _op(code: str, kernel: Callable[[None, Array, Array], Array]) -> Op:
    types = ("float32", "float16", "int8", "uint8", "int16", "int32", "int64")
    variant = Variant("elementwise", types, plan_nothing, kernel)
    return Op(code, "a[...] b[...] -> y[...]", MaximumMinimumOptions, variants=(variant,), shapes=broadcast)


OPS = (_op("MAXIMUM", maximum), _op("MINIMUM", minimum))
