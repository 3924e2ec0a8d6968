"""Hybrid DEPTHWISE_CONV_2D: float32 images become codes when they run, their sums float32 again.

    acc = sum over the window of (q - x_zero) * w        y = activation(b + acc * (x_scale * w_scale))

Few products make a sum, so it stays below 2**24 and is exact in float32: the loop of `float_products` adds it up.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.affine import Range
from minilite.numerics.geometry import Window
from minilite.numerics.jit import kernel
from minilite.ops.call import Array
from minilite.ops.prepare import Prepared
from minilite.ops.signature import Shape

from .arena import ALIGNMENT
from .blocks import as_tuple, round_up, viewed
from .dynamic import quantize_row
from .float_blocks import FLOAT_BYTES
from .float_products import FloatProblem, product
from .float_products import make_loop as make_float_loop
from .parts import share_scaled_images
from .rescale import clamp_real
from .twins import Loop, Part, join

MOST = 2**24 // (255 * 128)  # taps whose sum is sure to be exact


class Numbers(NamedTuple):
    """What the loop needs to know, before the numbers of the product."""

    rows: int  # images of x, each with a scale of its own
    row_size: int  # of an image
    first: int  # the part of it that windows read
    size: int
    outputs: int  # of an image
    units: int
    zero_points: int  # where sections of the working memory start
    codes: int
    image: int
    inner: int
    w_scale: int  # where sections of the constants start
    bias: int
    limits: int


COUNT = len(Numbers._fields)


def dynamic(prepared: Prepared, x: Array | None, w: Array | None, b: Array | None = None) -> Loop | None:
    """The loop, None for channels with several outputs and for large windows."""
    call, plan = prepared.call, prepared.plan
    if w is None or (b is None) != (call.optional("b") is None) or call["x"].shape[3] != w.shape[3] or not w.size:
        return None
    x_shape, units, y_shape = call["x"].shape, w.shape[3], call["y"].shape
    if math.prod(w.shape[1:3]) > MOST:
        return None
    weights, everything = w[0].astype(np.float32), Range(np.float32(-np.inf), np.float32(np.inf))
    w_scale = np.broadcast_to(plan.w_scale, (units,)).astype(np.float32)
    bias = np.full(units, -0.0, np.float32) if b is None else b

    def make(images: Shape, rows: Window, first: int) -> Loop:
        (batch, *image), made = images, (1, rows.output, *y_shape[2:])
        loop = make_float_loop(FloatProblem((1, *image), rows, plan.columns, weights, None, everything, made))
        constants, starts = join(loop.constants, w_scale, bias, np.array(plan.reals, np.float32))
        size = math.prod(image)
        needed = (FLOAT_BYTES * batch, 8 * batch, size, FLOAT_BYTES * size, loop.scratch)
        ends = np.cumsum([round_up(count, ALIGNMENT) for count in needed]).tolist()
        reads = math.prod(x_shape[1:]), first, size
        numbers = Numbers(batch, *reads, math.prod(made), units, *ends[:-1], *starts[1:])
        every = np.array([*numbers, *loop.numbers], np.int64)
        return Loop(hybrid_loop, (0,), constants, every, ends[-1], y_shape, np.dtype(np.float32), share)

    def share(whole: Loop, count: int) -> list[Part]:
        return share_scaled_images(whole, x_shape, plan.rows, make, count)

    return make(x_shape, plan.rows, 0)


@kernel
def hybrid_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n,p,q,u] from x[n,h,w,u], float32 as bytes."""
    n = Numbers(*as_tuple(numbers, COUNT))
    scales = viewed(scratch[: 4 * n.rows], np.float32)
    zero_points = viewed(scratch[n.zero_points : n.zero_points + 8 * n.rows], np.int64)
    codes = viewed(scratch[n.codes : n.codes + n.size], np.int8)
    image = scratch[n.image : n.image + 4 * n.size]
    for r in range(n.rows):
        row = viewed(x[4 * r * n.row_size : 4 * (r + 1) * n.row_size], np.float32)
        scales[r], zero_points[r] = quantize_row(row, n.first, codes, 1)
        centre(codes, np.int32(zero_points[r]), viewed(image, np.float32))
        made = y[4 * r * n.outputs : 4 * (r + 1) * n.outputs]
        product(image, made, scratch[n.inner :], constants, numbers[COUNT:])
        finish(viewed(made, np.float32), scales[r], constants, n)


def centre(codes: Any, zero_point: Any, y: Any) -> None:
    """Codes less their zero point, as float32."""
    for k in range(codes.shape[0]):
        y[k] = np.float32(np.int32(codes[k]) - zero_point)


def finish(y: Any, x_scale: Any, constants: Any, n: Any) -> None:
    """y[m,u], sums, become what they stand for."""
    w_scale = viewed(constants[n.w_scale : n.w_scale + 4 * n.units], np.float32)
    bias = viewed(constants[n.bias : n.bias + 4 * n.units], np.float32)
    low, high = (
        viewed(constants[n.limits : n.limits + 8], np.float32)[0],
        viewed(constants[n.limits + 4 :], np.float32)[0],
    )
    for start in range(0, n.outputs, n.units):
        row = y[start : start + n.units]
        for u in range(n.units):
            row[u] = clamp_real(bias[u] + np.float32(row[u] * np.float32(x_scale * w_scale[u])), low, high)
