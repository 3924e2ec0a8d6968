"""AVERAGE_POOL_2D and MAX_POOL_2D of codes in compiled loops. The definition is minilite/ops/pooling.py.

Codes are taken as unsigned numbers counted from the lowest, so one loop serves signed and unsigned ones.
"""

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.fixed_point import divide_to_nearest
from minilite.numerics.jit import kernel
from minilite.ops.call import Array
from minilite.ops.pooling import AVERAGE_POOL_2D, MAX_POOL_2D
from minilite.ops.prepare import Prepared

from .blocks import as_tuple, viewed
from .twins import Loop, Twins, looped

NOTHING = np.zeros(0, np.uint8)


class Numbers(NamedTuple):
    """What the loop needs to know."""

    batch: int
    height: int
    width: int
    channels: int
    rows: int
    columns: int
    above: int  # rows of padding
    left: int
    window_height: int
    window_width: int
    row_stride: int
    column_stride: int
    is_mean: int
    bits: int  # of a code
    flip: int
    lowest: int  # code
    low: int  # codes that the activation allows
    high: int


NUMBERS = len(Numbers._fields)


def codes(is_mean: int, prepared: Prepared, x: Array | None) -> Loop | None:
    """The loop for x [n,h,w,c], None for sums that may leave 32 bits."""
    plan, dtype, shape = prepared.plan, prepared.call["y"].dtype, prepared.call["x"].shape
    bits = 8 * dtype.itemsize
    if math.prod(shape[1:3]) >= 2 ** (31 - bits):
        return None
    flip = 2 ** (bits - 1) if dtype.kind == "i" else 0
    batch, height, width, channels = shape
    rows, columns = plan.rows, plan.columns
    numbers = Numbers(
        batch=batch,
        height=height,
        width=width,
        channels=channels,
        rows=rows.output,
        columns=columns.output,
        above=rows.before,
        left=columns.before,
        window_height=rows.size,
        window_width=columns.size,
        row_stride=rows.stride,
        column_stride=columns.stride,
        is_mean=is_mean,
        bits=bits,
        flip=flip,
        lowest=-flip,
        low=plan.limits.low,
        high=plan.limits.high,
    )
    return Loop(codes_loop, (0,), NOTHING, np.array(numbers, np.int64), 4 * shape[3], prepared.call["y"].shape, dtype)


@kernel
def codes_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n,p,q,c] from x[n,h,w,c], codes as bytes."""
    n = Numbers(*as_tuple(numbers, NUMBERS))
    total = viewed(scratch[: 4 * n.channels], np.int32)
    low, high = n.low - n.lowest, n.high - n.lowest
    if n.bits == 8:
        pool(x, y, total, np.uint8(n.flip), np.uint8(low), np.uint8(high), n)
    else:
        pool(viewed(x, np.uint16), viewed(y, np.uint16), total, np.uint16(n.flip), np.uint16(low), np.uint16(high), n)


def pool(x: Any, y: Any, total: Any, flip: Any, low: Any, high: Any, n: Any) -> None:
    """y[n,p,q,c] from x[n,h,w,c], unsigned after the flip, as low and high are."""
    for k in range(n.batch):
        for p in range(n.rows):
            top = p * n.row_stride - n.above
            first_row, last_row = max(top, 0), min(top + n.window_height, n.height)
            for q in range(n.columns):
                left = q * n.column_stride - n.left
                first, last = max(left, 0), min(left + n.window_width, n.width)
                taps = max(last_row - first_row, 0) * max(last - first, 0)
                start = ((k * n.rows + p) * n.columns + q) * n.channels
                pixel = y[start : start + n.channels]
                total[:] = 0
                pixel[:] = 0
                for i in range(first_row, last_row):
                    for j in range(first, last):
                        start = ((k * n.height + i) * n.width + j) * n.channels
                        tap = x[start : start + n.channels]
                        if n.is_mean != 0:
                            add_tap(tap, total, flip)
                        else:
                            keep_largest(tap, pixel, flip)
                if n.is_mean != 0:
                    divide_sums(total, pixel, taps, n)
                else:
                    clamp_codes(pixel, low, high, flip)


def add_tap(x: Any, total: Any, flip: Any) -> None:
    """The codes of one tap join the sums."""
    for c in range(x.shape[0]):
        total[c] += np.int32(x[c] ^ flip)


def keep_largest(x: Any, y: Any, flip: Any) -> None:
    """y[c] = the larger of y[c] and the unsigned code of one tap."""
    for c in range(x.shape[0]):
        code = x[c] ^ flip
        y[c] = code if code > y[c] else y[c]


def clamp_codes(y: Any, low: Any, high: Any, flip: Any) -> None:
    """Unsigned codes within [low, high], as they are stored."""
    for c in range(y.shape[0]):
        code = low if y[c] < low else y[c]
        y[c] = (high if code > high else code) ^ flip


def divide_sums(total: Any, y: Any, taps: Any, n: Any) -> None:
    """Codes from sums of so many taps."""
    mask = (1 << n.bits) - 1
    for c in range(y.shape[0]):
        value = divide_to_nearest(np.int64(total[c]) + n.lowest * taps, taps)
        y[c] = min(max(value, n.low), n.high) & mask


TWINS: Twins = {
    AVERAGE_POOL_2D.variants[1]: looped(partial(codes, 1)),
    MAX_POOL_2D.variants[1]: looped(partial(codes, 0)),
}
