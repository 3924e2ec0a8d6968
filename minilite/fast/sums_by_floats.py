"""MEAN and SUM of codes that are rescaled in float32, a compiled loop. The definition is ops/reducing.py."""

from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.jit import kernel
from minilite.numerics.reduction import FloatSum
from minilite.numerics.rounding import round_half_away, round_half_even
from minilite.ops.call import Array
from minilite.ops.mean import IN_FLOAT32
from minilite.ops.prepare import Prepared
from minilite.ops.reduce_sum import SUM
from minilite.ops.reducing import FloatSumPlan

from .blocks import as_tuple, viewed
from .chunks import KINDS
from .float_rows import around
from .mean import sum_of
from .quantize import in_32_bits
from .twins import Loop, Twins, looped


class Numbers(NamedTuple):
    """What the loop needs to know: x is [outer, reduced, inner]."""

    outer: int
    reduced: int
    inner: int
    kind: int  # of code
    is_even: int  # ties go to the even number, which has the zero point in it
    zero: int  # added behind
    low: int
    high: int


NUMBERS = len(Numbers._fields)


def codes(prepared: Prepared, x: Array | None) -> Loop | None:
    """The loop, None where something is between the axes."""
    plan: FloatSumPlan = prepared.plan
    to_codes, dtype = plan.to_codes, prepared.call["x"].dtype
    parts = around(prepared.call["x"].shape, plan.axes)
    if parts is None:
        return None
    is_float_sum = isinstance(to_codes, FloatSum)
    zero = to_codes.y_zero if isinstance(to_codes, FloatSum) else 0
    numbers = np.array(Numbers(*parts, KINDS[dtype], int(not is_float_sum), zero, *plan.codes), np.int64)
    constants = np.array(to_codes[:2], np.float32).view(np.uint8)
    return Loop(codes_loop, (0,), constants, numbers, 4 * parts[2], plan.shape, dtype)


@kernel
def codes_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[o,k] from x[o,r,k], codes as bytes."""
    n, total = Numbers(*as_tuple(numbers, NUMBERS)), viewed(scratch[: 4 * numbers[2]], np.int32)
    for o in range(n.outer):
        total[:] = 0
        if n.inner == 1 and n.kind < 2:
            row = x[o * n.reduced : (o + 1) * n.reduced]
            total[0] = np.int32(sum_of(viewed(row, np.int8), np.int8(0)) if n.kind == 1 else sum_of(row, np.uint8(0)))
        for r in range(n.reduced if n.inner > 1 or n.kind == 2 else 0):
            start = (o * n.reduced + r) * n.inner
            if n.kind == 0:
                add_row(x[start : start + n.inner], total)
            elif n.kind == 1:
                add_row(viewed(x, np.int8)[start : start + n.inner], total)
            else:
                add_row(viewed(x, np.int16)[start : start + n.inner], total)
        start = o * n.inner
        for k in range(n.inner):
            made = code_of(total[k], viewed(constants, np.float32), n)
            if n.kind == 2:
                viewed(y, np.int16)[start + k] = made
            else:
                y[start + k] = np.uint8(made & 255)


def add_row(x: Any, total: Any) -> None:
    """total[k] += x[k], the low 32 bits."""
    for k in range(total.shape[0]):
        total[k] += np.int32(x[k])


def code_of(total: Any, factors: Any, n: Any) -> Any:
    """The code of a sum, by the ratio and the offset."""
    steps = np.float32(np.float32(total) * factors[0]) + factors[1]
    whole = in_32_bits(round_half_even(steps) if n.is_even != 0 else round_half_away(steps))
    return min(max(whole + n.zero, n.low), n.high)


OF_SUM = [variant for variant in SUM.variants if variant.name == "quantized in float32"]
TWINS: Twins = {variant: looped(codes) for variant in (IN_FLOAT32, *OF_SUM)}
