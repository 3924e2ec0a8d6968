"""SOFTMAX and LOG_SOFTMAX of 8-bit codes in float32, a compiled loop. The definition is ops/softmax_by_floats.py."""

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.jit import kernel
from minilite.numerics.rounding import round_half_added, round_half_away, round_half_even
from minilite.ops.call import Array
from minilite.ops.log_softmax import LOG_SOFTMAX
from minilite.ops.prepare import Prepared
from minilite.ops.softmax import BY_FLOATS
from minilite.ops.softmax_by_floats import Plan

from .blocks import SIGN_BIT, as_tuple, viewed
from .quantize import in_32_bits
from .softmax import CODES
from .twins import Loop, Twins, looped

SHARES, UNSIGNED_SHARES, LOGARITHMS = range(3)


class Numbers(NamedTuple):
    """What the loop needs to know: x is [rows, depth]."""

    way: int
    rows: int
    depth: int
    flip: int  # makes codes of x unsigned
    size: int  # bytes of a code of y
    zero: int  # of y
    low: int
    high: int


NUMBERS = len(Numbers._fields)


def by_floats(is_logarithm: bool, prepared: Prepared, x: Array | None) -> Loop:
    """The loop."""
    plan: Plan = prepared.plan
    shape, is_signed = prepared.call["x"].shape, prepared.call["x"].dtype == np.int8
    way = LOGARITHMS if is_logarithm else UNSIGNED_SHARES if plan.dtype == np.uint8 else SHARES
    constants = np.array([*plan.table, plan.y_scale, plan.step, plan.step / plan.y_scale], np.float32).view(np.uint8)
    flip, zero = SIGN_BIT if is_signed else 0, 0 if way == UNSIGNED_SHARES else plan.y_zero
    rows = math.prod(shape[:-1])
    numbers = Numbers(way, rows, shape[-1], flip, plan.dtype.itemsize, zero, *plan.codes)
    return Loop(codes_loop, (0,), constants, np.array(numbers, np.int64), 0, shape, plan.dtype)


@kernel
def codes_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n,d] from x[n,d]: uint8 and the bytes of 8 or 16 bits."""
    n, table = Numbers(*as_tuple(numbers, NUMBERS)), viewed(constants, np.float32)
    y_scale, step, ratio = table[CODES], table[CODES + 1], table[CODES + 2]
    flip = np.uint8(n.flip)
    for k in range(n.rows):
        row = x[k * n.depth : (k + 1) * n.depth]
        largest = np.uint8(0)
        for d in range(n.depth):
            largest = max(largest, row[d] ^ flip)
        total = np.float32(0)
        for d in range(n.depth):
            total += table[np.uint64(largest - (row[d] ^ flip))]
        if n.way == LOGARITHMS:
            top = np.float32(np.int64(largest) - n.flip)
            taken = np.float32(np.float32(step * top) + np.float32(math.log(total))) / y_scale
        else:
            taken = np.float32(1) / np.float32(total * y_scale)
        for d in range(n.depth):
            code = row[d] ^ flip
            if n.way == LOGARITHMS:
                steps = round_half_even(np.float32(ratio * np.float32(np.int64(code) - n.flip)) - taken)
            elif n.way == SHARES:
                steps = round_half_away(table[np.uint64(largest - code)] * taken)
            else:
                steps = round_half_added(table[np.uint64(largest - code)] * taken)
            made = min(max(in_32_bits(steps) + n.zero, n.low), n.high)
            if n.size == 2:
                viewed(y, np.int16)[k * n.depth + d] = made
            else:
                y[k * n.depth + d] = np.uint8(made & 255)


TWINS: Twins = {
    BY_FLOATS: looped(partial(by_floats, False)),
    **{v: looped(partial(by_floats, True)) for v in LOG_SOFTMAX.variants if v.name == "by floats"},
}
