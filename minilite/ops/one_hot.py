"""ONE_HOT:  y[.., k, ..] = on_value where indices[..] = k, else off_value

k runs over `depth` places along a new axis, the last one for option axis -1. An index outside them is nowhere.
An int64 index counts with its low 32 bits.
Follows tflite/kernels/one_hot.cc.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from minilite.format.options.shape import OneHotOptions
from minilite.numerics.fixed_point import wrap_int32

from .call import Array, Call
from .op import Op, Variant
from .signature import Shape


class Plan(NamedTuple):
    """The new axis and its length."""

    axis: int
    depth: int


def plan_one_hot(call: Call[OneHotOptions]) -> Plan:
    return Plan(_axis(call), call.integers("depth", ("int32",))[0])


def one_hot(plan: Plan, indices: Array, on_value: Array, off_value: Array) -> Array:
    places = np.arange(plan.depth).reshape([-1] + [1] * (indices.ndim - plan.axis))
    found = np.expand_dims(wrap_int32(indices.astype(np.int64)), plan.axis) == places
    return np.where(found, on_value.reshape(()), off_value.reshape(()))


def _axis(call: Call[OneHotOptions]) -> int:
    rank, axis = len(call["indices"].shape), call.options.axis
    call.require(-1 <= axis <= rank, f"option axis is {axis}, expected -1 to {rank}")
    return rank if axis == -1 else axis


def shapes(call: Call[OneHotOptions]) -> Sequence[Shape]:
    indices, depth = call["indices"].shape, call.integers("depth", ("int32",))
    call.require(len(depth) == 1, f"depth must be one number, got {len(depth)}")
    call.require_value("depth", depth[0] >= 0, f"depth is {depth[0]}, it must not be negative")
    for name in ("on_value", "off_value"):
        shape = call[name].shape
        call.require(math.prod(shape) == 1, f"{name} must be one element, its shape is {list(shape)}")
    axis = _axis(call)
    return [(*indices[:axis], depth[0], *indices[axis:])]


VALUES = ("float32", "int32", "int64", "int8", "uint8", "bool")
TYPES = tuple(f"{index} {kind} {kind} -> {kind}" for index in ("int32", "int64") for kind in VALUES)
OPS = (
    Op(
        "ONE_HOT",
        "indices[?] depth=int[?] on_value[?] off_value[?] -> y[...]",
        OneHotOptions,
        (Variant("one hot", TYPES, plan_one_hot, one_hot),),
        shapes,
    ),
)
