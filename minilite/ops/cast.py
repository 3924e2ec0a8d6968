"""CAST:  y = x in another type

float to integer: the fraction is cut off, what does not fit becomes the nearest integer of the type, NaN its largest.
integer to integer: the low bits.   to bool: whether x is not 0, true for NaN.   to float: the nearest float.
To float16 everything goes by way of float32. Codes are cast as they stand: scales are not looked at.

Follows tflite/kernels/cast.cc and SafeCast in internal/quantization_util.h.
"""

from typing import Any

import numpy as np

from minilite.format.options.arithmetic import CastOptions
from minilite.numerics.rounding import saturating_cast

from .call import Array, Call
from .op import Op, Variant

FLOATS = ("float16", "float32", "float64")
TYPES = (*FLOATS, "bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64")


def plan_type(call: Call[CastOptions]) -> np.dtype[Any]:
    """The type of the output; the one in the options is not looked at."""
    return call["y"].dtype


def cast(dtype: np.dtype[Any], x: Array) -> Array:
    return x.astype(np.float32).astype(dtype) if dtype == np.float16 else x.astype(dtype)


def cut(dtype: np.dtype[Any], x: Array) -> Array:
    whole: Array = saturating_cast(x, dtype)
    return whole


CUT = Variant("cut", tuple(f"{x} -> {y}" for x in FLOATS for y in TYPES if y not in (*FLOATS, "bool")), plan_type, cut)
CAST_TYPES = Variant(
    "cast",
    tuple(f"{x} -> {y}" for x in TYPES for y in TYPES if x not in FLOATS or y in (*FLOATS, "bool")),
    plan_type,
    cast,
)
CAST = Op("CAST", "x[...] -> y[...]", CastOptions, variants=(CUT, CAST_TYPES))
OPS = (CAST,)
