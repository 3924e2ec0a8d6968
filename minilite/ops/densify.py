"""DENSIFY:  y = x

x is a constant stored sparsely; reading the model has already put its values where they stand (graph/sparse.py).

Follows tflite/kernels/densify.cc and internal/reference/densify.h.
"""

from minilite.format.options.empty import DensifyOptions

from .call import Array, Call
from .op import UNCHANGED, Op, Variant


def plan(call: Call[DensifyOptions]) -> None:
    call.require(call["x"].tensor.sparsity is not None, "x must be a constant with sparsity parameters")


def whole(plan: None, x: Array) -> Array:
    return x


DENSIFY = Op(
    "DENSIFY",
    "x[...] -> y[...]",
    DensifyOptions,
    variants=(Variant("copy", ("float32", "float16 -> float16", "int8 -> int8"), plan, whole), UNCHANGED),
)
OPS = (DENSIFY,)
