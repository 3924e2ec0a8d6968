"""QUANTIZE and DEQUANTIZE in compiled loops. The definition is minilite/ops/quantize.py."""

import math
from functools import partial
from typing import Any

import numpy as np

from minilite.numerics.affine import Affine
from minilite.numerics.fixed_point import wrap_int32
from minilite.numerics.jit import kernel
from minilite.numerics.rounding import round_half_away
from minilite.ops.call import Array
from minilite.ops.prepare import Prepared
from minilite.ops.quantize import (
    DEQUANTIZE_CODES,
    QUANTIZE_REALS,
    REQUANTIZE,
    TAKEN,
    TO_SAME_TYPE,
    QuantizePlan,
    RequantizePlan,
)

from . import tables
from .blocks import SIGN_BIT, as_tuple
from .rescale import rescale_arrays, rescale_one
from .twins import Kernel, Loop, Looped, Twins


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
                code = nearest_code(x[outer, channel, inner], scale[channel], zero_point[channel])
                y[outer, channel, inner] = min(max(code, codes[0]), codes[1])


def nearest_code(value: Any, scale: Any, zero_point: Any) -> Any:
    """The code of a float32 value, not yet clamped."""
    whole = np.float64(round_half_away(value / scale))
    steps = np.int64(-(2**31))  # what x86 makes of NaN and of numbers beyond 32 bits
    if -(2.0**31) <= whole < 2.0**31:
        steps = np.int64(whole)
    return wrap_int32(steps + zero_point)


def quantized(prepared: Prepared, x: Array | None) -> Loop | None:
    """The loop from float32 to 8-bit codes of one scale."""
    plan, call = prepared.plan, prepared.call
    if plan.affine.per_channel or plan.dtype.itemsize > 1 or call["x"].dtype != np.float32:
        return None
    numbers = np.array([math.prod(call["y"].shape), plan.affine.zero_point[0], *plan.codes], np.int64)
    scale = plan.affine.scale.view(np.uint8).copy()
    return Loop(quantized_loop, (0,), scale, numbers, 0, call["y"].shape, plan.dtype)


@kernel
def quantized_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n], uint8, from x[n], float32 as bytes."""
    count, zero_point, low, high = as_tuple(numbers, 4)
    values, scale = x.view(np.float32), constants.view(np.float32)[0]
    for k in range(count):
        y[k] = np.uint8(min(max(nearest_code(values[k], scale, zero_point), low), high) & 255)


def quantize_twin(prepared: Prepared, *constants: Array | None) -> Kernel:
    """The twin from real values."""
    return Looped(partial(quantized, prepared), partial(quantize, prepared.plan), constants)


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


def dequantized(prepared: Prepared, x: Array | None) -> Loop | None:
    """The loop from 8-bit codes of one scale to float32."""
    affine, tensor = prepared.plan, prepared.call["x"].tensor
    if affine.per_channel or tensor.dtype.itemsize > 1:
        return None
    flip = SIGN_BIT if tensor.dtype == np.int8 else 0
    numbers = np.array([math.prod(prepared.call["y"].shape), affine.zero_point[0] + flip, flip], np.int64)
    scale = affine.scale.astype(np.float64).view(np.uint8).copy()
    return Loop(dequantized_loop, (0,), scale, numbers, 0, prepared.call["y"].shape, np.dtype(np.float32))


@kernel
def dequantized_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n], float32 as bytes, from x[n], uint8."""
    count, zero_point, flip = as_tuple(numbers, 3)
    values, scale = y.view(np.float32), constants.view(np.float64)[0]
    for k in range(count):
        values[k] = scale * (np.int64(x[k] ^ np.uint8(flip)) - zero_point)


def requantize_twin(prepared: Prepared, *constants: Array | None) -> Kernel:
    """The twin from codes to codes, by a table where both have 8 bits."""
    return Looped(partial(tables.codes, prepared), partial(requantize, prepared.plan), constants)


def dequantize_twin(prepared: Prepared, *constants: Array | None) -> Kernel:
    """The twin from codes to real values."""
    return Looped(partial(dequantized, prepared), partial(dequantize, prepared.plan), constants)


TWINS: Twins = {
    QUANTIZE_REALS: quantize_twin,
    REQUANTIZE: requantize_twin,
    TO_SAME_TYPE: requantize_twin,
    DEQUANTIZE_CODES: dequantize_twin,
    TAKEN: dequantize_twin,
}
