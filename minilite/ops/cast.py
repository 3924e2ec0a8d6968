"""CAST:  y = x in another type

float to integer: the fraction is cut off, what does not fit becomes the nearest integer of the type, NaN its largest.
    On microcontrollers float32 becomes the low bits of the nearest int32, or for uint32 int64, as x86 converts; C++
    leaves open what becomes of a number that does not fit.
integer to integer: the low bits.   to bool: whether x is not 0, true for NaN.   to float: the nearest float.
int4, uint4, int2: to and from float32 only.
To float16 everything goes by way of float32. Codes are cast as they stand: scales are not looked at.

Follows tflite/kernels/cast.cc and SafeCast in internal/quantization_util.h; tensorflow/lite/micro/kernels/cast.cc.
"""

from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.arithmetic import CastOptions
from minilite.numerics.affine import Range
from minilite.numerics.rounding import saturating_cast, to_int32

from .call import Array, Call
from .element_types import PACKED
from .op import MICROCONTROLLERS, REFERENCE, Op, Variant

FLOATS = ("float16", "float32", "float64")
TYPES = (*FLOATS, "bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64")


class CutPlan(NamedTuple):
    """The integers of the output's type."""

    codes: Range
    dtype: np.dtype[Any]


def plan_cut(call: Call[CastOptions]) -> CutPlan:
    return CutPlan(call["y"].codes, call["y"].dtype)


def plan_type(call: Call[CastOptions]) -> np.dtype[Any]:
    """The type of the output; the one in the options is not looked at."""
    return call["y"].dtype


def cast(dtype: np.dtype[Any], x: Array) -> Array:
    return x.astype(np.float32).astype(dtype) if dtype == np.float16 else x.astype(dtype)


def cut(plan: CutPlan, x: Array) -> Array:
    return plan.codes.clamp(saturating_cast(x, plan.dtype))


def wrap(dtype: np.dtype[Any], x: Array) -> Array:
    """The low bits of the whole number, converted as x86 does: NaN and what does not fit is the lowest one."""
    if dtype == np.uint32:
        return np.where(np.abs(x) < 2.0**63, x, -(2.0**63)).astype(np.int64).astype(dtype)
    return np.asarray(to_int32(x), dtype)


INTEGERS = tuple(kind for kind in TYPES if kind not in (*FLOATS, "bool"))
CUT = Variant(
    "cut",
    (*(f"{x} -> {y}" for x in FLOATS for y in INTEGERS), *(f"float32 -> {y}" for y in PACKED)),
    plan_cut,
    cut,
    rules=REFERENCE,
)
WRAPPED = Variant(
    "wrap",
    tuple(f"float32 -> {y}" for y in ("int8", "int16", "int32", "uint32")),
    plan_type,
    wrap,
    rules=MICROCONTROLLERS,
)
CAST_TYPES = Variant(
    "cast",
    (
        *(f"{x} -> {y}" for x in TYPES for y in TYPES if x not in FLOATS or y not in INTEGERS),
        *(f"{x} -> float32" for x in PACKED),
    ),
    plan_type,
    cast,
)
CAST = Op("CAST", "x[...] -> y[...]", CastOptions, variants=(CUT, WRAPPED, CAST_TYPES))
OPS = (CAST,)
