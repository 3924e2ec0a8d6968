"""DEPTHWISE_CONV_2D in compiled loops. The definition is minilite/ops/depthwise_conv_2d.py.

8-bit codes: an image is copied with its padding, each channel as often as it has outputs. Then tap t of a window lies
at the same distance offsets[t] from the first code of the window everywhere, and no loop asks where the image ends.
"""

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.geometry import Window
from minilite.numerics.jit import kernel
from minilite.numerics.rescale import Multiplier, Rescale
from minilite.ops.call import Array
from minilite.ops.convolution import FloatPlan, Plan
from minilite.ops.depthwise_conv_2d import FLOAT, HYBRID, INT8, INT16, UINT8
from minilite.ops.prepare import Prepared

from . import wide_depthwise
from .blocks import (
    CHUNK,
    GROUP,
    SIGN_BIT,
    UNKNOWN,
    Codes,
    Weights,
    as_tuple,
    codes_table,
    fusing,
    round_up,
    rule_in_vectors,
    tap_block,
    tap_order,
    viewed,
)
from .conv_2d import floating as grouped
from .dynamic import Hybrid
from .float_products import make_convolution
from .hybrid_depthwise import dynamic
from .images import IMAGE, Image, copy_image, image_bytes, make_image
from .parts import share_images
from .rescale import rescale_arrays, rescale_one
from .twins import Loop, Part, Twins, join, looped


class Numbers(NamedTuple):
    """What the loop for 8-bit codes needs to know, beside how the image is copied."""

    image_size: int  # codes of an image of x
    batch: int
    rows: int  # of outputs
    row_step: int  # codes of the copied image from one row to the next
    row_size: int  # codes of a row of outputs
    period: int  # codes of it, after which channels repeat and the windows have moved on
    period_step: int  # codes of the copied image, then
    taps: int
    rule: int
    fused: int
    low: int  # lowest and highest code less the zero point
    high: int
    zero: int
    y_flip: int
    table_columns: int
    w: int  # where the sections of the constants start
    table: int
    offsets: int


NUMBERS = len(Numbers._fields)
TOGETHER = 2  # periods that a block takes
TOTAL_BYTES = 4 * TOGETHER * CHUNK
LONGEST_PERIOD = 1024  # of channels repeated to fill whole vectors


def codes(prepared: Prepared, x: Array | None, w: Array | None, b: Array | None = None) -> Loop | None:
    """The loop for 8-bit codes x [n,h,w,c], w [1,i,j,u], b [u]: the zero point of x joins the bias."""
    call, plan = prepared.call, prepared.plan
    if w is None or (b is None) != (call.optional("b") is None) or rule_in_vectors(plan.rescale) == UNKNOWN:
        return None
    return make_loop(plan, w, b, call["y"].shape, call["x"].shape, plan.rows)


