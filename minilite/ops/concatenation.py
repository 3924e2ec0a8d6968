"""CONCATENATION:  y = the arrays x[0], x[1], ... one behind the other along an axis

int8, int16 and all other types: the elements as they are; int8 demands equal scales, int16 zero points of 0.
uint8: inputs with another scale or zero point than y are brought to those of y in float32 (numerics/recode.py).

Follows tflite/kernels/concatenation.cc and internal/reference/concatenation.h.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from minilite.format.options.shape import ConcatenationOptions
from minilite.numerics.activation import NONE
from minilite.numerics.recode import Recode, make_recode

from .call import Array, Call, Operand
from .op import Op, Variant
from .signature import Shape

MAX_RATIO = 2.0**23  # above it 255 steps leave 32 bits


class Plan(NamedTuple):
    """Along which axis, and for each input how its codes change; None where they stay."""

    axis: int
    recodes: tuple[Recode | None, ...]


def plan_copy(call: Call[ConcatenationOptions]) -> Plan:
    return Plan(_axis(call), (None,) * len(call.every("x")))


def plan_int8(call: Call[ConcatenationOptions]) -> Plan:
    for x in call.every("x"):
        if x.shape and x.whole_quantization != call["y"].whole_quantization:
            call.fail(f"{_scale(x)}, {_scale(call['y'])}: int8 inputs must have the output's scale and zero point")
    return plan_copy(call)


def plan_int4(call: Call[ConcatenationOptions]) -> Plan:
    call.require(bool(call["x"].shape), "int4 inputs need one dimension at least")
    return plan_copy(call)


def plan_int16(call: Call[ConcatenationOptions]) -> Plan:
    for x in (*call.every("x"), call["y"]):
        call.require(not x.shape or x.whole_quantization[1] == 0, f"{_scale(x)}: int16 zero points must be 0")
    return plan_copy(call)


def plan_uint8(call: Call[ConcatenationOptions]) -> Plan:
    return Plan(_axis(call), tuple(_recode(call, x, call["y"]) for x in call.every("x")))


def _recode(call: Call[ConcatenationOptions], x: Operand, y: Operand) -> Recode | None:
    if not x.shape or x.whole_quantization == y.whole_quantization:
        return None  # scalars, too, are copied as they are
    scales = f"{_scale(x)}, {_scale(y)}"
    call.require(min(x.whole_quantization[0], y.whole_quantization[0]) > 0, f"{scales}: both need a scale")
    recode = make_recode(x.scale, x.zero_point, y.scale, y.zero_point)
    call.require(bool(recode.ratio < MAX_RATIO), f"{scales}: the scales are too far apart")
    return recode


def _scale(operand: Operand) -> str:
    scale, zero_point = operand.whole_quantization
    return f"{operand.tensor.label} has scale {scale:.9g} and zero point {zero_point}"


def _axis(call: Call[ConcatenationOptions]) -> int:
    return call.axis(call.options.axis, max(len(call["x"].shape), 1))


def concatenate(plan: Plan, *arrays: Array) -> Array:
    pairs = zip(arrays, plan.recodes, strict=True)
    parts = [np.atleast_1d(x if recode is None else recode(x)) for x, recode in pairs]
    return np.concatenate(parts, plan.axis)


def shapes(call: Call[ConcatenationOptions]) -> Sequence[Shape]:
    call.require(call.options.fused_activation_function == NONE, "a fused activation is not possible here")
    given = [x.shape or (1,) for x in call.every("x")]
    first, axis = given[0], _axis(call)
    for x in call.every("x"):
        others = (x.shape or (1,))[:axis], (x.shape or (1,))[axis + 1 :]
        fits = len(x.shape) == len(call["x"].shape) and others == (first[:axis], first[axis + 1 :])
        call.require(fits, f"{x.tensor.label} does not fit the first input beside axis {axis}")
    return [(*first[:axis], sum(shape[axis] for shape in given), *first[axis + 1 :])]


COPIED = ("float32", "float16", "bool", "int32", "int64", "uint32")
CONCATENATION = Op(
    "CONCATENATION",
    "x[...]* -> y[...]",
    ConcatenationOptions,
    variants=(
        Variant("copy", COPIED, plan_copy, concatenate),
        Variant("int8", ("int8",), plan_int8, concatenate),
        Variant("int4", ("int4",), plan_int4, concatenate),
        Variant("int16", ("int16",), plan_int16, concatenate),
        Variant("uint8", ("uint8",), plan_uint8, concatenate),
    ),
    shapes=shapes,
)
OPS = (CONCATENATION,)
