"""The three blocks that int8 inference is made of, as NumPy says them.

Compiled loops take their twins in `intrinsics` instead, which keep a whole block in the CPU's vector registers; where
nothing is compiled these stand in. Codes come as uint8, flat; `flip` is XORed to each, 0 or the sign bit.
A lane is one output channel, LANES of them make a vector, GROUP codes are multiplied and summed in each lane at once.
"""

from typing import Any

import numpy as np

from minilite.numerics.fixed_point import (
    doubling_high_multiply,
    rounding_right_shift_away,
    shift_left_int32,
    wrap_int32,
)
from minilite.numerics.jit import lowered_in

LANES, GROUP = 16, 4
SIGN_BIT = 128
BIAS, MANTISSA, LEFT, RIGHT, MASK = range(5)  # the rows of a table for `requantize`, one column per lane


@lowered_in("minilite.fast.intrinsics")
def dot_block(
    x: Any, starts: Any, offsets: Any, groups: Any, flip: Any, w: Any, w_start: Any, total: Any, rows: int, vectors: int
) -> None:
    """total[r,l] = sum over k of (x[r,k] ^ flip) * w[l,k], for `rows` r and `vectors` times LANES l.

    Row r of x is made of segments: segment s is groups * GROUP codes from starts[r] + offsets[s] on, unsigned after
    the flip. w holds, for each vector, its int8 weights as [segment, group, lane, code]. `rows` and `vectors` are
    constants.
    """
    size = len(offsets) * groups * LANES * GROUP
    for r in range(rows):
        places = starts[r] + offsets[:, None] + np.arange(groups * GROUP)
        codes = (x[places] ^ np.uint8(flip)).astype(np.int32).reshape(-1, 1, GROUP)
        for v in range(vectors):
            weights = w[w_start + v * size : w_start + (v + 1) * size].reshape(-1, LANES, GROUP)
            total[r, v * LANES : (v + 1) * LANES] = (codes * weights).sum(axis=(0, 2), dtype=np.int32)


@lowered_in("minilite.fast.intrinsics")
def tap_block(
    x: Any, x_start: Any, x_step: Any, offsets: Any, w: Any, w_start: Any, flip: Any, total: Any, rows: int
) -> None:
    """total[r,l] = sum over t of (x[x_start + r * x_step + offsets[t] + l] ^ flip) * w[t, w_start + l], for LANES l.

    The codes are signed after the flip. w is int16. `rows` is a constant.
    """
    for r in range(rows):
        starts = x_start + r * x_step + offsets
        codes = (x[starts[:, None] + np.arange(LANES)] ^ np.uint8(flip)).view(np.int8).astype(np.int32)
        total[r, :LANES] = (codes * w[:, w_start : w_start + LANES]).sum(axis=0, dtype=np.int32)


@lowered_in("minilite.fast.intrinsics")
def requantize(
    total: Any,
    row: Any,
    lane: Any,
    table: Any,
    column: Any,
    more: Any,
    low: Any,
    high: Any,
    zero: Any,
    y: Any,
    y_start: Any,
    count: Any,
) -> None:
    """Codes y[y_start + l] of total[row, lane + l] + bias + more by the rule "double", for the first `count` lanes l.

    `low` and `high` bound the result before the zero point is added.
    """
    accumulators = total[row, lane : lane + LANES].astype(np.int64)
    bias, mantissa, left, right, _ = table[:, column : column + LANES].astype(np.int64)
    shifted = shift_left_int32(wrap_int32(accumulators + bias + more), left)
    scaled = rounding_right_shift_away(doubling_high_multiply(shifted, mantissa), right)
    y[y_start : y_start + count] = (np.clip(scaled, low, high) + zero).astype(np.uint8)[:count]