def make_loop(
    plan: Plan, w: Array, b: Array | None, shape: tuple[int, ...], x_shape: tuple[int, ...], rows: Window
) -> Loop:
    """The loop for images of this shape and this window over rows, its weights packed."""
    units, flip, columns = w.shape[3], SIGN_BIT if plan.dtype == np.int8 else 0, plan.columns
    y_flip = SIGN_BIT - flip
    image = make_image(x_shape, rows, columns, units, plan.x_zero & 255, flip)
    weights = w.reshape(-1, units).astype(np.int64) - plan.w_zero
    bias = (0 if b is None else b) - (plan.x_zero + flip) * weights.sum(axis=0)
    period, period_step = units, columns.stride * units
    if columns.stride == 1 and math.lcm(units, CHUNK) <= LONGEST_PERIOD:
        period = period_step = math.lcm(units, CHUNK)  # the next position's codes follow at once
    channels = tap_order(np.minimum(np.arange(round_up(period, CHUNK)), period - 1) % units)
    i, j = np.indices((rows.size, columns.size)).reshape(2, -1)
    offsets = (i * rows.dilation * image.across + j * columns.dilation) * units
    packed, offsets = pack_taps(weights[:, channels], offsets)
    low = plan.codes.low - plan.y_zero
    fused = fusing(plan.rescale, np.abs(bias) + 255 * np.abs(weights).sum(axis=0), low)
    table = codes_table(take(plan.rescale, channels, units), bias[channels], plan.y_zero - y_flip, fused)
    constants, starts = join(packed, table, offsets)
    numbers = Numbers(
        image_size=math.prod(x_shape[1:]),
        batch=x_shape[0],
        rows=rows.output,
        row_step=rows.stride * image.across * units,
        row_size=columns.output * units,
        period=period,
        period_step=period_step,
        taps=len(offsets),
        rule=rule_in_vectors(plan.rescale),
        fused=fused,
        low=low,
        high=plan.codes.high - plan.y_zero,
        zero=plan.y_zero,
        y_flip=y_flip,
        table_columns=table.shape[1],
        **dict(zip(Numbers._fields[-len(starts) :], starts, strict=True)),
    )
    scratch = TOTAL_BYTES + image_bytes(image) + CHUNK  # a block reads whole vectors
    every = np.array([*numbers, *image], np.int64)

    def share(whole: Loop, count: int) -> list[Part]:
        return share_images(whole, x_shape, rows, partial(make_loop, plan, w, b, shape), count)

    return Loop(codes_loop, (0,), constants, every, scratch, shape, plan.dtype, share)


