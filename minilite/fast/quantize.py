"""QUANTIZE of float32 in compiled loops. The definition is minilite/ops/quantize.py."""

import math
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.affine import Affine, Range
from minilite.numerics.fixed_point import wrap_int32
from minilite.numerics.jit import kernel
from minilite.numerics.rounding import round_half_away, round_half_even
from minilite.ops.call import Array
from minilite.ops.prepare import Prepared
from minilite.ops.quantize import (
    IN_BLOCKS,
    QUANTIZE_REALS,
    QUANTIZED_AT_ONCE,
    SATURATING,
    QuantizePlan,
    ReciprocalPlan,
)

from .blocks import as_tuple, viewed
from .chunks import CHUNK_BYTES, KINDS, end_of_chunk, store
from .twins import Loop, Twins, looped


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
                steps = in_32_bits(round_half_away(x[outer, channel, inner] / scale[channel]))
                y[outer, channel, inner] = min(max(wrap_int32(steps + zero_point[channel]), codes[0]), codes[1])


class Numbers(NamedTuple):
    """What the loop to codes of one scale needs to know."""

    elements: int
    whole: int  # elements that vector code takes
    kind: int  # of codes
    zero_point: int
    low: int
    high: int
    way: int  # one of the ways to round, for the elements that vector code takes
    way_behind: int  # for the others


NUMBERS = len(Numbers._fields)
DIVIDED, DIVIDED_IN_FLOAT64, TIMES_RECIPROCAL, SATURATED = range(4)


def quantized(prepared: Prepared, x: Array | None) -> Loop | None:
    """The loop from float32 to codes of one scale."""
    plan: QuantizePlan = prepared.plan
    return None if plan.affine.per_channel else to_codes(prepared, plan.affine, plan.codes, (DIVIDED, DIVIDED))


def quantized_by_reciprocal(prepared: Prepared, x: Array | None) -> Loop | None:
    """The loop of the optimized kernels and of XNNPACK."""
    plan: ReciprocalPlan = prepared.plan
    ways = (SATURATED, SATURATED) if prepared.variant is SATURATING else (TIMES_RECIPROCAL, DIVIDED_IN_FLOAT64)
    affine = Affine(np.array([plan.scale]), np.array([plan.zero_point]))
    return to_codes(prepared, affine, plan.codes, ways)


def to_codes(prepared: Prepared, affine: Affine, codes: Range, ways: tuple[int, int]) -> Loop:
    """The loop from float32 to codes, by one way in whole blocks and by another one behind them."""
    y, scale = prepared.call["y"], affine.scale[0]
    count = math.prod(y.shape)
    whole = count // QUANTIZED_AT_ONCE * QUANTIZED_AT_ONCE
    numbers = Numbers(count, whole, KINDS[y.dtype], affine.zero_point[0], *codes, *ways)
    factors = np.array([scale, np.float32(1) / scale], np.float32).view(np.uint8)
    return Loop(to_codes_loop, (0,), factors, np.array(numbers, np.int64), CHUNK_BYTES, y.shape, y.dtype)


@kernel
def to_codes_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n], codes, from x[n], float32 as bytes."""
    n, values, factors = Numbers(*as_tuple(numbers, NUMBERS)), viewed(x, np.float32), viewed(constants, np.float32)
    total, start = viewed(scratch[:CHUNK_BYTES], np.int32), 0
    while start < n.elements:
        end = end_of_chunk(start, n.whole, n.elements)
        way = n.way if start < n.whole else n.way_behind
        chunk = total[: end - start]
        round_chunk(values[start:end], chunk, way, factors[0], factors[1], n)
        store(chunk, n.kind, y, start)
        start = end


def round_chunk(x: Any, y: Any, way: Any, scale: Any, reciprocal: Any, n: Any) -> None:
    """y[k], codes as int32, from x[k], float32, by one of the ways."""
    if way == DIVIDED:
        for k in range(y.shape[0]):
            y[k] = clamp(wrap_int32(in_32_bits(round_half_away(x[k] / scale)) + n.zero_point), n)
    elif way == DIVIDED_IN_FLOAT64:
        for k in range(y.shape[0]):
            y[k] = clamp(wrap_int32(in_32_bits(round_half_away(np.float64(x[k]) / scale)) + n.zero_point), n)
    elif way == TIMES_RECIPROCAL:
        for k in range(y.shape[0]):
            y[k] = clamp(wrap_int32(in_32_bits(round_half_even(x[k] * reciprocal)) + n.zero_point), n)
    else:
        low, high = np.float32(n.low - n.zero_point), np.float32(n.high - n.zero_point)
        for k in range(y.shape[0]):
            scaled = x[k] * reciprocal
            above = scaled if scaled > low else low
            y[k] = np.int32(round_half_even(above if scaled < high else high)) + n.zero_point


def in_32_bits(whole: Any) -> Any:
    """A whole number as x86 converts it: -2**31 for NaN and for what is beyond 32 bits."""
    return np.int64(whole) if -(2.0**31) <= whole < 2.0**31 else np.int64(-(2**31))


def clamp(code: Any, n: Any) -> Any:
    """The nearest number that is a code."""
    return min(max(code, n.low), n.high)


TWINS: Twins = {
    QUANTIZE_REALS: looped(quantized, otherwise=quantize),
    IN_BLOCKS: looped(quantized_by_reciprocal),
    SATURATING: looped(quantized_by_reciprocal),
}
