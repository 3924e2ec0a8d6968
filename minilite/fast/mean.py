"""MEAN and SUM of codes over axes that lie side by side, in compiled loops. The definition is minilite/ops/mean.py."""

import math
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.fixed_point import wrap_int32
from minilite.numerics.jit import kernel
from minilite.numerics.rescale import Rescale
from minilite.ops.call import Array
from minilite.ops.mean import CHANNELS_AT_ONCE, IMAGE, QUANTIZED, ImagePlan
from minilite.ops.prepare import Prepared
from minilite.ops.reduce_sum import SUM
from minilite.ops.reducing import SumPlan

from .blocks import (
    LANES,
    SIGN_BIT,
    UNKNOWN,
    Codes,
    as_tuple,
    codes_table,
    requantize,
    round_up,
    rule_in_vectors,
    viewed,
)
from .chunks import CHUNK, CHUNK_BYTES, KINDS, add, add_zero, end_of_chunk, load, store
from .rescale import rescale_all, rescale_arrays
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
    """The loop for codes, None where something is between the axes."""
    plan: SumPlan = prepared.plan
    shape, axes = prepared.call["x"].shape, plan.axes
    side_by_side = axes == tuple(range(axes[0], axes[-1] + 1)) if axes else False
    if plan.rescale is None or not side_by_side:
        return None
    inner, rule = math.prod(shape[axes[-1] + 1 :]), rule_in_vectors(plan.rescale)
    if plan.dtype.itemsize > 1 or rule == UNKNOWN or plan.elements > MOST:
        return wide_codes(prepared, math.prod(shape[: axes[0]]), inner)
    flip = 0 if plan.dtype == np.int8 else SIGN_BIT
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
    codes = Codes(viewed(constants, np.int32), n.table_columns, n.rule, 0, n.low, n.high, n.zero, 0)
    total, signed = viewed(scratch[: 4 * round_up(n.inner, LANES)], np.int32), viewed(x, np.int8)
    together = LANES if n.inner == 1 else 1  # rows of y that become codes at once
    for o in range(0, n.outer, together):
        count = min(together, n.outer - o) * n.inner
        total[:] = np.int32(n.offset)
        for r in range(n.reduced if n.inner > 1 else 0):
            start = (o * n.reduced + r) * n.inner
            add_row(signed[start : start + n.inner], total[: n.inner], np.int8(n.flip))
        for k in range(count if n.inner == 1 else 0):
            start = (o + k) * n.reduced
            total[k] += np.int32(sum_of(signed[start : start + n.reduced], np.int8(n.flip)))
        for k in range(0, count, LANES):
            requantize(total, k, codes, 0, y, o * n.inner + k, count - k)


def add_row(x: Any, total: Any, flip: Any) -> None:
    """total[k] += x[k] as a signed code."""
    for k in range(total.shape[0]):
        total[k] += np.int32(x[k] ^ flip)


def sum_of(x: Any, flip: Any) -> Any:
    """The sum of signed codes."""
    total = np.int64(0)
    for k in range(x.shape[0]):
        total += np.int64(x[k] ^ flip)
    return total


class WideNumbers(NamedTuple):
    """What the loop for codes of any type needs to know: x is [outer, reduced, inner]."""

    outer: int
    reduced: int
    inner: int
    whole: int  # of the inner ones, how many vector code takes
    kind: int
    offset: int  # added to each sum
    rule: int
    rule_behind: int  # of those that it leaves over
    low: int
    high: int
    zero: int


WIDE_NUMBERS = len(WideNumbers._fields)


def wide_codes(prepared: Prepared, outer: int, inner: int) -> Loop:
    """The loop for codes of any type."""
    plan: SumPlan = prepared.plan
    assert plan.rescale is not None
    sizes = outer, plan.elements, inner, inner
    return make_loop(plan, sizes, (plan.rescale, plan.rescale), -plan.x_zero * plan.elements)


def image(prepared: Prepared, x: Array | None) -> Loop | None:
    """The loop for x [n,h,w,c] of 8-bit codes as the optimized kernel has it."""
    plan: ImagePlan = prepared.plan
    batch, height, width, channels = prepared.call["x"].shape
    if height * width > MOST:
        return None
    sizes = batch, height * width, channels, channels // CHANNELS_AT_ONCE * CHANNELS_AT_ONCE
    return make_loop(plan, sizes, (plan.rescale, plan.rescale_behind), 0)


def make_loop(
    plan: SumPlan | ImagePlan, sizes: tuple[int, int, int, int], scalings: tuple[Rescale, Rescale], offset: int
) -> Loop:
    """The loop for x [outer, reduced, inner], of which vector code takes some of the inner ones: these four sizes."""
    parts = [rescale_arrays(scaling, 1) for scaling in scalings]
    rules = parts[0].rule, parts[1].rule
    numbers = WideNumbers(*sizes, KINDS[plan.dtype], offset, *rules, plan.codes.low, plan.codes.high, plan.y_zero)
    constants = np.concatenate([part.in_rows() for part in parts]).reshape(-1).view(np.uint8)
    return Loop(wide_loop, (0,), constants, np.array(numbers, np.int64), 2 * CHUNK_BYTES, plan.shape, plan.dtype)


@kernel
def wide_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[o,k] from x[o,r,k], codes as bytes."""
    n = WideNumbers(*as_tuple(numbers, WIDE_NUMBERS))
    integers, reals = viewed(constants, np.int64), viewed(constants, np.float64)
    memory = viewed(scratch[: 2 * CHUNK_BYTES], np.int64)
    for o in range(n.outer):
        k = 0
        while k < n.inner:
            end = end_of_chunk(k, n.whole, n.inner)
            total, values = memory[: end - k], memory[CHUNK : CHUNK + end - k]
            total[:] = n.offset
            for r in range(n.reduced):
                load(x, n.kind, (o * n.reduced + r) * n.inner + k, values)
                add(total, values, 1)
            for c in range(end - k):
                total[c] = wrap_int32(total[c])
            if k < n.whole:
                rescale_all(n.rule, total, integers[0], integers[1], reals[2])
            else:
                rescale_all(n.rule_behind, total, integers[3], integers[4], reals[5])
            add_zero(total, n.zero, 0, n.low, n.high)
            store(total, n.kind, y, o * n.inner + k)
            k = end


SUMS = [variant for variant in SUM.variants if variant.name == "quantized"]
TWINS: Twins = {**dict.fromkeys((QUANTIZED, *SUMS), looped(codes)), IMAGE: looped(image)}
