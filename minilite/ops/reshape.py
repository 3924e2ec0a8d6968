"""RESHAPE, SQUEEZE, EXPAND_DIMS: the same elements in the same order, with another shape. SHAPE: the shape itself.

Follows tflite/kernels/reshape.cc with internal/reshape_utils.h, squeeze.cc, expand_dims.cc and shape.cc.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from minilite.format.enums import TensorType
from minilite.format.options.empty import ExpandDimsOptions
from minilite.format.options.shape import ReshapeOptions, ShapeOptions, SqueezeOptions

from .call import Array, Call
from .element_types import EVERY, PACKED
from .op import Op, Variant
from .signature import Shape

MAX_SQUEEZE_RANK = 8


class Plan(NamedTuple):
    """The shape of the output."""

    shape: Shape


def plan_shape(call: Call[Any]) -> Plan:
    return Plan(call["y"].shape)


def reshape(plan: Plan, x: Array) -> Array:
    return x.reshape(plan.shape)


def requested_shape(call: Call[ReshapeOptions]) -> Shape:
    """The shape a RESHAPE asks for: its second operand if that is a vector of int32, else the option."""
    shape = call.optional("shape")
    if shape is not None and len(shape.shape) == 1 and shape.tensor.type == TensorType.INT32:
        return call.integers("shape")
    new_shape = call.options.new_shape
    requested = () if new_shape is None else tuple(int(length) for length in new_shape)
    return () if requested == (0,) else requested  # old files write a scalar's shape as [0]


def reshape_shapes(call: Call[ReshapeOptions]) -> Sequence[Shape]:
    x, requested = call["x"].shape, requested_shape(call)
    text = f"cannot reshape {list(x)} to {list(requested)}"
    call.require_value("shape", requested.count(-1) <= 1, f"{text}: more than one -1")
    call.require_value("shape", all(length >= -1 for length in requested), f"{text}: negative length")
    shape = tuple(_inferred(x, requested) if length == -1 else length for length in requested)
    call.require_value("shape", math.prod(shape) == math.prod(x), f"{text}: the numbers of elements differ")
    return [shape]


def _inferred(x: Shape, requested: Shape) -> int:
    """The length a -1 stands for. With zeros on both sides the official kernel divides what is left without them."""
    given = [length for length in requested if length != -1]
    if 0 in x and 0 not in given:
        return 0
    return math.prod(filter(None, x)) // math.prod(filter(None, given))


def squeeze_shapes(call: Call[SqueezeOptions]) -> Sequence[Shape]:
    x, dims = call["x"].shape, call.options.squeeze_dims
    call.require(len(x) <= MAX_SQUEEZE_RANK, f"at most {MAX_SQUEEZE_RANK} dimensions expected")
    if dims is None or not len(dims):
        return [tuple(length for length in x if length != 1)]
    axes = {call.axis(int(axis), len(x), "squeeze dimension") for axis in dims}
    for axis in axes:
        call.require(x[axis] == 1, f"dimension {axis} has length {x[axis]}, only 1 can be squeezed")
    return [tuple(length for axis, length in enumerate(x) if axis not in axes)]


def expand_shapes(call: Call[ExpandDimsOptions]) -> Sequence[Shape]:
    x, axes = call["x"], call.integers("axis")
    call.require(len(axes) == 1, f"one axis expected, got {len(axes)}")
    call.require_same_quantization(x, call["y"])
    rank = len(x.shape) + 1
    call.require_value("axis", -rank <= axes[0] < rank, f"axis {axes[0]} is out of range for {rank} dimensions")
    axis = axes[0] % rank
    return [(*x.shape[:axis], 1, *x.shape[axis:])]


class ShapePlan(NamedTuple):
    """The answer."""

    shape: Shape
    dtype: np.dtype[Any]


def plan_answer(call: Call[ShapeOptions]) -> ShapePlan:
    declared, made = TensorType(call.options.out_type), call["y"].tensor.type
    call.require(declared == made, f"option out_type is {declared.name}, the output tensor is {made.name}")
    return ShapePlan(call["x"].shape, call["y"].dtype)


def answer(plan: ShapePlan, x: Array) -> Array:
    return np.array(plan.shape, plan.dtype)


COPY = Variant("copy", (*EVERY, *PACKED), plan_shape, reshape)
ANSWER = Variant(
    "shape",
    tuple(f"{kind} -> {out}" for kind in (*EVERY, *PACKED, "string") for out in ("int32", "int64")),
    plan_answer,
    answer,
)

OPS = (
    Op("RESHAPE", "x[...] shape=int[...]? -> y[...]", ReshapeOptions, variants=(COPY,), shapes=reshape_shapes),
    Op("SQUEEZE", "x[...] -> y[...]", SqueezeOptions, variants=(COPY,), shapes=squeeze_shapes),
    Op("EXPAND_DIMS", "x[...] axis=int[...] -> y[...]", ExpandDimsOptions, variants=(COPY,), shapes=expand_shapes),
    Op("SHAPE", "x[...] -> y[r]", ShapeOptions, (ANSWER,), lambda call: [(len(call["x"].shape),)], shapes_only=True),
)
