"""SOFTMAX and MEAN of float32 in compiled loops, in the official order of sums."""

import math
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.jit import kernel
from minilite.ops.call import Array
from minilite.ops.mean import FLOAT as MEAN
from minilite.ops.prepare import Prepared
from minilite.ops.softmax import FLOAT as SOFTMAX

from .blocks import as_tuple
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
    depth, beta = numbers[0], constants.view(np.float32)[0]
    values, made = x.view(np.float32), y.view(np.float32)
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
    """What the loop of means needs to know: x is [outer, reduced, inner]."""

    outer: int
    reduced: int
    inner: int


def mean(prepared: Prepared, x: Array | None) -> Loop | None:
    """The loop for axes that lie side by side."""
    (axes, shape), lengths = prepared.plan, prepared.call["x"].shape
    if not axes or axes != tuple(range(axes[0], axes[-1] + 1)) or not math.prod(lengths):
        return None
    last = axes[-1] + 1
    parts = lengths[: axes[0]], lengths[axes[0] : last], lengths[last:]
    numbers = np.array([math.prod(part) for part in parts], np.int64)
    return Loop(mean_loop, (0,), NOTHING, numbers, 0, shape, np.dtype(np.float32))


@kernel
def mean_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[o,k] from x[o,r,k], float32 as bytes."""
    n = Numbers(*as_tuple(numbers, 3))
    values, made = x.view(np.float32), y.view(np.float32)
    for o in range(n.outer):
        total = made[o * n.inner : (o + 1) * n.inner]
        total[:] = np.float32(0)
        for r in range(n.reduced):
            start = (o * n.reduced + r) * n.inner
            row = values[start : start + n.inner]
            for k in range(n.inner):
                total[k] += row[k]
        for k in range(n.inner):
            total[k] = total[k] / np.float32(n.reduced)


TWINS: Twins = {SOFTMAX: looped(softmax), MEAN: looped(mean)}
