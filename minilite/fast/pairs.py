"""Element-wise ops on two operands of codes of any type in a compiled loop: those of int16, and PRELU.

Two operands of 8 bits have loops of their own, see `add_sub` and `code_pairs`.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.fixed_point import (
    doubling_high_multiply,
    rounding_right_shift_away,
    shift_left_int32,
    shift_right_down,
)
from minilite.numerics.jit import kernel
from minilite.numerics.rescale import RULES, Multiplier, Rescale
from minilite.ops.add_sub import BLOCKS, Plan, ShiftPlan
from minilite.ops.prepare import Prepared

from .blocks import as_tuple, viewed
from .chunks import CHUNK, CHUNK_BYTES, KINDS, add, add_zero, load, store
from .rescale import rescale_all, rescale_arrays
from .stretching import COUNT, FIELDS, FIRST, SECOND, Stretch, laid_out, start_of, stretch
from .twins import Loop

SUM, PRODUCT, SLOPES, SHIFTED = range(4)
LONGEST_SHIFT = 15  # that a code of 16 bits is rounded by in the ordinary way
UNCHANGED = Rescale(RULES["single"], Multiplier(np.array(1.0), np.array(2**30), np.array(1)))


class Numbers(NamedTuple):
    """What the loop needs to know, behind the numbers of a stretch."""

    way: int
    in_blocks: int  # elements that vector code takes
    a_kind: int
    b_kind: int
    y_kind: int
    a_zero: int
    b_zero: int
    y_zero: int
    low: int
    high: int
    rule: int
    a_bits: int  # to the left, of a before it is rescaled; to the right where they are negative
    b_bits: int
    sign: int  # of b in a sum
    wraps: int  # the sum with the zero point of y keeps 32 bits


NUMBERS = len(Numbers._fields)


def sums(prepared: Prepared) -> Loop | None:
    """The loop of ADD and SUB: rescale(a) + rescale(b), rescaled."""
    plan: Plan = prepared.plan
    zeros, bits = (plan.a.zero, plan.b.zero, plan.y_zero), (plan.more_bits, plan.more_bits)
    found = make_loop(prepared, SUM, zeros, (plan.a.rescale, plan.b.rescale, plan.rescale), bits, plan.sign)
    if found is None or prepared.variant is not BLOCKS:
        return found
    run, block = plan.vectors.blocks
    numbers = found.numbers.copy()
    numbers[COUNT + Numbers._fields.index("in_blocks")] = run // block * block
    return found._replace(numbers=numbers)


def shifted(prepared: Prepared, *operands: Any) -> Loop | None:
    """The loop of ADD and SUB of scales that are powers of two."""
    plan: ShiftPlan = prepared.plan
    bits = -plan.a_shift, -plan.b_shift
    if min(bits) < -LONGEST_SHIFT:
        return None
    return make_loop(prepared, SHIFTED, (0, 0, 0), (UNCHANGED, UNCHANGED, UNCHANGED), bits, plan.sign)


def products(prepared: Prepared) -> Loop | None:
    """The loop of MUL: a * b, rescaled."""
    plan = prepared.plan
    zeros = plan.a_zero, plan.b_zero, plan.y_zero
    return make_loop(prepared, PRODUCT, zeros, (plan.rescale, plan.rescale, plan.rescale), wraps=1)


def slopes(prepared: Prepared, *operands: Any) -> Loop | None:
    """The loop of PRELU: x rescaled, or x * alpha."""
    plan = prepared.plan
    zeros = plan.x_zero, plan.alpha_zero, plan.y_zero
    return make_loop(prepared, SLOPES, zeros, (plan.above, plan.below, plan.above), wraps=1, names=("x", "alpha"))


def make_loop(
    prepared: Prepared,
    way: int,
    zeros: tuple[int, int, int],
    scalings: Sequence[Rescale],
    bits: tuple[int, int] = (0, 0),
    sign: int = 1,
    wraps: int = 0,
    names: tuple[str, str] = ("a", "b"),
) -> Loop | None:
    """The loop, None for shapes that stretch along too many axes."""
    call, codes = prepared.call, prepared.plan.codes
    found = stretch(call, names)
    if found is None:
        return None
    parts = [rescale_arrays(scaling, 1) for scaling in scalings]
    rows = np.concatenate([part.in_rows() for part in parts])
    a_kind, b_kind, y_kind = (KINDS[call[name].dtype] for name in (*names, "y"))
    numbers = Numbers(way, 0, a_kind, b_kind, y_kind, *zeros, codes.low, codes.high, parts[0].rule, *bits, sign, wraps)
    scratch = 2 * CHUNK_BYTES + 8 * laid_out(found[0])
    every = np.array([*found[1], *numbers], np.int64)
    return Loop(codes_loop, (0, 1), rows.reshape(-1).view(np.uint8), every, scratch, call["y"].shape, call["y"].dtype)


@kernel
def codes_loop(a: Any, b: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n] from a[n], b[n], codes as bytes."""
    s, n = Stretch(*as_tuple(numbers, FIELDS)), Numbers(*as_tuple(numbers[COUNT:], NUMBERS))
    integers, reals = viewed(constants, np.int64), viewed(constants, np.float64)
    memory = viewed(scratch[: 2 * CHUNK_BYTES + 8 * laid_out(s)], np.int64)
    laid = memory[2 * CHUNK :]
    for k in range(s.times):
        start, place = start_of(numbers, k), 0
        if s.repeats == FIRST:
            load(a, n.a_kind, start.a, laid[: s.period])
        elif s.repeats == SECOND:
            load(b, n.b_kind, start.b, laid[: s.period])
        for i in range(s.period, laid_out(s)):
            laid[i] = laid[i - s.period]
        while place < s.elements:
            inside = place % s.row
            end = min(place + CHUNK, place - inside + s.row, s.elements)
            end = min(end, n.in_blocks) if place < n.in_blocks else end
            first, second = memory[: end - place], memory[CHUNK : CHUNK + end - place]
            if s.repeats == FIRST:
                first[:] = laid[inside : inside + end - place]
            else:
                load(a, n.a_kind, start.a + place, first)
            if s.repeats == SECOND:
                second[:] = laid[inside : inside + end - place]
            else:
                load(b, n.b_kind, start.b + place, second)
            combine(first, second, place < n.in_blocks, integers, reals, n)
            store(first, n.y_kind, y, k * s.elements + place)
            place = end


