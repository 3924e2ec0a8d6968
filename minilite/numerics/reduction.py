"""Reductions over some axes of an array: exact for integers, in the official order of summation for floats.

Follows tflite/kernels/internal/reference/reduce.h.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .exponential import bit_length
from .fixed_point import divide_toward_zero
from .frozen import frozen
from .rescale import Multiplier, quantize_multiplier
from .rounding import round_half_away, round_half_even, to_int32

Array = NDArray[Any]


def gather_axes(x: Array, axes: tuple[int, ...]) -> Array:
    """x as [r,k]: along r the elements that are reduced together, in row-major order; along k those that are kept."""
    kept = [axis for axis in range(x.ndim) if axis not in axes]
    count = math.prod(x.shape[axis] for axis in axes)
    return x.transpose([*sorted(axes), *kept]).reshape(count, math.prod(x.shape[axis] for axis in kept))


def ordered_sum(rows: Array) -> Array:
    """The sums [k] of floats [r,k], r at least 1: from 0, first to last, every step rounded."""
    sums: Array = np.add.accumulate(rows, axis=0)[-1] + rows.dtype.type(0)  # as upstream, no sum is -0
    return sums


def mean_multiplier(real: float, count: int) -> Multiplier:
    """The integer form of real / count: the mantissa of `real`, shifted left as far as it may, over `count`.

    It differs from quantize_multiplier(real / count): the mantissa is cut off, and may be small.
    """
    whole = quantize_multiplier(real)
    shift = np.minimum(np.minimum(bit_length(np.int64(count)) - 1, 32), 31 + whole.exponent)
    mantissa = divide_toward_zero(whole.mantissa << shift, np.int64(count))
    return Multiplier(frozen(real / count), frozen(mantissa), frozen(whole.exponent - shift))


def ordered_total(rows: Array) -> Array:
    """The sums [k] of floats [r,k], r at least 1: from the first to the last, every step rounded. Keeps a lone -0."""
    totals: Array = np.add.accumulate(rows, axis=0)[-1]
    return totals


def ordered_product(rows: Array) -> Array:
    """The products [k] of numbers [r,k], r at least 1: first to last, every step rounded, integers wrapped."""
    products: Array = np.multiply.accumulate(rows, axis=0, dtype=rows.dtype)[-1]
    return products


class FloatSum(NamedTuple):
    """From sums of codes to codes in float32: y_zero + round(sum * ratio + offset), ties away from zero."""

    ratio: np.float32
    offset: np.float32  # what the zero points of all elements summed make
    y_zero: int

    def __call__(self, sums: Array) -> Array:
        """Integers, same shape; product and sum are rounded to float32."""
        steps: Array = to_int32(round_half_away(sums.astype(np.float32) * self.ratio + self.offset))
        return steps + self.y_zero


def make_float_sum(x_scale: np.float32, x_zero: int, y_scale: np.float32, y_zero: int, count: int) -> FloatSum:
    """The step for sums of `count` codes each."""
    ratio = x_scale / y_scale
    return FloatSum(ratio, np.float32(-x_zero) * ratio * np.float32(count), y_zero)


class EvenSum(NamedTuple):
    """From sums of codes to codes in float32: round(sum * ratio + offset), ties to even.

    Follows XNNPACK's src/operators/reduce-nd.c: which code is even depends on the zero points, which `offset` holds.
    """

    ratio: np.float32
    offset: np.float32

    def __call__(self, sums: Array) -> Array:
        """Integers, same shape; product and sum are rounded to float32."""
        steps: Array = to_int32(round_half_even(sums.astype(np.float32) * self.ratio + self.offset))
        return steps


def make_even_sum(ratio: np.float32, x_zero: int, y_zero: int, count: int) -> EvenSum:
    """The step for sums of `count` codes each."""
    return EvenSum(ratio, np.float32(y_zero) - np.float32(count) * np.float32(x_zero) * ratio)
