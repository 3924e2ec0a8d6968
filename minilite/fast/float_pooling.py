"""AVERAGE_POOL_2D, MAX_POOL_2D and L2_POOL_2D of float32 in a compiled loop. The definition is minilite/ops/pooling.py.

Sums and largest values of all channels grow side by side in the output, tap by tap in the official order.
"""

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.geometry import Window
from minilite.numerics.jit import kernel
from minilite.ops.call import Array
from minilite.ops.pooling import AVERAGE_POOL_2D, L2_POOL_2D, MAX_POOL_2D
from minilite.ops.prepare import Prepared
from minilite.ops.signature import Shape

from .blocks import as_tuple, viewed
from .parts import share_float_images
from .rescale import clamp_real
from .twins import Loop, Part, Twins, looped

AVERAGE, LARGEST, ROOT = range(3)


class Numbers(NamedTuple):
    """What the loop needs to know."""

    which: int
    batch: int
    height: int
    width: int
    channels: int
    rows: int
    above: int  # rows of padding
    window_height: int
    row_stride: int
    columns: int
    left: int
    window_width: int
    column_stride: int


NUMBERS = len(Numbers._fields)


def floats(which: int, prepared: Prepared, x: Array | None) -> Loop:
    """The loop for x [n,h,w,c]."""
    plan, call = prepared.plan, prepared.call
    limits = np.array(plan.limits, np.float32).view(np.uint8)

    def make(x_shape: Shape, rows: Window) -> Loop:
        slides = [(w.output, w.before, w.size, w.stride) for w in (rows, plan.columns)]
        numbers = np.array([which, *x_shape, *slides[0], *slides[1]], np.int64)
        return Loop(floats_loop, (0,), limits, numbers, 0, call["y"].shape, np.dtype(np.float32), share)

    def share(whole: Loop, count: int) -> list[Part]:
        return share_float_images(whole, call["x"].shape, plan.rows, make, count)

    return make(call["x"].shape, plan.rows)


@kernel
def floats_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n,p,q,c] from x[n,h,w,c], float32 as bytes."""
    n = Numbers(*as_tuple(numbers, NUMBERS))
    values, made, limits = viewed(x, np.float32), viewed(y, np.float32), viewed(constants, np.float32)
    for k in range(n.batch):
        for p in range(n.rows):
            top = p * n.row_stride - n.above
            first_row, last_row = max(top, 0), min(top + n.window_height, n.height)
            for q in range(n.columns):
                left = q * n.column_stride - n.left
                first, last = max(left, 0), min(left + n.window_width, n.width)
                start = ((k * n.rows + p) * n.columns + q) * n.channels
                pixel = made[start : start + n.channels]
                pixel[:] = np.finfo(np.float32).min if n.which == LARGEST else np.float32(0)
                for i in range(first_row, last_row):
                    for j in range(first, last):
                        start = ((k * n.height + i) * n.width + j) * n.channels
                        add_tap(n.which, values[start : start + n.channels], pixel)
                finish(n.which, pixel, max(last_row - first_row, 0) * max(last - first, 0), limits)


def add_tap(which: Any, x: Any, y: Any) -> None:
    """The values of one tap join the sums, or the largest."""
    if which == AVERAGE:
        for c in range(x.shape[0]):
            y[c] += x[c]
    elif which == LARGEST:
        for c in range(x.shape[0]):
            y[c] = x[c] if y[c] < x[c] else y[c]
    else:
        for c in range(x.shape[0]):
            y[c] += np.float32(x[c] * x[c])


def finish(which: Any, y: Any, taps: Any, limits: Any) -> None:
    """Means of so many taps, and the fused activation."""
    if which != LARGEST:
        for c in range(y.shape[0]):
            y[c] = y[c] / np.float32(taps)
    if which == ROOT:
        for c in range(y.shape[0]):
            y[c] = math.sqrt(y[c])
    for c in range(y.shape[0]):
        y[c] = clamp_real(y[c], limits[0], limits[1])


KINDS = ((AVERAGE_POOL_2D, AVERAGE), (MAX_POOL_2D, LARGEST), (L2_POOL_2D, ROOT))
TWINS: Twins = {op.variants[0]: looped(partial(floats, which)) for op, which in KINDS}
