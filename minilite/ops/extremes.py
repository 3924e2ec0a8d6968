"""MAXIMUM, MINIMUM:  y = the larger, or the smaller, of a and b, operands stretched to one shape

Values and codes are compared as they stand: scales are not looked at, they should be equal. Where neither operand is
the larger (the smaller) one, the second is taken: NaN in either operand gives b, and so do zeros of different sign.
xnnpack, floats: a where one number of a meets many of b in memory, or all operands have one; subnormal floats are 0.

Follows tflite/kernels/maximum_minimum.cc and internal/reference/maximum_minimum.h; XNNPACK
src/operators/binary-elementwise-nd.c.
"""

from collections.abc import Callable

import numpy as np

from minilite.format.options.empty import MaximumMinimumOptions

from .broadcast import broadcast
from .call import Array, Call
from .delegate_floats import flushed
from .delegate_plain import shaped
from .op import Op, Variant, follows, plan_nothing


def maximum(plan: None, a: Array, b: Array) -> Array:
    return np.where(a > b, a, b)


def minimum(plan: None, a: Array, b: Array) -> Array:
    return np.where(a < b, a, b)


def takes_first(call: Call[MaximumMinimumOptions]) -> bool:
    """Whether one number of a meets many of b in memory, or both operands have one."""
    a, b = call["a"].shape, call["b"].shape
    rank = max(len(a), len(b))
    pairs = zip(*((1,) * (rank - len(shape)) + shape for shape in (a, b)), strict=True)
    innermost = [pair for pair in pairs if pair != (1, 1)][-1:]
    return not innermost or innermost[0][0] == 1


def _op(code: str, kernel: Callable[[None, Array, Array], Array]) -> Op:
    def delegated(is_first: bool, a: Array, b: Array) -> Array:
        a, b = (x if x.dtype == np.float16 else flushed(x) for x in (a, b))
        return kernel(None, b, a) if is_first else kernel(None, a, b)

    floats = ("float32", "float16")
    types = (*floats, "int8", "uint8", "int16", "int32", "int64")
    gates = {"xnnpack": shaped("a", "b")}
    variants = (
        Variant("elementwise", types, plan_nothing, kernel),
        Variant("floats", floats, takes_first, delegated, rules=follows(xnnpack=""), gates=gates),
    )
    return Op(code, "a[...] b[...] -> y[...]", MaximumMinimumOptions, variants, shapes=broadcast)


OPS = (_op("MAXIMUM", maximum), _op("MINIMUM", minimum))
