"""SOFTMAX of int16 codes in a compiled loop. The definition is minilite/ops/softmax.py."""

import math
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.exponential import normalize
from minilite.numerics.fixed_point import rounding_right_shift_up, saturate_int16
from minilite.numerics.jit import kernel
from minilite.numerics.tables import STEPS, interpolate
from minilite.ops.call import Array
from minilite.ops.prepare import Prepared
from minilite.ops.softmax import ON_MICRO, TABLES, TablePlan, exp_table, reciprocal_table

from .blocks import as_tuple, viewed
from .rescale import rescale_all, rescale_arrays
from .twins import Loop, Twins, join, looped

LONGEST = 2**16  # elements whose exponentials, each at most 1, are sure to add up to less than 2**31


class Numbers(NamedTuple):
    """What the loop needs to know: x is [rows, depth]."""

    rows: int
    depth: int
    rule: int
    reciprocals: int  # where sections of the constants start; the first has exponentials
    scaling: int


NUMBERS = len(Numbers._fields)


def codes(prepared: Prepared, x: Array | None) -> Loop | None:
    """The loop for x [...,d], None for rows so long that somebody has to look at their sums."""
    plan: TablePlan = prepared.plan
    y, (*outer, depth) = prepared.call["y"], prepared.call["x"].shape
    if depth > LONGEST:
        return None
    part = rescale_arrays(plan.rescale, 1)
    constants, starts = join(exp_table(plan.real), reciprocal_table(plan.real), part.in_rows())
    numbers = Numbers(math.prod(outer), depth, part.rule, *starts[1:])
    return Loop(codes_loop, (0,), constants, np.array(numbers, np.int64), 8 * depth, y.shape, y.dtype)


@kernel
def codes_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n,d] from x[n,d], int16 as bytes."""
    n, codes, made = Numbers(*as_tuple(numbers, NUMBERS)), viewed(x, np.int16), viewed(y, np.int16)
    exponentials = viewed(constants[: 8 * (STEPS + 1)], np.int64)
    reciprocals = viewed(constants[n.reciprocals : n.reciprocals + 8 * (STEPS + 1)], np.int64)
    integers, reals = viewed(constants[n.scaling :][:24], np.int64), viewed(constants[n.scaling :][:24], np.float64)
    shares = viewed(scratch[: 8 * n.depth], np.int64)
    for k in range(n.rows):
        row = codes[k * n.depth : (k + 1) * n.depth]
        largest = np.int64(row[0])
        for d in range(n.depth):
            largest = max(largest, np.int64(row[d]))
        for d in range(n.depth):
            shares[d] = np.int64(row[d]) - largest
        rescale_all(n.rule, shares, integers[0], integers[1], reals[2])
        total = np.int64(0)
        for d in range(n.depth):
            shares[d] = interpolate(exponentials, saturate_int16(shares[d] + 32767))
            total += shares[d]
        mantissa, headroom = normalize(total)
        fraction = rounding_right_shift_up(mantissa, 14) - 2**16
        inverse = interpolate(reciprocals, saturate_int16(fraction - 2**15))
        for d in range(n.depth):
            share = rounding_right_shift_up(shares[d] * inverse, 30 - headroom)
            made[k * n.depth + d] = min(max(share, 0), 32767)


TWINS: Twins = dict.fromkeys((TABLES, ON_MICRO), looped(codes))
