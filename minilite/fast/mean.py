"""MEAN of 8-bit codes over axes that lie side by side, in a compiled loop. The definition is minilite/ops/mean.py."""

import math
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.jit import kernel
from minilite.ops.call import Array
from minilite.ops.mean import QUANTIZED
from minilite.ops.prepare import Prepared
from minilite.ops.reducing import SumPlan

from .blocks import LANES, SIGN_BIT, UNKNOWN, Codes, as_tuple, codes_table, requantize, round_up, rule_in_vectors
from .twins import Loop, Twins, join, looped

MOST = 2**22  # elements of a sum that is sure to fit 32 bits


class Numbers(NamedTuple):
    """What the loop needs to know: x is [outer, reduced, inner]."""

    outer: int
    reduced: int
    inner: int
    flip: int  # XORed to codes, as int8, it makes them signed
    offset: int  # added to each sum
    rule: int
    low: int  # lowest and highest code less the zero point
    high: int
    zero: int
    table_columns: int


NUMBERS = len(Numbers._fields)


def codes(prepared: Prepared, x: Array | None) -> Loop | None:
    """The loop for 8-bit codes, None where something is between the axes."""
    plan: SumPlan = prepared.plan
    shape, axes = prepared.call["x"].shape, plan.axes
    side_by_side = axes == tuple(range(axes[0], axes[-1] + 1)) if axes else False
    if plan.dtype.itemsize > 1 or plan.rescale is None or not side_by_side or plan.elements > MOST:
        return None
    rule, flip = rule_in_vectors(plan.rescale), 0 if plan.dtype == np.int8 else SIGN_BIT
    if rule == UNKNOWN:
        return None
    inner = math.prod(shape[axes[-1] + 1 :])
    table = codes_table(plan.rescale, np.zeros(LANES, np.int64))
    numbers = Numbers(
        outer=math.prod(shape[: axes[0]]),
        reduced=plan.elements,
        inner=inner,
        flip=-flip,
        offset=(flip - plan.x_zero) * plan.elements,
        rule=rule,
        low=plan.codes.low - plan.y_zero,
        high=plan.codes.high - plan.y_zero,
        zero=plan.y_zero,
        table_columns=table.shape[1],
    )
    constants, _ = join(table)
    scratch = 4 * round_up(inner, LANES)
    return Loop(codes_loop, (0,), constants, np.array(numbers, np.int64), scratch, plan.shape, plan.dtype)


@kernel
def codes_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[o,k] from x[o,r,k], uint8."""
    n = Numbers(*as_tuple(numbers, NUMBERS))
    codes = Codes(constants.view(np.int32), n.table_columns, n.rule, 0, n.low, n.high, n.zero, 0)
    total, signed = scratch[: 4 * round_up(n.inner, LANES)].view(np.int32), x.view(np.int8)
    for o in range(n.outer):
        total[:] = np.int32(n.offset)
        for r in range(n.reduced):
            start = (o * n.reduced + r) * n.inner
            add_row(signed[start : start + n.inner], total[: n.inner], np.int8(n.flip))
        for k in range(0, n.inner, LANES):
            requantize(total, k, codes, 0, y, o * n.inner + k, n.inner - k)


def add_row(x: Any, total: Any, flip: Any) -> None:
    """total[k] += x[k] as a signed code."""
    for k in range(total.shape[0]):
        total[k] += np.int32(x[k] ^ flip)


TWINS: Twins = {QUANTIZED: looped(codes)}
