"""SELECT, SELECT_V2:  y = a where the condition holds, else b

SELECT_V2 stretches all three operands to one shape. SELECT takes a and b of one shape, and a condition of that shape, a
scalar, or a vector that decides on whole slices along the first axis. Codes are copied as they stand.

Follows tflite/kernels/select.cc and internal/reference/select.h.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minilite.format.options.empty import SelectOptions, SelectV2Options
from minilite.format.table import Table

from .broadcast import broadcast
from .call import Array, Call
from .element_types import UP_TO_64_BITS
from .op import Op, Variant
from .signature import Shape


def all_single(call: Call[Any]) -> bool:
    """Whether every tensor has one element, the output as the file has it too: its shape then stays."""
    return all(math.prod(call[name].shape) == 1 for name in ("condition", "a", "b", "y"))


def stretched_shapes(call: Call[SelectV2Options]) -> Sequence[Shape]:
    return [call["y"].shape] if all_single(call) else broadcast(call)


def sliced_shapes(call: Call[SelectOptions]) -> Sequence[Shape]:
    condition, a, b = (call[name].shape for name in ("condition", "a", "b"))
    if all_single(call):
        return [call["y"].shape]
    call.require(a == b, "a and b must have the same shape")
    call.require(
        condition in ((), a, a[:1]), "the condition must be a scalar, or have the shape of a or its first length"
    )
    return [a]


def plan_shape(call: Call[Any]) -> Shape:
    return call["y"].shape


def select_stretched(shape: Shape, condition: Array, a: Array, b: Array) -> Array:
    return np.where(condition, a, b).reshape(shape)


def select_slices(shape: Shape, condition: Array, a: Array, b: Array) -> Array:
    if condition.ndim == 1:
        condition = condition.reshape([-1, *[1] * (a.ndim - 1)])
    return np.where(condition, a, b).reshape(shape)


def _op(
    code: str,
    options: type[Table],
    shapes: Callable[[Call[Any]], Sequence[Shape]],
    kernel: Callable[[Shape, Array, Array, Array], Array],
) -> Op:
    variant = Variant("copy", tuple(f"bool {kind} {kind} -> {kind}" for kind in UP_TO_64_BITS), plan_shape, kernel)
    return Op(code, "condition[...] a[...] b[...] -> y[...]", options, (variant,), shapes=shapes)


OPS = (
    _op("SELECT", SelectOptions, sliced_shapes, select_slices),
    _op("SELECT_V2", SelectV2Options, stretched_shapes, select_stretched),
)
