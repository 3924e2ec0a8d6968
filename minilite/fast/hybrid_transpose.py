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
from .blocks import as_tuple, round_up
from .dynamic import quantize_row
from .hybrid_depthwise import centre
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
    w_scale = np.broadcast_to(plan.w_scale, shape[-1:]).astype(np.float32)
    bias = np.full(shape[-1], -0.0, np.float32) if b is None else b
    weights = w.transpose(1, 2, 3, 0).astype(np.float32)
    constants, starts = join(weights, w_scale, bias, np.array(plan.reals, np.float32))
    ends = np.cumsum([round_up(count, ALIGNMENT) for count in (4 * batch, 8 * batch, size, 4 * size)]).tolist()
    rows, columns = plan.rows, plan.columns
    windows = [rows.size, columns.size, rows.stride, columns.stride, rows.before, columns.before]
    numbers = Numbers(batch, *image, *shape, *windows, *ends[:-1], *starts)
    every = np.array(numbers, np.int64)
    return Loop(hybrid_loop, (1,), constants, every, ends[-1], call["y"].shape, np.dtype(np.float32))


@kernel
def hybrid_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n,p,q,u] from x[n,h,v,c], float32 as bytes."""
    n = Numbers(*as_tuple(numbers, COUNT))
    scales = scratch[: 4 * n.images].view(np.float32)
    zero_points = scratch[n.zero_points : n.zero_points + 8 * n.images].view(np.int64)
    size, outputs = n.height * n.width * n.channels, n.rows * n.columns * n.units
    codes, values = scratch[n.codes : n.codes + size].view(np.int8), scratch[n.values :].view(np.float32)[:size]
    for k in range(n.images):
        image = x.view(np.float32)[k * size : (k + 1) * size]
        made = y.view(np.float32)[k * outputs : (k + 1) * outputs]
        scales[k], zero_points[k] = quantize_row(image, 0, codes, 1)
        centre(codes, np.int32(zero_points[k]), values)
        made[:] = np.float32(0)
        for h in range(n.height):
            for v in range(n.width):
                pixel = values[(h * n.width + v) * n.channels :][: n.channels]
                add_pixel(pixel, made, h * n.stride_h - n.above, v * n.stride_w - n.left, scales[k], constants, n)
        finish(made, constants, n)


def add_pixel(x: Any, y: Any, row: Any, column: Any, x_scale: Any, constants: Any, n: Any) -> None:
    """y[p,q,u] += the pixel x[c] times the window w [i,j,c,u] whose first tap falls on this row and column."""
    w_scale = constants[n.w_scale : n.w_scale + 4 * n.units].view(np.float32)
    for i in range(max(-row, 0), min(n.size_h, n.rows - row)):
        for j in range(max(-column, 0), min(n.size_w, n.columns - column)):
            start = n.w + 4 * (i * n.size_w + j) * n.channels * n.units
            w = constants[start : start + 4 * n.channels * n.units].view(np.float32)
            total = y[((row + i) * n.columns + column + j) * n.units :][: n.units]
            for c in range(x.shape[0]):
                weights = w[c * n.units : (c + 1) * n.units]
                for u in range(total.shape[0]):
                    total[u] += np.float32(np.float32(x[c] * weights[u]) * w_scale[u]) * x_scale


def finish(y: Any, constants: Any, n: Any) -> None:
    """y[m,u], sums, with the bias and activated."""
    bias = constants[n.bias : n.bias + 4 * n.units].view(np.float32)
    limits = constants[n.limits : n.limits + 8].view(np.float32)
    for start in range(0, y.shape[0], n.units):
        row = y[start : start + n.units]
        for u in range(n.units):
            row[u] = clamp_real(row[u] + bias[u], limits[0], limits[1])
