"""Matrix products of 8-bit codes with the rescaling behind them: what CONV_2D and FULLY_CONNECTED are made of.

    y[m,u] = clamp(y_zero + rescale(b[u] + sum over k of (x[m,k] - x_zero) * (w[u,k] - w_zero)))       (eq. 5, 6)

The blocks multiply unsigned codes x' = x + x_shift by signed weights w' = w - w_shift; with zero points shifted alike,

    sum = sum x' * w'  -  x_zero' * sum w'  -  w_zero' * sum x'  +  k * x_zero' * w_zero'

of which all but the first and the third are constants of a channel and join its bias.
"""

from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.affine import Range
from minilite.numerics.fixed_point import INT32_MIN, wrap_int32
from minilite.numerics.jit import kernel
from minilite.numerics.rescale import Rescale
from minilite.ops.call import Array

from .blocks import GROUP, LANES, SIGN_BIT, dot_block, requantize
from .images import copy_image, reach
from .rescale import rescale_arrays, rescale_one

ROWS = 6  # rows of x that a block takes at once
WIDEST = 4  # vectors of channels that it takes at once
SCRATCH = ("total", "starts", "offsets", "more")  # of Packed
POINT = (1, 0, 1, 1, 1)  # the window that has one position and reads just itself


class Packed(NamedTuple):
    """The weights and all constants of a product, as the loops take them."""

    w: Array  # int8, flat: [vector of channels, segment, group of codes, lane, code]
    depth: int  # codes in a segment of a row of x
    groups: int  # of GROUP codes, with zero weights for those beyond the segment
    table: Array  # int32 [5, channels]: see blocks
    w_zero: int  # shifted
    flip: int
    limits: tuple[int, int, int]  # lowest and highest code less the zero point, the zero point
    in_vectors: bool  # the rule is "double", and no multiplier makes its one overflow
    rule: int
    multiplier: tuple[Array, Array, Array]  # mantissa, exponent, real: one per channel
    total: Array  # int32 [ROWS, WIDEST * LANES], scratch: the sums of a block
    starts: Array  # int64 [ROWS], scratch: where rows of x start
    offsets: Array  # int64 [segments], scratch: where segments lie behind the start
    more: Array  # int64 [ROWS], scratch: what rows add to their sums, zeros when w_zero is 0


def writable(array: Array) -> Array:
    """The array itself or a copy, such that loops need not be compiled again for a layout or for read-only data."""
    return array if array.flags.carray else array.copy()


