"""Codes that become codes of another scale or type, in a compiled loop: QUANTIZE, LEAKY_RELU and the rectifiers.

    y = clamp(y_zero + rescale(x - x_zero))     with one multiplier from x_zero on, and with the same or another below

Where both have 8 bits, a table does it (`tables`).
"""

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.fixed_point import wrap_int32
from minilite.numerics.jit import kernel
from minilite.numerics.rescale import Rescale
from minilite.ops import OPS
from minilite.ops.call import Array
from minilite.ops.prepare import Prepared
from minilite.ops.quantize import REQUANTIZE, REQUANTIZE_IN_BLOCKS, REQUANTIZED_AT_ONCE, TO_INT32, TO_SAME_TYPE

from . import tables
from .blocks import as_tuple, viewed
from .chunks import CHUNK, CHUNK_BYTES, KINDS, add_zero, load, store
from .rescale import rescale_all, rescale_arrays
from .tables import BYTES
from .twins import Loop, Twins, looped

RECTIFIERS = ("RELU", "RELU6", "LEAKY_RELU")


class Numbers(NamedTuple):
    """What the loop needs to know."""

    elements: int
    x_kind: int
    y_kind: int
    x_zero: int
    y_zero: int
    rule: int
    slopes: int
    sign: int  # of the one below the zero point
    wraps: int  # the sum with the zero point keeps 32 bits
    low: int
    high: int


NUMBERS = len(Numbers._fields)


def one_slope(wraps: int, prepared: Prepared, x: Array | None) -> Loop | None:
    """The loop of kernels that rescale all codes alike."""
    return codes(prepared, prepared.plan.rescale, prepared.plan.rescale, 1, wraps)


def two_slopes(prepared: Prepared, x: Array | None) -> Loop | None:
    """The loop of LEAKY_RELU."""
    plan = prepared.plan
    return codes(prepared, plan.above, plan.below, plan.sign, 0)


def codes(prepared: Prepared, above: Rescale, below: Rescale, sign: int, wraps: int) -> Loop | None:
    """The loop for codes of any type, a table for 8 bits."""
    x, y, plan = prepared.call["x"], prepared.call["y"], prepared.plan
    if x.tensor.type in BYTES and y.tensor.type in BYTES:
        return tables.codes(prepared, None)
    scalings = [rescale_arrays(rescale, 1) for rescale in (above, below)]
    numbers = Numbers(
        elements=math.prod(y.shape),
        x_kind=KINDS[x.dtype],
        y_kind=KINDS[y.dtype],
        x_zero=plan.x_zero,
        y_zero=plan.y_zero,
        rule=scalings[0].rule,
        slopes=1 if above is below else 2,
        sign=sign,
        wraps=wraps,
        low=plan.codes.low,
        high=plan.codes.high,
    )
    constants = np.concatenate([part.in_rows() for part in scalings]).reshape(-1).view(np.uint8)
    return Loop(codes_loop, (0,), constants, np.array(numbers, np.int64), 3 * CHUNK_BYTES, y.shape, y.dtype)


@kernel
def codes_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n] from x[n], codes as bytes."""
    n = Numbers(*as_tuple(numbers, NUMBERS))
    integers, reals = viewed(constants, np.int64), viewed(constants, np.float64)
    memory = viewed(scratch[: 3 * CHUNK_BYTES], np.int64)
    for start in range(0, n.elements, CHUNK):
        count = min(CHUNK, n.elements - start)
        values, above, below = memory[:count], memory[CHUNK : CHUNK + count], memory[2 * CHUNK : 2 * CHUNK + count]
        load(x, n.x_kind, start, values)
        for k in range(count):
            values[k] = wrap_int32(values[k] - n.x_zero)
            above[k] = values[k]
            below[k] = values[k]
        rescale_all(n.rule, above, integers[0], integers[1], reals[2])
        if n.slopes == 2:
            rescale_all(n.rule, below, integers[3], integers[4], reals[5])
            for k in range(count):
                above[k] = above[k] if values[k] >= 0 else n.sign * below[k]
        add_zero(above, n.y_zero, n.wraps, n.low, n.high)
        store(above, n.y_kind, y, start)


def in_blocks(prepared: Prepared, x: Array | None) -> Loop:
    """The loop of 8-bit codes that vector code takes in blocks: one table for them, another one for the rest."""
    plan, count = prepared.plan, math.prod(prepared.call["y"].shape)
    whole = count // REQUANTIZED_AT_ONCE * REQUANTIZED_AT_ONCE
    behind = plan._replace(rescale=plan.rescale_behind)
    return tables.look_up(prepared, plan, 0, whole)._replace(more=(tables.look_up(prepared, behind, whole, count),))


QUANTIZED = [v for name in RECTIFIERS for v in OPS[name].variants if v.name in ("quantized", "signed", "256ths")]
LEAKY = [v for v in QUANTIZED if v in OPS["LEAKY_RELU"].variants]
TWINS: Twins = {
    **dict.fromkeys((REQUANTIZE, TO_SAME_TYPE, TO_INT32), looped(partial(one_slope, 1))),
    REQUANTIZE_IN_BLOCKS: looped(in_blocks),
    **{v: looped(two_slopes if v in LEAKY else partial(one_slope, 0)) for v in QUANTIZED},
}
