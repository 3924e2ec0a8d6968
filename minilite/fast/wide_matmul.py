"""BATCH_MATMUL of int16 codes in a compiled loop: sums of 64 bits. The definition is minilite/ops/batch_matmul.py."""

import math
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.jit import kernel
from minilite.ops.call import Array
from minilite.ops.prepare import Prepared

from .arena import ALIGNMENT
from .blocks import as_tuple, round_up, viewed
from .matrices import matrices_of
from .packing import swap
from .parts import ALL, ranges
from .rescale import rescale_arrays, rescale_one
from .twins import Loop, Part, join


class Numbers(NamedTuple):
    """What the loop needs to know."""

    first: int  # of the matrices of y that the loop makes
    last: int
    rows: int
    depth: int
    columns: int
    swaps_x: int  # stored with its axes swapped
    swaps_w: int
    is_narrow: int  # w is int8
    rule: int
    zero: int
    low: int
    high: int
    x_copy: int  # where sections of the working memory start; the first has the sums of a row
    w_copy: int
    x_starts: int  # where sections of the constants start: where matrices start, and the multiplier
    w_starts: int
    scaling: int


COUNT = len(Numbers._fields)


def wide(prepared: Prepared, x: Array | None, w: Array | None) -> Loop | None:
    """The loop for int16 codes x, int16 or int8 w, None for empty matrices."""
    of, plan, y = matrices_of(prepared), prepared.plan, prepared.call["y"]
    if not math.prod(y.shape) or not of.depth or (plan.x_zero, plan.w_zero) != (0, 0):
        return None
    scaling = rescale_arrays(plan.rescale, 1)
    starts = of.x_index * of.rows * of.depth, of.w_index * of.depth * of.columns
    constants, sections = join(*starts, scaling.in_rows())
    sizes = 8 * of.columns, 2 * of.rows * of.depth, 2 * of.depth * of.columns
    ends = np.cumsum([round_up(size, ALIGNMENT) for size in sizes]).tolist()
    is_narrow = prepared.call["w"].dtype == np.int8
    settings = of.rows, of.depth, of.columns, int(of.swaps_x), int(of.swaps_w), int(is_narrow), scaling.rule
    numbers = Numbers(0, len(of.x_index), *settings, plan.y_zero, *plan.codes, *ends[:-1], *sections)
    return Loop(wide_loop, (0, 1), constants, np.array(numbers, np.int64), ends[-1], y.shape, y.dtype, share)


def share(whole: Loop, count: int) -> list[Part]:
    """The loop in parts, by matrices of y."""
    parts = []
    for first, last in ranges(int(whole.numbers[1]), count):
        numbers = whole.numbers.copy()
        numbers[:2] = first, last
        parts.append(Part(whole._replace(numbers=numbers), ALL, ALL, ALL))
    return parts


@kernel
def wide_loop(x: Any, w: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[k,m,n] from x[.,m,d] and w[.,d,n], int16 as bytes."""
    n = Numbers(*as_tuple(numbers, COUNT))
    x_starts, w_starts = viewed(constants[n.x_starts : n.w_starts], np.int64), viewed(constants[n.w_starts :], np.int64)
    x_copy, w_copy = viewed(scratch[n.x_copy : n.w_copy], np.int16), viewed(scratch[n.w_copy :], np.int16)
    for k in range(n.first, n.last):
        x_size, w_size, y_size = n.rows * n.depth, n.depth * n.columns, n.rows * n.columns
        rows = viewed(x, np.int16)[x_starts[k] : x_starts[k] + x_size]
        if n.swaps_x != 0:
            swap(rows, x_copy, n.rows)
            rows = x_copy
        if n.is_narrow != 0:
            matrix_of(viewed(w, np.int8)[w_starts[k] : w_starts[k] + w_size], w_copy, n)
        else:
            matrix_of(viewed(w, np.int16)[w_starts[k] : w_starts[k] + w_size], w_copy, n)
        made = viewed(y, np.int16)[k * y_size : (k + 1) * y_size]
        total = viewed(scratch[: 8 * n.columns], np.int64)
        for m in range(n.rows):
            add_up(rows[m * n.depth : (m + 1) * n.depth], w_copy, total)
            finish(total, made[m * n.columns : (m + 1) * n.columns], constants, n)


def matrix_of(w: Any, copy: Any, n: Any) -> None:
    """The matrix [d,n] as int16."""
    if n.swaps_w != 0:
        swap(w, copy, n.depth)
    else:
        for k in range(w.shape[0]):
            copy[k] = w[k]


def add_up(x: Any, w: Any, total: Any) -> None:
    """total[u] = sum over d of x[d] * w[d,u]."""
    total[:] = 0
    columns = total.shape[0]
    for d in range(x.shape[0]):
        row, value = w[d * columns : (d + 1) * columns], np.int32(x[d])
        for u in range(columns):
            total[u] += np.int64(np.int32(value * np.int32(row[u])))


def finish(total: Any, y: Any, constants: Any, n: Any) -> None:
    """Codes of a row of sums."""
    scaling = constants[n.scaling :]
    mantissa, exponent, real = (
        viewed(scaling, np.int64)[0],
        viewed(scaling, np.int64)[1],
        viewed(scaling, np.float64)[2],
    )
    for u in range(y.shape[0]):
        scaled = rescale_one(n.rule, total[u], mantissa, exponent, real)
        y[u] = min(max(scaled + n.zero, n.low), n.high)