def round_up(count: int, step: int) -> int:
    """The smallest multiple of `step` that is not below `count`."""
    return -(-count // step) * step


def requantize_table(rescale: Rescale, bias: Array) -> Array:
    """int32 [5, channels in whole vectors] for `blocks.requantize`: bias, mantissa, shifts to the left and right, mask.

    A rule other than "double" reads the biases only.
    """
    table = np.zeros((5, round_up(len(bias), LANES)), np.int32)
    scaling = rescale_arrays(rescale, len(bias))
    left, right = np.maximum(scaling.exponent, 0) & 31, np.maximum(-scaling.exponent, 0)
    columns = [wrap_int32(bias), scaling.mantissa, left, right, (1 << right) - 1]
    table[:, : len(bias)] = np.stack(columns).astype(np.int32)
    return table


def is_in_vectors(rescale: Rescale) -> bool:
    """Whether `blocks.requantize` can do it."""
    return rescale.rule.name == "double" and bool((rescale.multiplier.mantissa > INT32_MIN).all())


def pack(w: Array, b: Array | None, zeros: tuple[int, int, int], rescale: Rescale, codes: Range) -> Packed:
    """The constants of a product with w [u,segment,k] and b [u]; zeros are those of x, w, y."""
    units, segments, depth = w.shape
    signed = w.dtype == np.int8
    shift = SIGN_BIT if signed else 0
    x_zero, w_zero = zeros[0] + shift, zeros[1] - (SIGN_BIT - shift)
    weights = w if signed else (w ^ np.uint8(SIGN_BIT)).view(np.int8)
    bias = np.zeros(units, np.int64) if b is None else b.astype(np.int64)
    bias += segments * depth * x_zero * w_zero - x_zero * weights.sum(axis=(1, 2), dtype=np.int64)
    groups, vectors = max(1, round_up(depth, GROUP) // GROUP), round_up(units, WIDEST * LANES) // LANES
    padded = np.zeros((vectors * LANES, segments, groups * GROUP), np.int8)
    padded[:units, :, :depth] = weights
    in_lanes = padded.reshape(vectors, LANES, segments * groups, GROUP).transpose(0, 2, 1, 3)
    rule, mantissa, exponent, real = rescale_arrays(rescale, units)
    return Packed(
        w=np.ascontiguousarray(in_lanes).reshape(-1),
        depth=depth,
        groups=groups,
        table=requantize_table(rescale, bias),
        w_zero=w_zero,
        flip=shift,
        limits=(codes.low - zeros[2], codes.high - zeros[2], zeros[2]),
        in_vectors=is_in_vectors(rescale),
        rule=rule,
        multiplier=(mantissa, exponent, real),
        total=np.empty((ROWS, WIDEST * LANES), np.int32),
        starts=np.empty(ROWS, np.int64),
        offsets=np.zeros(segments, np.int64),
        more=np.zeros(ROWS, np.int64),
    )


@kernel
def windows_product(x: Any, y: Any, rows: Any, columns: Any, x_zero: Any, packed: Any) -> None:
    """y[n,p,q,u] from x[n,h,w,c], uint8: the rows of the product are windows of x."""
    if y.size == 0:
        return
    height, width, channels = x.shape[1:]
    across, units, codes = reach(columns), y.shape[3], y.reshape(-1)
    inside = rows[1] == 0 and columns[1] == 0 and reach(rows) <= height and across <= width
    copied = not (inside and packed.depth % GROUP == 0)  # a last group that is not whole reads behind the image
    set_offsets(columns, channels, rows, across if copied else width, packed)
    image = np.empty(reach(rows) * across * channels + GROUP if copied else 0, np.uint8)
    size = rows[0] * columns[0] * units
    for n in range(x.shape[0]):
        if copied:
            copy_image(x[n], image, rows, columns, channels, x_zero)
            image_product(image, across * channels, channels, codes, n * size, units, rows, columns, packed)
        else:
            whole = x[n].reshape(-1)
            image_product(whole, width * channels, channels, codes, n * size, units, rows, columns, packed)


def set_offsets(columns: Any, channels: Any, rows: Any, width: Any, packed: Any) -> None:
    """Where the segments of a window lie in an image: one for each of its rows, or one for each code of a row."""
    parts = packed.offsets.size // rows[2]
    for s in range(packed.offsets.size):
        packed.offsets[s] = (s // parts * rows[4] * width + s % parts * columns[4]) * channels


def image_product(
    x: Any, x_stride: Any, channels: Any, y: Any, y_start: Any, units: Any, rows: Any, columns: Any, packed: Any
) -> None:
    """The outputs of one image, whose rows are `x_stride` codes apart."""
    count, starts = rows[0] * columns[0], packed.starts
    together = ROWS if count >= ROWS else 1
    for m in range(0, count, together):
        first = min(m, count - together)  # the last block overlaps the one before it
        for r in range(together):
            p, q = divmod(first + r, columns[0])
            starts[r] = p * rows[3] * x_stride + q * columns[3] * channels
        if packed.w_zero != 0:
            sum_rows(x, together, packed)
        if together == ROWS:
            rows_product(x, y, y_start + first * units, units, packed)
        else:
            row_product(x, y, y_start + first * units, units, packed)


def rows_product(x: Any, y: Any, y_start: Any, units: Any, packed: Any) -> None:
    """ROWS rows of y, from the rows of x at `starts`."""
    groups, flip, w, total, starts, offsets = (
        packed.groups,
        packed.flip,
        packed.w,
        packed.total,
        packed.starts,
        packed.offsets,
    )
    size = offsets.size * groups * GROUP
    u = 0
    while u < units:
        if units - u > 2 * LANES:
            dot_block(x, starts, offsets, groups, flip, w, u * size, total, 6, 4)
            step = 4 * LANES
        elif units - u > LANES:
            dot_block(x, starts, offsets, groups, flip, w, u * size, total, 6, 2)
            step = 2 * LANES
        else:
            dot_block(x, starts, offsets, groups, flip, w, u * size, total, 6, 1)
            step = LANES
        finish(ROWS, u, min(u + step, units), y, y_start, units, packed)
        u += step


def row_product(x: Any, y: Any, y_start: Any, units: Any, packed: Any) -> None:
    """One row of y, from the row of x at starts[0]."""
    groups, flip, w, total, starts, offsets = (
        packed.groups,
        packed.flip,
        packed.w,
        packed.total,
        packed.starts,
        packed.offsets,
    )
    size = offsets.size * groups * GROUP
    u = 0
    while u < units:
        if units - u > LANES:
            dot_block(x, starts, offsets, groups, flip, w, u * size, total, 1, 4)
            step = 4 * LANES
        else:
            dot_block(x, starts, offsets, groups, flip, w, u * size, total, 1, 1)
            step = LANES
        finish(1, u, min(u + step, units), y, y_start, units, packed)
        u += step


def sum_rows(x: Any, rows: Any, packed: Any) -> None:
    """more[r] = -w_zero' * sum x' of each row."""
    flip = np.uint8(packed.flip)
    for r in range(rows):
        total = np.int64(0)
        for s in range(packed.offsets.size):
            start = packed.starts[r] + packed.offsets[s]
            for k in range(start, start + packed.depth):
                total += np.int64(x[k] ^ flip)
        packed.more[r] = -packed.w_zero * total


def finish(rows: Any, first: Any, last: Any, y: Any, y_start: Any, y_stride: Any, packed: Any) -> None:
    """Codes of the first rows of y from channel `first` up to `last`, from the sums."""
    total, table, more = packed.total, packed.table, packed.more
    low, high, zero = packed.limits
    if packed.in_vectors:
        for u in range(first, last, LANES):
            count = min(last - u, LANES)
            for r in range(rows):
                start = y_start + r * y_stride + u
                requantize(total, r, u - first, table, u, more[r], low, high, zero, y, start, count)
        return
    mantissa, exponent, real = packed.multiplier
    for r in range(rows):
        for u in range(first, last):
            accumulator = wrap_int32(np.int64(total[r, u - first]) + np.int64(table[0, u]) + more[r])
            scaled = rescale_one(packed.rule, accumulator, mantissa[u], exponent[u], real[u])
            y[y_start + r * y_stride + u] = np.uint8((min(max(scaled, low), high) + zero) & 255)
