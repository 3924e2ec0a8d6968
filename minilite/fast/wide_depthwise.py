"""DEPTHWISE_CONV_2D of int16 codes in a compiled loop. The definition is minilite/ops/depthwise_conv_2d.py.

    sums of products have 32 bits, the bias 64:     |x * w| <= 2**22, so 511 taps of any codes fit

A row of outputs is made at once. The rows of the image that it needs are copied first: with their padding, each channel
as often as it has outputs, and the pixels that a tap meets side by side, as many kinds as a step has pixels. Then the
codes of a tap lie as the outputs do. The copy has as many rows as a window reaches over; new ones take the places of
those no longer needed. Weights are repeated, so that loops are long however few channels there are.
"""

from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.geometry import Window
from minilite.numerics.jit import kernel
from minilite.ops.call import Array
from minilite.ops.convolution import Plan
from minilite.ops.prepare import Prepared

from .arena import ALIGNMENT
from .blocks import as_tuple, round_up, viewed
from .rescale import RULE_CODES, rescale_arrays, rescale_one
from .twins import Loop, join

TOGETHER = 128  # elements that loops go over at least, where weights repeat
TAPS = 3  # that loops take at once
LARGEST = 2**15  # magnitude of a code
RULE = RULE_CODES["int16-multiplier"]


class Numbers(NamedTuple):
    """What the loop needs to know, before the windows over rows and columns."""

    batch: int
    height: int
    width: int
    channels: int
    units: int
    taps: int  # of a window, with those of weight 0 that make them whole TAPS
    reach: int  # rows that a window reaches over
    period: int  # elements for which weights, bias and multipliers are laid out
    phase: int  # pixels of a copied row that a tap meets side by side; there are as many phases as a step has pixels
    zero: int
    low: int
    high: int
    bias: int  # where sections of the constants start; the first has weights
    mantissa: int
    exponent: int
    offsets: int
    rows: int
    copy: int  # where the copied rows start in the working memory, behind the sums of a row


COUNT, WINDOW = len(Numbers._fields), len(Window._fields)


def codes(prepared: Prepared, x: Array | None, w: Array | None, b: Array | None = None) -> Loop | None:
    """The loop for x [n,h,w,c], w [1,i,j,u], b [u]; None for weights whose sums may leave 32 bits."""
    call, plan = prepared.call, prepared.plan
    if w is None or (b is None) != (call.optional("b") is None) or not w.size:
        return None
    weights = w.reshape(-1, w.shape[3]).astype(np.int32)
    if np.abs(weights).sum(axis=0, dtype=np.int64).max() * LARGEST >= 2**31:
        return None
    return make_loop(plan, weights, b, call["x"].shape, call["y"].shape)


