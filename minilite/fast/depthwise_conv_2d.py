"""DEPTHWISE_CONV_2D in compiled loops. The definition is minilite/ops/depthwise_conv_2d.py.

8-bit codes: an image is copied with its padding, each channel as often as it has outputs. Then tap t of a window lies
at the same distance offsets[t] from the first code of the window everywhere, and no loop asks where the image ends.
"""

from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.jit import kernel
from minilite.ops.call import Array
from minilite.ops.convolution import FloatPlan, Plan
from minilite.ops.depthwise_conv_2d import FLOAT, INT8, INT16, UINT8

from .blocks import LANES, SIGN_BIT, requantize, tap_block
from .images import copy_image, reach
from .products import is_in_vectors, requantize_table, round_up
from .rescale import clamp_real, rescale_arrays, rescale_one
from .twins import Twins, packing, unpacked

POSITIONS = 4  # of the output that a block takes at once


class Packed(NamedTuple):
    """Constants as the loop for 8-bit codes takes them."""

    w: Array  # int16 [i*j, channels in whole vectors], less the zero point
    table: Array  # see blocks
    flip: int
    x_zero: int  # as uint8
    limits: tuple[int, int, int]  # lowest and highest code less the zero point, the zero point
    windows: tuple[tuple[int, ...], tuple[int, ...]]  # rows and columns
    offsets: Array  # int64 [i*j], scratch
    total: Array  # int32 [POSITIONS, LANES], scratch: the sums of a block


def pack_codes(plan: Plan, w: Array, b: Array | None) -> Packed:
    """Constants for w [1,i,j,u] and b [u]: the zero point of x joins the bias."""
    units, flip = w.shape[3], 0 if plan.dtype == np.int8 else SIGN_BIT
    weights = w.reshape(-1, units).astype(np.int64) - plan.w_zero
    bias = -(plan.x_zero - flip) * weights.sum(axis=0)
    padded = np.zeros((len(weights), round_up(units, LANES)), np.int16)
    padded[:, :units] = weights
    return Packed(
        w=padded,
        table=requantize_table(plan.rescale, bias if b is None else bias + b),
        flip=flip,
        x_zero=plan.x_zero & 255,
        limits=(plan.codes.low - plan.y_zero, plan.codes.high - plan.y_zero, plan.y_zero),
        windows=(tuple(plan.rows), tuple(plan.columns)),
        offsets=np.empty(len(weights), np.int64),
        total=np.empty((POSITIONS, LANES), np.int32),
    )


def codes(plan: Plan, packed: Packed, x: Array, w: Array, b: Array | None) -> Array:
    """8-bit codes [n,h,w,u] for x [n,h,w,c], w [1,i,j,u], b [u]."""
    if not is_in_vectors(plan.rescale):
        return quantized(plan, x, w, b)
    y = np.empty((x.shape[0], plan.rows.output, plan.columns.output, w.shape[3]), plan.dtype)
    codes_loop(np.ascontiguousarray(x).view(np.uint8), y.view(np.uint8), packed)
    return y


@kernel
def codes_loop(x: Any, y: Any, packed: Any) -> None:
    """y[n,p,q,u] from x[n,h,w,c], uint8."""
    rows, columns = packed.windows
    width, units = reach(columns), y.shape[3]
    if y.size == 0:
        return
    for i in range(rows[2]):
        for j in range(columns[2]):
            packed.offsets[i * columns[2] + j] = (i * rows[4] * width + j * columns[4]) * units
    image = np.empty(reach(rows) * width * units + LANES, np.uint8)  # a block reads whole vectors
    codes = y.reshape(-1)
    for n in range(y.shape[0]):
        copy_image(x[n], image, rows, columns, units, packed.x_zero)
        for p in range(rows[0]):
            start, y_start = p * rows[3] * width * units, (n * rows[0] + p) * columns[0] * units
            codes_row(image, start, columns[3] * units, codes, y_start, columns[0], units, packed)


def codes_row(image: Any, start: Any, step: Any, y: Any, y_start: Any, positions: Any, units: Any, packed: Any) -> None:
    """One row of outputs, whose windows start `step` codes apart."""
    q = 0
    while q < positions:
        if positions >= POSITIONS:
            q = min(q, positions - POSITIONS)  # the last block overlaps the one before it
            count = POSITIONS
        else:
            count = 1
        for u in range(0, units, LANES):
            first = start + q * step + u
            if count == 1:
                tap_block(image, first, step, packed.offsets, packed.w, u, packed.flip, packed.total, 1)
            else:
                tap_block(image, first, step, packed.offsets, packed.w, u, packed.flip, packed.total, 4)
            finish(count, u, y, y_start + q * units, units, packed)
        q += count


def finish(count: Any, u: Any, y: Any, y_start: Any, units: Any, packed: Any) -> None:
    """Codes of `count` positions, LANES channels from u on, from the sums."""
    total, table = packed.total, packed.table
    low, high, zero = packed.limits
    for r in range(count):
        requantize(total, r, 0, table, u, 0, low, high, zero, y, y_start + r * units + u, min(units - u, LANES))


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
    INT8: packing(pack_codes, codes, ("offsets", "total")),
    UINT8: packing(pack_codes, codes, ("offsets", "total")),
    INT16: unpacked(quantized),
    FLOAT: unpacked(floating),
}
