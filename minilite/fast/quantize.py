"""QUANTIZE and DEQUANTIZE in compiled loops. The definition is minilite/ops/quantize.py."""

import math
from typing import Any

import numpy as np

from minilite.numerics.affine import Affine
from minilite.numerics.fixed_point import wrap_int32
from minilite.numerics.jit import kernel
from minilite.numerics.rounding import round_half_away
from minilite.ops.call import Array
from minilite.ops.quantize import (
    DEQUANTIZE_CODES,
    QUANTIZE_REALS,
    REQUANTIZE,
    TAKEN,
    TO_SAME_TYPE,
    QuantizePlan,
    RequantizePlan,
)

from .rescale import rescale_arrays, rescale_one
from .twins import Twins, unpacked


def by_channel(affine: Affine, array: Array) -> Array:
    """`array` as [outer, channels, inner], so that one scale belongs to each index in the middle."""
    if not affine.per_channel:
        return array.reshape(1, 1, -1)
    shape = array.shape
    return array.reshape(math.prod(shape[: affine.axis]), shape[affine.axis], math.prod(shape[affine.axis + 1 :]))


def quantize(plan: QuantizePlan, x: Array) -> Array:
    """Codes for float32 values of any shape."""
    y = np.empty(x.shape, plan.dtype)
    arrays = by_channel(plan.affine, np.ascontiguousarray(x)), by_channel(plan.affine, y)
    quantize_loop(*arrays, plan.affine.scale, plan.affine.zero_point, tuple(plan.codes))
    return y


@kernel
def quantize_loop(x: Any, y: Any, scale: Any, zero_point: Any, codes: Any) -> None:
    """y[o,c,i] from x[o,c,i], scale[c] and zero_point[c]."""
    for outer in range(x.shape[0]):
        for channel in range(x.shape[1]):
            for inner in range(x.shape[2]):
                whole = np.float64(round_half_away(x[outer, channel, inner] / scale[channel]))
                steps = np.int64(-(2**31))  # what x86 makes of NaN and of numbers beyond 32 bits
                if -(2.0**31) <= whole < 2.0**31:
                    steps = np.int64(whole)
                code = wrap_int32(steps + zero_point[channel])
                y[outer, channel, inner] = min(max(code, codes[0]), codes[1])


def requantize(plan: RequantizePlan, x: Array) -> Array:
    """Codes for codes of any shape."""
    y = np.empty(x.shape, plan.dtype)
    zeros, codes = (plan.x_zero, plan.y_zero), (plan.codes.low, plan.codes.high)
    flat = np.ascontiguousarray(x).reshape(-1)
    requantize_loop(flat, y.reshape(-1), zeros, codes, *rescale_arrays(plan.rescale, 1))
    return y


@kernel
def requantize_loop(x: Any, y: Any, zeros: Any, codes: Any, rule: Any, mantissa: Any, exponent: Any, real: Any) -> None:
    """y[n] from x[n]; zeros are those of x, y."""
    x_zero, y_zero = np.int64(zeros[0]), np.int64(zeros[1])
    for n in range(x.shape[0]):
        difference = wrap_int32(np.int64(x[n]) - x_zero)
        code = wrap_int32(rescale_one(rule, difference, mantissa[0], exponent[0], real[0]) + y_zero)
        y[n] = min(max(code, codes[0]), codes[1])


def dequantize(affine: Affine, x: Array) -> Array:
    """float32 values for codes of any shape."""
    y = np.empty(x.shape, np.float32)
    arrays = by_channel(affine, np.ascontiguousarray(x)), by_channel(affine, y)
    dequantize_loop(*arrays, affine.scale.astype(np.float64), affine.zero_point)
    return y


@kernel
def dequantize_loop(x: Any, y: Any, scale: Any, zero_point: Any) -> None:
    """y[o,c,i] from x[o,c,i], scale[c] and zero_point[c]."""
    for outer in range(x.shape[0]):
        for channel in range(x.shape[1]):
            for inner in range(x.shape[2]):
                y[outer, channel, inner] = scale[channel] * (np.int64(x[outer, channel, inner]) - zero_point[channel])


TWINS: Twins = {
    QUANTIZE_REALS: unpacked(quantize),
    REQUANTIZE: unpacked(requantize),
    TO_SAME_TYPE: unpacked(requantize),
    DEQUANTIZE_CODES: unpacked(dequantize),
    TAKEN: unpacked(dequantize),
}
