"""SOFTMAX, MEAN and SUM of float32 in compiled loops, in the official order of sums."""

import math
from collections.abc import Collection
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.eigen import LANES
from minilite.numerics.jit import kernel
from minilite.ops import Variant
from minilite.ops.call import Array
from minilite.ops.mean import FLOAT as MEAN
from minilite.ops.mean import FROM_FIRST, OF_ROWS
from minilite.ops.prepare import Prepared
from minilite.ops.reduce_sum import SUM, sum_float, sum_from_first
from minilite.ops.signature import Shape
from minilite.ops.softmax import FLOAT as SOFTMAX

from .blocks import as_tuple, viewed
from .twins import Loop, Twins, looped

NOTHING = np.zeros(0, np.uint8)


def softmax(prepared: Prepared, x: Array | None) -> Loop | None:
    """The loop for x [...,d], None for other types."""
    call = prepared.call
    if call["x"].dtype != np.float32:
        return None
    constants, numbers = np.array([prepared.plan], np.float32).view(np.uint8), np.array([call["x"].shape[-1]], np.int64)
    return Loop(softmax_loop, (0,), constants, numbers, 0, call["y"].shape, np.dtype(np.float32))


@kernel
def softmax_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n,d] from x[n,d], float32 as bytes."""
    depth, beta = numbers[0], viewed(constants, np.float32)[0]
    values, made = viewed(x, np.float32), viewed(y, np.float32)
    for start in range(0, made.shape[0], depth):
        row, shares = values[start : start + depth], made[start : start + depth]
        largest = np.float32(np.finfo(np.float32).min)
        for d in range(depth):
            largest = row[d] if row[d] > largest else largest
        total = np.float32(0)
        for d in range(depth):
            shares[d] = math.exp(np.float32(np.float32(row[d] - largest) * beta))
            total = np.float32(total + shares[d])
        for d in range(depth):
            shares[d] = shares[d] / total


class Numbers(NamedTuple):
    """What the loop of sums needs to know: x is [outer, reduced, inner]."""

    outer: int
    reduced: int
    inner: int
    from_first: int  # sums begin with the first element, not with 0
    divides: int  # by the number of elements


def sums(from_first: bool, divides: bool, prepared: Prepared, x: Array | None) -> Loop | None:
    """The loop of a MEAN or SUM, None where something is between the axes, and where nothing is summed."""
    axes, shape = prepared.plan
    parts = around(prepared.call["x"].shape, axes)
    if parts is None:
        return None
    numbers = np.array(Numbers(*parts, int(from_first), int(divides)), np.int64)
    return Loop(sums_loop, (0,), NOTHING, numbers, 0, shape, np.dtype(np.float32))


def around(shape: Shape, axes: Collection[int]) -> tuple[int, int, int] | None:
    """The elements before, along and behind some axes; None where others lie between, and for no elements."""
    long = [axis for axis, length in enumerate(shape) if length != 1]
    reduced = [axis for axis in long if axis in axes]
    first, last = (reduced[0], reduced[-1] + 1) if reduced else (len(shape), len(shape))
    if any(first < axis < last and axis not in axes for axis in long) or 0 in shape:
        return None
    before, along, behind = map(math.prod, (shape[:first], shape[first:last], shape[last:]))
    return before, along, behind


@kernel
def sums_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[o,k] from x[o,r,k], float32 as bytes, first to last."""
    n = Numbers(*as_tuple(numbers, 5))
    values, made = viewed(x, np.float32), viewed(y, np.float32)
    for o in range(n.outer):
        total, first = made[o * n.inner : (o + 1) * n.inner], o * n.reduced * n.inner
        total[:] = np.float32(0)
        if n.from_first != 0:
            total[:] = values[first : first + n.inner]
        for r in range(n.from_first, n.reduced if n.inner == 1 else 0):
            total[0] += values[first + r]
        for r in range(n.from_first, n.reduced if n.inner > 1 else 0):
            row = values[first + r * n.inner : first + (r + 1) * n.inner]
            for k in range(n.inner):
                total[k] += row[k]
        if n.divides != 0:
            for k in range(n.inner):
                total[k] = total[k] / np.float32(n.reduced)


def means_of_rows(prepared: Prepared, x: Array | None) -> Loop:
    """The loop of the Eigen library's means over the last axes."""
    numbers = np.array([prepared.plan.elements], np.int64)
    return Loop(rows_loop, (0,), NOTHING, numbers, 0, prepared.plan.shape, np.dtype(np.float32))


@kernel
def rows_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n] from x[n,d], float32 as bytes, in the order of numerics/eigen.py."""
    depth, values, made = numbers[0], viewed(x, np.float32), viewed(y, np.float32)
    for k in range(made.shape[0]):
        row, head = values[k * depth : (k + 1) * depth], min(-(k * depth) % LANES, depth)
        packets = (depth - head) // LANES
        tail = head + packets * LANES
        total, start = row[0], 1
        if packets > 0:
            total, start = packets_sum(row[head:tail]), 0
        for d in range(start, head):
            total += row[d]
        for d in range(max(tail, start), depth):
            total += row[d]
        made[k] = total / np.float32(depth)


def packets_sum(x: Any) -> Any:
    """The sum of whole packets of four."""
    a, b, c, d = x[0], x[1], x[2], x[3]
    pairs = x.shape[0] // (2 * LANES)
    if pairs > 0:
        e, f, g, h = x[4], x[5], x[6], x[7]
        for start in range(2 * LANES, pairs * 2 * LANES, 2 * LANES):
            a, b, c, d = a + x[start], b + x[start + 1], c + x[start + 2], d + x[start + 3]
            e, f, g, h = e + x[start + 4], f + x[start + 5], g + x[start + 6], h + x[start + 7]
        a, b, c, d = a + e, b + f, c + g, d + h
        last = pairs * 2 * LANES
        if last < x.shape[0]:
            a, b, c, d = a + x[last], b + x[last + 1], c + x[last + 2], d + x[last + 3]
    return (a + c) + (b + d)


def sum_twin(variant: Variant, prepared: Prepared, x: Array | None) -> Loop | None:
    """The loop of SUM: the reference kernel begins with the first element where one number is left."""
    whole = len(prepared.plan.axes) == len(prepared.call["x"].shape)
    from_first = variant.kernel is sum_from_first or (variant.kernel is sum_float and whole)
    return sums(from_first, False, prepared, x)


SUMS = [variant for variant in SUM.variants if variant.types == ("float32",)]
TWINS: Twins = {
    SOFTMAX: looped(softmax),
    MEAN: looped(partial(sums, False, True)),
    FROM_FIRST: looped(partial(sums, True, True)),
    OF_ROWS: looped(means_of_rows),
    **{variant: looped(partial(sum_twin, variant)) for variant in SUMS},
}
