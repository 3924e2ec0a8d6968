"""Dynamic range quantization in compiled loops. The definition is minilite/numerics/dynamic.py."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minilite.numerics.dynamic import LANES
from minilite.numerics.fixed_point import wrap_int32
from minilite.numerics.rounding import round_half_away
from minilite.ops.call import Array
from minilite.ops.op import Noted

from .arena import ALIGNMENT
from .blocks import round_up, viewed
from .twins import Loop, Looped

INT64_MIN = -(2**63)
LARGEST = 0x7F800000  # the bits of infinity as an integer; NaN is beyond
SIGN = 0x7FFFFFFF


def quantize_row(x: Any, first: Any, codes: Any, asymmetric: Any) -> Any:
    """int8 `codes` of float32 x [d] from d = first on; the scale and zero point of all x."""
    low, high = extremes(viewed(x, np.int32))
    scale, inverse, zero_point, lowest = np.float32(1), np.float32(0), np.int64(0), np.int64(-127)
    if asymmetric != 0:
        scale, inverse, zero_point = asymmetric_scale(np.minimum(low, np.float32(0)), np.maximum(high, np.float32(0)))
        lowest = np.int64(-128)
    else:
        largest = np.maximum(np.abs(low), np.abs(high))
        if largest != 0:
            scale, inverse = np.float32(largest / np.float32(127)), np.float32(np.float32(127) / largest)
    some = x[first : first + codes.shape[0]]
    body = min(max(x.shape[0] // LANES * LANES - first, 0), codes.shape[0])
    quantize_body(some[:body], codes[:body], inverse, zero_point, lowest)
    for d in range(body, codes.shape[0]):
        whole = np.float32(zero_point) + np.float32(round_half_away(np.float32(some[d] * inverse)))
        codes[d] = min(max(whole_number(np.float32(whole)), lowest), 127)
    return scale, zero_point


def extremes(bits: Any) -> Any:
    """The smallest and largest of float32 numbers, given as their bits; NaN if there is one."""
    low, high = np.int32(SIGN), np.int32(-SIGN - 1)
    for d in range(bits.shape[0]):
        ordered = np.int32(bits[d] ^ ((bits[d] >> 31) & SIGN))  # integers in the order of the numbers
        low, high = min(low, ordered), max(high, ordered)
    if high > LARGEST or low < -LARGEST - 1:
        return np.float32(np.nan), np.float32(np.nan)
    pair = np.array([low, high], np.int32)
    for k in range(2):
        pair[k] = np.int32(pair[k] ^ ((pair[k] >> 31) & SIGN))
    real = viewed(pair, np.float32)
    return real[0], real[1]


def asymmetric_scale(low: Any, high: Any) -> Any:
    """Scale, its inverse, and zero point of numbers within [low, high], which has 0 in it."""
    if low == high:
        return np.float32(1), np.float32(1), np.int64(0)
    step = np.float64(np.float32(high - low)) / 255
    below, above = np.float64(low) / step, np.float64(high) / step
    nearest = -128 - below if 128 + np.abs(below) < 127 + np.abs(above) else 127 - above
    if nearest != nearest:
        zero_point = np.int64(INT64_MIN)  # what x86 makes of NaN
    else:
        zero_point = np.int64(round_half_away(min(max(nearest, -128.0), 127.0)))
    scale = np.float32(step)
    inverse = np.float32(0) if scale == 0 else np.float32(1 / np.float64(scale))
    return scale, inverse, zero_point


def quantize_body(x: Any, codes: Any, inverse: Any, zero_point: Any, lowest: Any) -> None:
    """The codes that upstream's vector code makes."""
    for d in range(x.shape[0]):
        steps = np.float32(x[d] * inverse)
        half = np.float32(-0.5) if steps < 0 else np.float32(0.5)
        code = wrap_int32(whole_number(np.trunc(np.float32(steps + half))) + zero_point)
        codes[d] = min(max(code, lowest), 127)


def whole_number(whole: Any) -> Any:
    """A whole float as an integer, -2**31 for what does not fit 32 bits."""
    return np.int64(whole) if np.float32(-(2.0**31)) <= whole < np.float32(2.0**31) else np.int64(-(2**31))


@dataclass(frozen=True)
class Hybrid(Looped):
    """The kernel of a hybrid step, which also tells the scales and zero points it found.

    The first number of its loop is how many rows of x have their own; the working memory starts with them.
    """

    def run(self, loop: Loop, arrays: Sequence[Array | None]) -> Any:
        """The output, with what the loop left in its working memory."""
        if not math.prod(loop.shape):
            return self.otherwise(*arrays)  # nothing runs, so nothing would be found
        scratch, rows = np.empty(loop.scratch, np.uint8), int(loop.numbers[0])
        outputs, second = loop.run(arrays, scratch), round_up(4 * rows, ALIGNMENT)
        scales, zero_points = scratch[: 4 * rows].view(np.float32), scratch[second : second + 8 * rows].view(np.int64)
        return Noted(outputs, {"x_scale": scales, "x_zero_point": zero_points})