def make_loop(plan: Plan, w: Array, b: Array | None, x_shape: tuple[int, ...], shape: tuple[int, ...]) -> Loop:
    """The loop for weights w int32 [taps,u]."""
    (batch, height, width, channels), units, rows, columns = x_shape, w.shape[1], plan.rows, plan.columns
    repeats = min(-(-TOGETHER // units), max(columns.output, 1))
    phase = columns.output + (columns.size - 1) * columns.dilation // columns.stride
    weights = np.pad(w, ((0, -len(w) % TAPS), (0, 0)))
    i, j = np.divmod(np.arange(len(weights)) % len(w), columns.size)
    shift = j * columns.dilation
    offsets = (shift % columns.stride * phase + shift // columns.stride) * units
    bias = np.zeros(units, np.int64) if b is None else b.astype(np.int64)
    scaling = rescale_arrays(plan.rescale, units)
    parts = [np.tile(part, repeats) for part in (bias, scaling.mantissa, scaling.exponent)]
    constants, starts = join(np.tile(weights, repeats), *parts, offsets, i * rows.dilation)
    period, size = units * repeats, columns.output * units
    copy = round_up(4 * size, ALIGNMENT)
    reach = (rows.size - 1) * rows.dilation + 1
    scratch = copy + 2 * reach * columns.stride * phase * units
    limits = plan.y_zero, plan.codes.low, plan.codes.high
    sizes = len(weights), reach, period, phase
    numbers = Numbers(*(batch, height, width, channels, units), *sizes, *limits, *[*starts[1:], copy])
    every = np.array([*numbers, *rows, *columns], np.int64)
    return Loop(codes_loop, (0,), constants, every, scratch, shape, plan.dtype)


@kernel
def codes_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n,p,q,u] from x[n,h,w,c], int16 as bytes."""
    n = Numbers(*as_tuple(numbers, COUNT))
    rows, columns = Window(*as_tuple(numbers[COUNT:], WINDOW)), Window(*as_tuple(numbers[COUNT + WINDOW :], WINDOW))
    codes, made, size = viewed(x, np.int16), viewed(y, np.int16), columns.output * n.units
    across = columns.stride * n.phase * n.units  # codes of a copied row
    sums = viewed(scratch[: 4 * size], np.int32)
    copy = viewed(scratch[n.copy : n.copy + 2 * n.reach * across], np.int16)
    weights = viewed(constants[: 4 * n.taps * n.period], np.int32)
    for k in range(n.batch):
        ready = 0  # rows copied so far, counted with the padding
        for p in range(rows.output):
            top = p * rows.stride
            for row in range(max(ready, top), top + n.reach):
                copy_row(codes, k * n.height, row - rows.before, copy, row % n.reach * across, across, columns, n)
            ready = top + n.reach
            sum_row(copy, top, across, weights, sums, constants, n)
            finish(sums, made, (k * rows.output + p) * size, constants, n)


def copy_row(x: Any, first: Any, row: Any, y: Any, y_start: Any, across: Any, columns: Any, n: Any) -> None:
    """A row of an image, phase by phase: pixel i of phase s is the one at i * stride + s, counted with the padding.

    `first` counts the rows of the images before.
    """
    for i in range(y_start, y_start + across):
        y[np.uint64(i)] = 0
    if row < 0 or row >= n.height:
        return
    multiplier, x_start = n.units // n.channels, (first + row) * n.width * n.channels
    pixels = min(n.width, columns.stride * n.phase - columns.before)
    if columns.stride == 1 and multiplier == 1:
        a, b = np.uint64(x_start), np.uint64(y_start + columns.before * n.units)
        for i in range(pixels * n.units):
            y[b + np.uint64(i)] = x[a + np.uint64(i)]
        return
    for column in range(pixels):
        place = column + columns.before
        to = y_start + (place % columns.stride * n.phase + place // columns.stride) * n.units
        a, b = np.uint64(x_start + column * n.channels), np.uint64(to)
        for m in range(multiplier):
            for c in range(n.channels):
                y[b + np.uint64(c * multiplier + m)] = x[a + np.uint64(c)]


def sum_row(x: Any, top: Any, across: Any, w: Any, sums: Any, constants: Any, n: Any) -> None:
    """sums[k] = sum over t of x[row t % reach, offset t + k] * w[t,k], w repeated behind a period."""
    offsets = viewed(constants[n.offsets : n.offsets + 8 * n.taps], np.int64)
    rows = viewed(constants[n.rows : n.rows + 8 * n.taps], np.int64)
    for t in range(0, n.taps, TAPS):
        first = (top + rows[t]) % n.reach * across + offsets[t]
        second = (top + rows[t + 1]) % n.reach * across + offsets[t + 1]
        third = (top + rows[t + 2]) % n.reach * across + offsets[t + 2]
        # Unsigned places, for which no one has to ask whether they count from the end.
        p, q, r = np.uint64(t * n.period), np.uint64((t + 1) * n.period), np.uint64((t + 2) * n.period)
        for start in range(0, sums.shape[0], n.period):
            a, b, c = np.uint64(first + start), np.uint64(second + start), np.uint64(third + start)
            s = np.uint64(start)
            for i in range(min(n.period, sums.shape[0] - start)):
                k = np.uint64(i)
                made = np.int32(x[a + k]) * w[p + k] + np.int32(x[b + k]) * w[q + k] + np.int32(x[c + k]) * w[r + k]
                sums[s + k] = made if t == 0 else sums[s + k] + made


def finish(sums: Any, y: Any, place: Any, constants: Any, n: Any) -> None:
    """A row of codes, from y[place] on, from their sums."""
    bias = viewed(constants[n.bias : n.bias + 8 * n.period], np.int64)
    mantissa = viewed(constants[n.mantissa : n.mantissa + 8 * n.period], np.int64)
    exponent = viewed(constants[n.exponent : n.exponent + 8 * n.period], np.int64)
    for start in range(0, sums.shape[0], n.period):
        s, p = np.uint64(start), np.uint64(place + start)
        for i in range(min(n.period, sums.shape[0] - start)):
            k = np.uint64(i)
            scaled = rescale_one(RULE, np.int64(sums[s + k]) + bias[k], mantissa[k], exponent[k], 0.0)
            y[p + k] = min(max(scaled + n.zero, n.low), n.high)
