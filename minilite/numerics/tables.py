"""Functions of one code as tables: one entry per 8-bit code, or 513 entries to interpolate between for 16-bit codes.

Follows LUTPopulate, LUTLookup and the 16-bit sigmoid table in tflite/kernels/internal/common.h.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .affine import code_range
from .fixed_point import Integer, saturate, wrap_int16
from .frozen import frozen
from .rounding import round_half_away, round_half_even, to_int32

Array = NDArray[Any]
STEPS = 512  # of a table for 16-bit codes, 128 codes each


def table_8bit(
    function: Callable[[Array], Array],
    x_scale: np.float32,
    x_zero: int,
    y_scale: np.float32,
    y_zero: int,
    dtype: np.dtype[Any],
) -> Array:
    """The output code of every code of an 8-bit type, lowest first, read-only, shape (256,) (eq. 12).

    `function` maps float32 to float32. Every step is in float32; the division is a product with 1 / y_scale. A result
    beyond 32 bits becomes the nearest code of int8, but the lowest one of uint8, as the official x86 build has it.
    """
    low, high = code_range(dtype)
    reals = _all_reals(x_scale, x_zero, dtype)
    steps = round_half_away(function(reals) * (np.float32(1) / y_scale)).astype(np.float32)
    moved = steps + np.float32(y_zero)
    whole = to_int32(np.clip(moved, low, high) if low < 0 else moved)
    return frozen(saturate(whole, low, high).astype(dtype))


def table_8bit_even(
    function: Callable[[Array], Array],
    x_scale: np.float32,
    x_zero: int,
    y_scale: np.float32,
    y_zero: int,
    dtype: np.dtype[Any],
) -> Array:
    """The same by XNNPACK (its src/reference/unary-elementwise.cc): the zero point is added first, ties go to even."""
    moved = function(_all_reals(x_scale, x_zero, dtype)) * (np.float32(1) / y_scale) + np.float32(y_zero)
    return frozen(np.clip(round_half_even(moved), *code_range(dtype)).astype(dtype))


def _all_reals(x_scale: np.float32, x_zero: int, dtype: np.dtype[Any]) -> Array:
    """What each code of a type stands for, lowest first, float32."""
    low, high = code_range(dtype)
    return x_scale * (np.arange(low, high + 1) - x_zero).astype(np.float32)


def look_up(table: Array, codes: Array) -> Array:
    """The entry of each 8-bit code, same shape."""
    return np.asarray(table[codes.astype(np.intp) - code_range(codes.dtype).low])


def table_16bit(
    function: Callable[[Array], Array],
    x_scale: Any,
    x_zero: int,
    y_scale: Any,
    y_zero: int,
) -> NDArray[np.int64]:
    """513 samples of a function over all 16-bit codes, each moved by half the interpolation's error in the middle.

    `function` maps arrays to arrays of the scales' own float type, in which every step is rounded: float32 scales give
    the official tables, but for SOFTMAX, whose tables are made in float64. What is not a number becomes 0. Read-only.
    """
    real = np.result_type(x_scale, y_scale).type
    x_scale, y_scale = real(x_scale), real(y_scale)
    low, high = -(2**15), 2**15 - 1
    first, last = x_scale * real(low - x_zero), x_scale * real(high - x_zero)
    step = (last - first) / real(STEPS)
    codes_per_unit = real(2**16) / (y_scale * real(high - y_zero) - y_scale * real(low - y_zero))
    index = np.arange(STEPS, dtype=real)
    here = function(first + index * step) * codes_per_unit
    middle = function(first + index * step + step / real(2)) * codes_per_unit
    following = function(first + (index + real(1)) * step) * codes_per_unit
    sample = _round(here, real)
    interpolated = _round((following + sample) / real(2), real)
    bias = _round((interpolated - _round(middle, real)) / real(2), real)
    end = _round(function(np.array([last], real)) * codes_per_unit, real)
    samples = np.clip(np.concatenate([sample - bias, end]), low, high)
    return frozen(np.where(np.isnan(samples), 0, samples).astype(np.int64))


def _round(value: Array, real: Any) -> Array:
    rounded: Array = round_half_away(value).astype(real)
    return rounded


class Between(NamedTuple):
    """The two entries of a 513-entry table around a 16-bit code, and how many 128ths it is past the first."""

    index: Integer
    entry: Integer
    following: Integer
    fraction: Integer


def between(table: NDArray[np.int64], codes: Integer) -> Between:
    """Where each 16-bit code lies in a table."""
    index = 256 + (codes >> 7)
    return Between(index, table[index], table[index + 1], codes & 127)


def interpolate(table: NDArray[np.int64], codes: Integer) -> Integer:
    """The value at each 16-bit code: between two entries of a 513-entry table, in 16-bit arithmetic (eq. 13)."""
    place = between(table, codes)
    slope = wrap_int16(place.following - place.entry)
    return wrap_int16(place.entry + ((slope * place.fraction + 64) >> 7))


_SIGMOID_PLUS_ONE = (
    *(4, 8, 12, 14, 15, 16, 17, 19, 20, 21, 22, 25, 27, 28, 29, 30, 31, 33, 34, 35, 37, 39, 40, 41, 43, 44, 45, 46),
    *(49, 50, 54, 62, 63, 64, 66, 82, 86, 93, 100, 103, 112, 116, 135, 255),
)


def _sigmoid_table() -> NDArray[np.int64]:
    reals = np.array([65536 / (1 + math.exp(-index / 24)) for index in range(256)])
    table: NDArray[np.int64] = np.minimum(round_half_away(reals), 65535).astype(np.int64)
    table[list(_SIGMOID_PLUS_ONE)] += 1
    return frozen(table)


# 65536 * sigmoid(i / 24), as the official table has it: one above the nearest integer at 44 places.
SIGMOID_TABLE = _sigmoid_table()


def sigmoid_16bit(value: Integer) -> Integer:
    """sigmoid(value / (3 * 4096)) in steps of 2**-15, interpolated in SIGMOID_TABLE; |value| < 2**31."""
    magnitude = abs(value)
    index = np.minimum(magnitude >> 9, 254)
    base = SIGMOID_TABLE[index]
    inside = (base << 9) + (magnitude & 511) * (SIGMOID_TABLE[index + 1] - base)
    result = inside + (magnitude >> 9 >= 255) * ((0x7FFF << 10) - inside)
    return (result + 2**9 + (value < 0) * (2**25 - 1 - 2 * result)) >> 10


def tanh_16bit(value: Integer) -> Integer:
    """tanh(value / (3 * 4096)) in steps of 2**-15, as 2 * sigmoid(2 * x) - 1 from the same table; |value| < 2**31."""
    magnitude = abs(value)
    index = np.minimum(magnitude >> 8, 254)
    base = SIGMOID_TABLE[index]
    inside = (base << 8) + (magnitude & 255) * (SIGMOID_TABLE[index + 1] - base)
    result = inside + (magnitude >> 8 >= 255) * ((0xFFFF << 8) - inside) - 2**23
    return (result + 2**7 - (value < 0) * (2 * result + 1)) >> 8
