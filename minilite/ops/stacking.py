"""PACK: arrays of one shape become one array with a new axis to count them. UNPACK: the other way round.

Follows tflite/kernels/pack.cc and unpack.cc; both demand equal scales and zero points everywhere.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.shape import PackOptions, UnpackOptions

from .call import Array, Call
from .op import Op, Variant
from .signature import Shape


class Plan(NamedTuple):
    """The axis that counts the arrays."""

    axis: int


def _check_quantization(call: Call[Any]) -> None:
    call.require_same_quantization(*call.every("x"), *call.every("y"))


def plan_pack(call: Call[PackOptions]) -> Plan:
    _check_quantization(call)
    return Plan(call.axis(call.options.axis, len(call["x"].shape) + 1))


def pack(plan: Plan, *arrays: Array) -> Array:
    return np.stack(arrays, plan.axis)


def pack_shapes(call: Call[PackOptions]) -> Sequence[Shape]:
    inputs, count = call.every("x"), call.options.values_count
    call.require(count == len(inputs), f"option values_count is {count}, there are {len(inputs)} inputs")
    shape = inputs[0].shape
    for operand in inputs:
        call.require(operand.shape == shape, f"{operand.tensor.label} has not the shape of the first input")
    axis = call.axis(call.options.axis, len(shape) + 1)
    return [(*shape[:axis], count, *shape[axis:])]


def plan_unpack(call: Call[UnpackOptions]) -> Plan:
    _check_quantization(call)
    return Plan(call.axis(call.options.axis, len(call["x"].shape)))


def unpack(plan: Plan, x: Array) -> tuple[Array, ...]:
    counted = np.moveaxis(x, plan.axis, 0)
    return tuple(counted[number, ...].copy() for number in range(len(counted)))


def unpack_shapes(call: Call[UnpackOptions]) -> Sequence[Shape]:
    shape, number = call["x"].shape, call.options.num
    axis = call.axis(call.options.axis, len(shape))
    call.require(0 not in shape, "an input with elements expected")
    call.require(number == shape[axis], f"option num is {number}, axis {axis} has length {shape[axis]}")
    return [(*shape[:axis], *shape[axis + 1 :])] * number


PACKED = ("float32", "int8", "int16", "int32", "int64", "uint8", "uint32")
UNPACKED = ("float32", "float16", "bool", "int8", "int16", "int32", "uint8")
OPS = (
    Op("PACK", "x[...]* -> y[...]", PackOptions, (Variant("pack", PACKED, plan_pack, pack),), pack_shapes),
    Op(
        "UNPACK", "x[...] -> y[...]*", UnpackOptions, (Variant("unpack", UNPACKED, plan_unpack, unpack),), unpack_shapes
    ),
)
