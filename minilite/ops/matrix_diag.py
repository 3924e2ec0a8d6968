"""MATRIX_DIAG:      y[.., k, k] = x[.., k], 0 elsewhere
MATRIX_SET_DIAG:  y = x with y[.., k, k] = diagonal[.., k]
BITCAST:          y = the bytes of x, read as another type; the last axis makes up for a different size

Follows tflite/kernels/matrix_diag.cc, matrix_set_diag.cc, bitcast.cc.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.empty import BitcastOptions, MatrixDiagOptions, MatrixSetDiagOptions

from .call import Array, Call
from .element_types import EVERY
from .op import Op, Variant, plan_nothing
from .signature import Shape


def diagonal(plan: None, x: Array) -> Array:
    y = np.zeros((*x.shape, x.shape[-1]), x.dtype)
    places = np.arange(x.shape[-1])
    y[..., places, places] = x
    return y


def diagonal_shapes(call: Call[MatrixDiagOptions]) -> Sequence[Shape]:
    x = call["x"].shape
    call.require(bool(x), "x must have an axis at least")
    return [(*x, x[-1])]


def set_diagonal(plan: None, x: Array, values: Array) -> Array:
    y = x.copy()
    places = np.arange(values.shape[-1])
    y[..., places, places] = values
    return y


def set_diagonal_shapes(call: Call[MatrixSetDiagOptions]) -> Sequence[Shape]:
    x, values = call["x"].shape, call["diagonal"].shape
    call.require(len(x) >= 2, "x must have two axes at least")
    expected = (*x[:-2], min(x[-2:]))
    call.require(values == expected, f"a diagonal of {list(expected)} expected, got {list(values)}")
    return [x]


class BitcastPlan(NamedTuple):
    """The output's type and shape."""

    dtype: np.dtype[Any]
    shape: Shape


def plan_bitcast(call: Call[BitcastOptions]) -> BitcastPlan:
    return BitcastPlan(call["y"].dtype, call["y"].shape)


def bitcast(plan: BitcastPlan, x: Array) -> Array:
    return np.frombuffer(x.tobytes(), plan.dtype).reshape(plan.shape).copy()


def bitcast_shapes(call: Call[BitcastOptions]) -> Sequence[Shape]:
    x, old, new = call["x"].shape, call["x"].dtype.itemsize, call["y"].dtype.itemsize
    if old == new:
        return [x]
    if old > new:
        return [(*x, old // new)]
    fits = x[-1:] == (new // old,)
    call.require(fits, f"the last axis must have {new // old} elements, to make one {call['y'].dtype}")
    return [x[:-1]]


ELEMENTS = ("float32", "int8", "uint8", "int16", "int32", "int64")
CASTS = tuple(f"{old} -> {new}" for old in EVERY for new in EVERY if new != "bool" or old == "bool")
OPS = (
    Op(
        "MATRIX_DIAG",
        "x[...] -> y[...]",
        MatrixDiagOptions,
        (Variant("diagonal", ELEMENTS, plan_nothing, diagonal),),
        diagonal_shapes,
    ),
    Op(
        "MATRIX_SET_DIAG",
        "x[...] diagonal[?] -> y[...]",
        MatrixSetDiagOptions,
        (Variant("diagonal", ELEMENTS, plan_nothing, set_diagonal),),
        set_diagonal_shapes,
    ),
    Op(
        "BITCAST",
        "x[...] -> y[...]",
        BitcastOptions,
        (Variant("bits", CASTS, plan_bitcast, bitcast),),
        bitcast_shapes,
    ),
)
