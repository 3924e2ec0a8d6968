"""Dynamic range quantization: float rows become int8 codes when they run, each row with a scale of its own.

    symmetric:   scale = max|x| / 127,          code = round(x / scale)
    asymmetric:  scale = (high - low) / 255,    code = round(x / scale) + zero_point     low <= 0 <= high

The codes are those of the official x86 build, which takes eight values at a time and rounds them by adding a half and
cutting off; the last n % 8 values of a row are rounded by C `round`. The two differ just below a tie.
Follows tflite/kernels/internal/optimized/neon_tensor_utils.cc, which that build runs on SSE.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .fixed_point import saturate, wrap_int32
from .rounding import round_half_added, round_half_away, round_half_even, to_int32

Array = NDArray[Any]
LANES = 8  # values the vector code takes at once


class DynamicRows(NamedTuple):
    """Rows quantized at run time: int8 codes [n,d], and one scale and one zero point for each row [n]."""

    codes: NDArray[np.int8]
    scale: NDArray[np.float32]
    zero_point: NDArray[np.int64]


def quantize_rows(x: Array, asymmetric: bool = False) -> DynamicRows:
    """The codes of each row of `x`, float32 [n,d]. A row of zeros gets scale 1 and zero point 0."""
    x = x.astype(np.float32, copy=False)
    rows, depth = x.shape
    if not depth:
        return DynamicRows(np.zeros(x.shape, np.int8), np.ones(rows, np.float32), np.zeros(rows, np.int64))
    with np.errstate(all="ignore"):
        return _asymmetric(x) if asymmetric else _symmetric(x)


def quantize_rows_even(x: Array) -> DynamicRows:
    """The codes of each row of `x`, float32 [n,d], as XNNPACK finds them: asymmetric, in float32, ties to even.

    Follows XNNPACK src/xnnpack/quantization.h and src/qs8-vcvt.
    """
    zeros = np.zeros(len(x), np.float32)
    low, high = np.minimum(x.min(axis=1, initial=0), zeros), np.maximum(x.max(axis=1, initial=0), zeros)
    with np.errstate(all="ignore"):
        steps = np.where(low == high, np.float32(1), np.float32(255) / (high - low))  # codes for one real unit
        low, high = low * steps, high * steps
        low_is_nearer = (np.float32(-128) + low) + (np.float32(127) + high) > 0
        nearest = np.where(low_is_nearer, np.float32(-128) - low, np.float32(127) - high)
        zero_point = round_half_even(np.clip(nearest, -128, 127))[:, None]
        codes = round_half_even(np.clip(x * steps[:, None], -128 - zero_point, 127 - zero_point)) + zero_point
        scale = (np.float32(1) / steps).astype(np.float32)
        return DynamicRows(codes.astype(np.int8), scale, zero_point[:, 0].astype(np.int64))


def quantize_rows_float64(x: Array) -> DynamicRows:
    """The symmetric codes of each row of `x`, float32 [n,d], as the optimized kernel of int4 weights finds them.

    Scale and inverse are float64 quotients; a row of zeros gets scale 1. Follows
    tflite/kernels/internal/optimized/4bit/fully_connected_common.h.
    """
    largest = np.abs(x).max(axis=1, initial=0).astype(np.float64)
    largest = np.where(largest == 0, 127.0, largest)
    inverse, scale = (127.0 / largest).astype(np.float32), (largest / 127.0).astype(np.float32)
    codes = to_int32(round_half_away(x * inverse[:, None]))
    return DynamicRows(saturate(codes, -127, 127).astype(np.int8), scale, np.zeros(len(x), np.int64))


def _symmetric(x: Array) -> DynamicRows:
    largest = np.maximum(np.abs(x.min(axis=1)), np.abs(x.max(axis=1)))
    empty = largest == 0
    scale = np.where(empty, np.float32(1), largest / np.float32(127))
    steps = x * np.where(empty, np.float32(0), np.float32(127) / largest)[:, None]
    zero_point = np.zeros(len(x), np.int64)
    return DynamicRows(_codes(steps, zero_point, -127), scale, zero_point)


def _asymmetric(x: Array) -> DynamicRows:
    low, high = np.minimum(x.min(axis=1), np.float32(0)), np.maximum(x.max(axis=1), np.float32(0))
    empty = low == high
    step = np.where(empty, 1.0, (high - low).astype(np.float64) / 255)
    from_low, from_high = -128 - low / step, 127 - high / step
    low_is_nearer = 128 + np.abs(low / step) < 127 + np.abs(high / step)
    nearest = round_half_away(np.clip(np.where(low_is_nearer, from_low, from_high), -128, 127))
    zero_point = np.where(empty, 0, nearest).astype(np.int64)
    scale = step.astype(np.float32)
    inverse = np.where(scale == 0, 0.0, 1 / scale.astype(np.float64)).astype(np.float32)
    return DynamicRows(_codes(x * inverse[:, None], zero_point, -128), scale, zero_point)


def _codes(steps: Array, zero_point: Array, lowest: int) -> NDArray[np.int8]:
    """int8 codes of `steps` = x / scale, float32 [n,d]."""
    body = steps.shape[1] // LANES * LANES
    zero = zero_point[:, None]
    vector = wrap_int32(to_int32(round_half_added(steps[:, :body])) + zero)
    tail = to_int32(zero.astype(np.float32) + round_half_away(steps[:, body:]))
    return saturate(np.concatenate([vector, tail], axis=1), lowest, 127).astype(np.int8)  # type: ignore[no-any-return]