def combine(a: Any, b: Any, in_blocks: Any, integers: Any, reals: Any, n: Any) -> None:
    """Codes a[k], in place, from those of a and b; three numbers say how to rescale a, three b, three the result."""
    for k in range(a.shape[0]):
        a[k] -= n.a_zero
        b[k] -= n.b_zero
    if n.way == PRODUCT:
        for k in range(a.shape[0]):
            a[k] *= b[k]
        rescale_all(n.rule, a, integers[6], integers[7], reals[8])
    elif n.way == SLOPES:
        for k in range(a.shape[0]):
            b[k] = min(a[k], 0) * b[k]
            a[k] = max(a[k], 0)
        rescale_all(n.rule, a, integers[0], integers[1], reals[2])
        rescale_all(n.rule, b, integers[3], integers[4], reals[5])
        add(a, b, 1)
    elif n.way == SHIFTED:
        for k in range(a.shape[0]):
            a[k] = rounding_right_shift_away(a[k], -n.a_bits)
            b[k] = rounding_right_shift_away(b[k], -n.b_bits)
        add(a, b, n.sign)
    else:
        to_common_scale(a, n.a_bits, in_blocks, integers[0:3], reals[0:3], n.rule)
        to_common_scale(b, n.b_bits, in_blocks, integers[3:6], reals[3:6], n.rule)
        add(a, b, n.sign)
        rescale_all(n.rule, a, integers[6], integers[7], reals[8])
    add_zero(a, n.y_zero, n.wraps, n.low, n.high)


def to_common_scale(total: Any, bits: Any, in_blocks: Any, integers: Any, reals: Any, rule: Any) -> None:
    """The operand of a sum, in place; vector code shifts by both numbers of bits before it multiplies."""
    left = bits + integers[1] if in_blocks else bits
    if left < 0:
        for k in range(total.shape[0]):
            total[k] = shift_right_down(total[k], -left)
    else:
        for k in range(total.shape[0]):
            total[k] = shift_left_int32(total[k], left)
    if in_blocks:
        for k in range(total.shape[0]):
            total[k] = doubling_high_multiply(total[k], integers[0])
    else:
        rescale_all(rule, total, integers[0], integers[1], reals[2])
