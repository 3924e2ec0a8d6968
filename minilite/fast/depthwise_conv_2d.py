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
from minilite.ops.call import Array
from minilite.ops.convolution import FloatPlan, Plan
from minilite.ops.depthwise_conv_2d import FLOAT, INT8, INT16, UINT8
from minilite.ops.prepare import Prepared

from .blocks import (
    DOUBLE,
    LANES,
    SIGN_BIT,
    UNKNOWN,
    Codes,
    as_tuple,
    codes_table,
    requantize,
    rule_in_vectors,
    tap_block,
)
from .images import IMAGE, Image, copy_image, image_bytes, make_image
from .parts import share_images
from .rescale import clamp_real, rescale_arrays, rescale_one
from .twins import Kernel, Loop, Looped, Part, Twins, join, unpacked


class Numbers(NamedTuple):
    """What the loop for 8-bit codes needs to know, beside how the image is copied."""

    batch: int
    units: int
    rows: int  # positions of the window
    columns: int
    row_step: int  # codes of the copied image from one position to the next
    column_step: int
    image_size: int  # codes of an image of x
    taps: int
    low: int  # lowest and highest code less the zero point
    high: int
    zero: int
    rule: int
    table_columns: int
    w: int  # where the sections of the constants start: int16 [tap, table_columns] less the zero point
    table: int
    offsets: int


NUMBERS = len(Numbers._fields)
POSITIONS = 4  # of the output that a block takes at once
TOTAL_BYTES = 4 * POSITIONS * LANES


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
    units, flip, columns = w.shape[3], 0 if plan.dtype == np.int8 else SIGN_BIT, plan.columns
    image = make_image(x_shape, rows, columns, units, plan.x_zero & 255, flip)
    weights = w.reshape(-1, units).astype(np.int64) - plan.w_zero
    bias = -(plan.x_zero - flip) * weights.sum(axis=0)
    table = codes_table(plan.rescale, bias if b is None else bias + b)
    padded = np.zeros((len(weights), table.shape[1]), np.int16)
    padded[:, :units] = weights
    i, j = np.indices((rows.size, columns.size)).reshape(2, -1)
    offsets = (i * rows.dilation * image.across + j * columns.dilation) * units
    constants, starts = join(padded, table, offsets)
    numbers = Numbers(
        batch=x_shape[0],
        units=units,
        rows=rows.output,
        columns=columns.output,
        row_step=rows.stride * image.across * units,
        column_step=columns.stride * units,
        image_size=math.prod(x_shape[1:]),
        taps=len(offsets),
        low=plan.codes.low - plan.y_zero,
        high=plan.codes.high - plan.y_zero,
        zero=plan.y_zero,
        rule=rule_in_vectors(plan.rescale),
        table_columns=table.shape[1],
        **dict(zip(Numbers._fields[-len(starts) :], starts, strict=True)),
    )
    scratch = TOTAL_BYTES + image_bytes(image) + LANES  # a block reads whole vectors
    every = np.array([*numbers, *image], np.int64)

    def share(whole: Loop, count: int) -> list[Part]:
        return share_images(whole, x_shape, rows, partial(make_loop, plan, w, b, shape), count)

    return Loop(codes_loop, (0,), constants, every, scratch, shape, plan.dtype, share)


@kernel
def codes_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n,p,q,u] from x[n,h,w,c], uint8."""
    n = Numbers(*as_tuple(numbers, NUMBERS))
    codes = Codes(constants[n.table : n.offsets].view(np.int32), n.table_columns, n.rule, n.low, n.high, n.zero)
    w = constants[n.w : n.table].view(np.int16)
    offsets = constants[n.offsets : n.offsets + 8 * n.taps].view(np.int64)
    total, image = scratch[:TOTAL_BYTES].view(np.int32), scratch[TOTAL_BYTES:]
    for k in range(n.batch):
        source = x[k * n.image_size : (k + 1) * n.image_size]
        copy_image(source, image, Image(*as_tuple(numbers[NUMBERS:], IMAGE)))
        for p in range(n.rows):
            y_start = (k * n.rows + p) * n.columns * n.units
            codes_row(image, p * n.row_step, y, y_start, w, offsets, codes, total, n)


def codes_row(
    image: Any, start: Any, y: Any, y_start: Any, w: Any, offsets: Any, codes: Any, total: Any, n: Any
) -> None:
    """One row of outputs."""
    q, together = 0, POSITIONS if n.columns >= POSITIONS else 1
    while q < n.columns:
        q = min(q, n.columns - together)  # the last block overlaps the one before it
        first, place = start + q * n.column_step, y_start + q * n.units
        for u in range(0, n.units, LANES):
            left, step = n.units - u, n.column_step
            if together == 1:
                tap_block(image, first, step, offsets, w, codes, u, y, place + u, n.units, left, total, 1)
            else:
                tap_block(image, first, step, offsets, w, codes, u, y, place + u, n.units, left, total, 4)
            if codes.rule != DOUBLE:
                for r in range(together):
                    requantize(total, r * LANES, 0, codes, u, y, place + r * n.units + u, left)
        q += together


def quantized_codes(prepared: Prepared, *constants: Array | None) -> Kernel:
    """The twin for 8-bit codes."""
    return Looped(partial(codes, prepared), partial(quantized, prepared.plan), constants)


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


def floating(plan: FloatPlan, x: Array, w: Array, b: Array | None = None) -> Array:
    """float32 values [n,h,w,u] for x [n,h,w,c], w [1,i,j,u], b [u]."""
    y = np.zeros((x.shape[0], plan.rows.output, plan.columns.output, w.shape[3]), np.float32)
    bias = np.zeros(w.shape[3], np.float32) if b is None else b
    floating_loop(x, w[0], bias, y, tuple(plan.rows), tuple(plan.columns), plan.reals.low, plan.reals.high)
    return y


@kernel
def floating_loop(x: Any, w: Any, b: Any, y: Any, rows: Any, columns: Any, low: Any, high: Any) -> None:
    """y[n,p,q,u], zeros at first, from x[n,h,w,c], w[i,j,u], b[u]; each sum over i, then j."""
    for n in range(y.shape[0]):
        for p in range(y.shape[1]):
            for q in range(y.shape[2]):
                add_window(x[n], w, y[n, p, q], p, q, rows, columns)
                for u in range(y.shape[3]):
                    # A sum from 0 is never -0, so a bias of 0 in place of one left out changes nothing.
                    y[n, p, q, u] = clamp_real(y[n, p, q, u] + b[u], low, high)


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
    INT8: quantized_codes,
    UINT8: quantized_codes,
    INT16: unpacked(quantized),
    FLOAT: unpacked(floating),
}
