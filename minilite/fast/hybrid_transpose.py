"""Hybrid TRANSPOSE_CONV: float32 images become codes when they run, each product of codes float32 again.

y = activation(b + sum over h, v, c of ((q - x_zero) * w * w_scale) * x_scale)      every step rounded to float32
"""

import math
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.jit import kernel
from minilite.ops.call import Array
from minilite.ops.prepare import Prepared

from .arena import ALIGNMENT
from .blocks import LANES, as_tuple, round_up, viewed
from .dynamic import quantize_row
from .float_blocks import scaled_block
from .hybrid_depthwise import centre
from .products import ROWS
from .rescale import clamp_real
from .twins import Loop, join


class Numbers(NamedTuple):
    """What the loop needs to know."""

    images: int  # of x, each with a scale of its own
    height: int  # of x
    width: int
    channels: int
    rows: int  # of y
    columns: int
    units: int
    size_h: int  # of the window
    size_w: int
    stride_h: int
    stride_w: int
    above: int
    left: int
    zero_points: int  # where sections of the working memory start
    codes: int
    values: int
    sums: int
    width_of_sums: int  # units in whole vectors
    w: int  # where sections of the constants start
    w_scale: int
    bias: int
    limits: int


COUNT = len(Numbers._fields)


def dynamic(prepared: Prepared, w: Array | None, x: Array | None, b: Array | None = None) -> Loop | None:
    """The loop, its weights as float32 numbers."""
    call, plan = prepared.call, prepared.plan.node
    if w is None or not w.size or (b is None) != (call.optional("b") is None):
        return None
    (batch, *image), (_, *shape), size = call["x"].shape, call["y"].shape, math.prod(call["x"].shape[1:])
    units, padded = shape[-1], round_up(shape[-1], LANES)
    w_scale = np.zeros(padded, np.float32)
    w_scale[:units] = plan.w_scale
    bias = np.full(units, -0.0, np.float32) if b is None else b
    constants, starts = join(in_vectors(w, padded), w_scale, bias, np.array(plan.reals, np.float32))
    needed = 4 * batch, 8 * batch, size, 4 * size, 4 * math.prod(shape[:-1]) * padded
    ends = np.cumsum([round_up(count, ALIGNMENT) for count in needed]).tolist()
    rows, columns = plan.rows, plan.columns
    windows = [rows.size, columns.size, rows.stride, columns.stride, rows.before, columns.before]
    numbers = Numbers(*[batch, *image, *shape, *windows, *ends[:-1], padded, *starts])
    every = np.array(numbers, np.int64)
    return Loop(hybrid_loop, (1,), constants, every, ends[-1], call["y"].shape, np.dtype(np.float32))


def in_vectors(w: Array, padded: int) -> Array:
    """float32 [i,j,vector,c,lane] from w [u,i,j,c]."""
    units, size_h, size_w, channels = w.shape
    whole = np.zeros((size_h, size_w, channels, padded), np.float32)
    whole[..., :units] = w.transpose(1, 2, 3, 0)
    return whole.reshape(size_h, size_w, channels, -1, LANES).transpose(0, 1, 3, 2, 4)


@kernel
def hybrid_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n,p,q,u] from x[n,h,v,c], float32 as bytes."""
    n = Numbers(*as_tuple(numbers, COUNT))
    scales = viewed(scratch[: 4 * n.images], np.float32)
    zero_points = viewed(scratch[n.zero_points : n.zero_points + 8 * n.images], np.int64)
    size, outputs = n.height * n.width * n.channels, n.rows * n.columns * n.units
    codes, values = viewed(scratch[n.codes : n.codes + size], np.int8), viewed(scratch[n.values :], np.float32)[:size]
    sums = viewed(scratch[n.sums :][: 4 * n.rows * n.columns * n.width_of_sums], np.float32)
    for k in range(n.images):
        image = viewed(x, np.float32)[k * size : (k + 1) * size]
        made = viewed(y, np.float32)[k * outputs : (k + 1) * outputs]
        scales[k], zero_points[k] = quantize_row(image, 0, codes, 1)
        centre(codes, np.int32(zero_points[k]), values)
        sums[:] = np.float32(0)
        for h in range(n.height):
            row = h * n.stride_h - n.above
            for i in range(max(-row, 0), min(n.size_h, n.rows - row)):
                add_row(values, h, sums, row + i, i, scales[k], constants, n)
        finish(sums, made, constants, n)


def add_row(x: Any, h: Any, y: Any, p: Any, i: Any, x_scale: Any, constants: Any, n: Any) -> None:
    """Row p of y[p,q,u] grows by row h of x[h,v,c] times row i of the window.

    An output meets pixels in the order of the image when taps are taken last to first.
    """
    w = viewed(constants[n.w : n.w_scale], np.float32)
    for j in range(n.size_w - 1, -1, -1):
        first = max(-((j - n.left) // n.stride_w), 0)
        last = min((n.columns - 1 + n.left - j) // n.stride_w + 1, n.width)
        for u in range(0, n.width_of_sums, LANES):
            w_start = ((i * n.size_w + j) * n.width_of_sums + u) * n.channels
            w_scale = viewed(constants[n.w_scale + 4 * u : n.bias], np.float32)
            step, v = n.stride_w * n.width_of_sums, first
            while v < last:
                x_start = (h * n.width + v) * n.channels
                y_start = (p * n.columns + v * n.stride_w - n.left + j) * n.width_of_sums + u
                if v + ROWS <= last:
                    scaled_block(x, x_start, n.channels, w, w_start, n.channels, w_scale, x_scale, y, y_start, step, 6)
                    v += ROWS
                else:
                    scaled_block(x, x_start, n.channels, w, w_start, n.channels, w_scale, x_scale, y, y_start, step, 1)
                    v += 1


def finish(sums: Any, y: Any, constants: Any, n: Any) -> None:
    """y[m,u] of the sums, with the bias and activated."""
    bias = viewed(constants[n.bias : n.bias + 4 * n.units], np.float32)
    limits = viewed(constants[n.limits : n.limits + 8], np.float32)
    for m in range(n.rows * n.columns):
        row, total = y[m * n.units : (m + 1) * n.units], sums[m * n.width_of_sums : m * n.width_of_sums + n.units]
        for u in range(n.units):
            row[u] = clamp_real(total[u] + bias[u], limits[0], limits[1])