def pack_taps(weights: Array, offsets: Array) -> tuple[Array, Array]:
    """int8 [chunk, GROUP of taps, lane, tap] of weights [tap, lane], and where each tap of a GROUP lies.

    A tap with weights that need 9 bits is there more than once, with parts of them.
    """
    needed: list[tuple[Array, Any]] = []
    rest = weights
    while not needed or rest.any():
        part = np.clip(rest, -128, 127)
        needed += [(part[tap], offset) for tap, offset in enumerate(offsets) if rest is weights or part[tap].any()]
        rest = rest - part
    lanes = weights.shape[1]
    needed += [(np.zeros(lanes, np.int64), offsets[0])] * (-len(needed) % GROUP)
    taps = np.stack([tap for tap, _ in needed]).astype(np.int8)
    in_lanes = taps.reshape(-1, GROUP, lanes // CHUNK, CHUNK).transpose(2, 0, 3, 1)
    return np.ascontiguousarray(in_lanes), np.array([offset for _, offset in needed], np.int64)


def take(rescale: Rescale, channels: Array, units: int) -> Rescale:
    """The multipliers of some channels, out of one for all or one for each of `units`."""
    real, mantissa, exponent = rescale.multiplier
    repeated = [np.broadcast_to(part.ravel(), (units,)) for part in (mantissa, exponent)]
    reals = np.broadcast_to(real.ravel(), (units,))[channels]
    return Rescale(rescale.rule, Multiplier(reals, *(part[channels] for part in repeated)))


@kernel
def codes_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n,p,q,u] from x[n,h,w,c], uint8."""
    n = Numbers(*as_tuple(numbers, NUMBERS))
    table = viewed(constants[n.table : n.offsets], np.int32)
    codes = Codes(table, n.table_columns, n.rule, n.fused, n.low, n.high, n.zero, n.y_flip)
    offsets = viewed(constants[n.offsets : n.offsets + 8 * n.taps], np.int64)
    weights = Weights(viewed(constants[n.w : n.table], np.int8), offsets, constants[:0])
    total, image = viewed(scratch[:TOTAL_BYTES], np.int32), scratch[TOTAL_BYTES:]
    for k in range(n.batch):
        source = x[k * n.image_size : (k + 1) * n.image_size]
        copy_image(source, image, Image(*as_tuple(numbers[NUMBERS:], IMAGE)))
        codes_image(image, y, k * n.rows * n.row_size, weights, codes, total, n)


def codes_image(x: Any, y: Any, y_start: Any, weights: Any, codes: Any, total: Any, n: Any) -> None:
    """The outputs of one image, row by row and each by periods; the last of a row may be a part of one."""
    for p in range(n.rows):
        x_start, first, step = p * n.row_step, 0, n.period_step
        while first < n.row_size:
            together = TOGETHER if first + TOGETHER * n.period <= n.row_size else 1
            end = min(n.period, n.row_size - first)
            for u in range(0, end, CHUNK):
                source, place, count = x_start + u, y_start + first + u, min(CHUNK, end - u)
                if together == 1:
                    tap_block(x, source, step, weights, codes, u, y, place, n.period, count, total, 1)
                else:
                    tap_block(x, source, step, weights, codes, u, y, place, n.period, count, total, 2)
            first += together * n.period
            x_start += together * step
        y_start += n.row_size


def quantized(plan: Plan, x: Array, w: Array, b: Array | None = None) -> Array:
    """Codes [n,h,w,u] for x [n,h,w,c], w [1,i,j,u], b [u]."""
    units, integer = w.shape[3], plan.accumulator.type
    y = np.empty((x.shape[0], plan.rows.output, plan.columns.output, units), plan.dtype)
    bias = np.zeros(units, integer) if b is None else b
    images = x.astype(integer) - integer(plan.x_zero)
    weights = w.astype(integer) - integer(plan.w_zero)
    limits = (plan.y_zero, plan.codes.low, plan.codes.high)
    total = np.empty(units, integer)
    scaling = rescale_arrays(plan.rescale, units)
    quantized_loop(images, weights[0], bias, y, total, tuple(plan.rows), tuple(plan.columns), limits, *scaling)
    return y


@kernel
def quantized_loop(
    x: Any,
    w: Any,
    b: Any,
    y: Any,
    total: Any,
    rows: Any,
    columns: Any,
    limits: Any,
    rule: Any,
    mantissa: Any,
    exponent: Any,
    real: Any,
) -> None:
    """y[n,p,q,u] from x[n,h,w,c], w[i,j,u], b[u], sums in total[u], whose 32 or 64 bits x and w have as well."""
    for n in range(y.shape[0]):
        for p in range(y.shape[1]):
            for q in range(y.shape[2]):
                total[:] = b
                add_window(x[n], w, total, p, q, rows, columns)
                for u in range(y.shape[3]):
                    scaled = rescale_one(rule, np.int64(total[u]), mantissa[u], exponent[u], real[u])
                    y[n, p, q, u] = min(max(scaled + limits[0], limits[1]), limits[2])


def reals(prepared: Prepared, x: Array | None, w: Array | None, b: Array | None = None) -> Loop | None:
    """The loop for float32 values, None for repeated channels and weights that are not finite."""
    return make_convolution(prepared, w, b, lambda weights: weights[0])


def floating(plan: FloatPlan, x: Array, w: Array, b: Array | None = None) -> Array:
    """float32 values [n,h,w,u] for x [n,h,w,c], w [1,i,j,u], b [u]: a convolution of as many groups as channels."""
    return grouped(plan, x, w.transpose(3, 1, 2, 0), b)


def add_window(x: Any, w: Any, total: Any, p: Any, q: Any, rows: Any, columns: Any) -> None:
    """total[u] += the window of x[h,w,c] at position (p, q) times w[i,j,u], taps outside the image left out."""
    channels = x.shape[2]
    multiplier = w.shape[2] // channels
    for i in range(w.shape[0]):
        row = p * rows[3] - rows[1] + i * rows[4]
        for j in range(w.shape[1]):
            column = q * columns[3] - columns[1] + j * columns[4]
            if not (0 <= row < x.shape[0] and 0 <= column < x.shape[1]):
                continue
            if multiplier == 1:  # apart from the general case, so that many channels are added at once
                for c in range(channels):
                    total[c] += x[row, column, c] * w[i, j, c]
            else:
                for c in range(channels):
                    for m in range(multiplier):
                        total[c * multiplier + m] += x[row, column, c] * w[i, j, c * multiplier + m]


TWINS: Twins = {
    INT8: looped(codes, otherwise=quantized),
    UINT8: looped(codes, otherwise=quantized),
    INT16: looped(wide_depthwise.codes, otherwise=quantized),
    FLOAT: looped(reals, otherwise=floating),
    HYBRID: looped(dynamic, Hybrid),
}
