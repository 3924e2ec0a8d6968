"""SOFTMAX of 8-bit codes in a compiled loop. The definition is minilite/ops/softmax.py.

An exponential depends on nothing but how far a code is below the largest of its row: 256 of them are made ahead.
"""

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.exponential import exp_of_negative, reciprocal
from minilite.numerics.fixed_point import doubling_high_multiply, rounding_right_shift_away, shift_left_int32
from minilite.numerics.jit import kernel
from minilite.ops.call import Array
from minilite.ops.prepare import Prepared
from minilite.ops.softmax import DIFFERENCE_BITS, FIXED_POINT, SUM_BITS, Plan, require_sums

from .blocks import SIGN_BIT, as_tuple, viewed
from .twins import Kernel, Loop, Looped, Twins, bytes_of, join

CODES = 256


class Numbers(NamedTuple):
    """What the loop needs to know: x is [rows, depth]."""

    rows: int
    depth: int
    flip: int  # makes codes unsigned
    reach: int  # codes further below the largest count as nothing
    bits: int  # of y
    low: int
    high: int


NUMBERS = len(Numbers._fields)


def make_loop(prepared: Prepared) -> Loop:
    """The loop. It leaves the largest sum of exponentials in the working memory, for those that have to look."""
    plan, call = prepared.plan, prepared.call
    differences = -np.arange(CODES)
    counts = differences >= plan.lowest_difference
    shifted = shift_left_int32(np.where(counts, differences, 0), plan.multiplier.exponent)
    scaled = doubling_high_multiply(shifted, plan.multiplier.mantissa)
    exponentials = exp_of_negative(scaled, DIFFERENCE_BITS)
    flip, reach = SIGN_BIT if call["x"].dtype == np.int8 else 0, int(counts.sum()) - 1
    *outer, depth = call["x"].shape
    numbers = Numbers(math.prod(outer), depth, flip, reach, plan.bits, *plan.codes)
    constants, _ = join(exponentials.astype(np.int64))
    return Loop(codes_loop, (0,), constants, np.array(numbers, np.int64), 8, call["y"].shape, plan.dtype)


def twin(prepared: Prepared, *constants: Array | None) -> Kernel:
    """The loop, and a look at the sums where a row is long enough to add up to what the definition refuses."""
    plan: Plan = prepared.plan
    shape, one = prepared.call["x"].shape, 2 ** (31 - SUM_BITS)
    limit = 2 ** min(plan.bits + 31 - SUM_BITS + 1, 32)
    if shape and shape[-1] * one < limit:
        return Looped(lambda x: make_loop(prepared), partial(prepared.variant.run, plan), constants)

    def checked(x: Array) -> Array:
        y = np.empty(loop.shape, loop.dtype)
        if y.size:
            largest = np.zeros(1, np.int64)
            loop.function(bytes_of(x), bytes_of(x), bytes_of(y), largest.view(np.uint8), loop.constants, loop.numbers)
            require_sums(plan.where, largest, limit, one)
        return y

    loop = make_loop(prepared)
    return checked


@kernel
def codes_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n,d] from x[n,d]: uint8 and the bytes of 8 or 16 bits."""
    n = Numbers(*as_tuple(numbers, NUMBERS))
    exponentials, flip = viewed(constants[: 8 * CODES], np.int64), np.uint8(n.flip)
    for k in range(n.rows):
        row = x[k * n.depth : (k + 1) * n.depth]
        largest = np.uint8(0)
        for d in range(n.depth):
            largest = max(largest, row[d] ^ flip)
        total = np.int64(0)
        for d in range(n.depth):
            below = np.int64(largest) - np.int64(row[d] ^ flip)
            if below <= n.reach:
                total += rounding_right_shift_away(exponentials[below], SUM_BITS)
        viewed(scratch[:8], np.int64)[0] = max(viewed(scratch[:8], np.int64)[0], total)
        inverse, bits = reciprocal(total, SUM_BITS)
        for d in range(n.depth):
            below, code = np.int64(largest) - np.int64(row[d] ^ flip), n.low
            if below <= n.reach:
                product = doubling_high_multiply(inverse, exponentials[below])
                share = rounding_right_shift_away(product, bits + 31 - n.bits)
                code = min(max(share + n.low, n.low), n.high)
            if n.bits == 16:
                viewed(y, np.int16)[k * n.depth + d] = code
            else:
                y[k * n.depth + d] = np.uint8(code & 255)


TWINS: Twins = {FIXED_POINT: twin}
