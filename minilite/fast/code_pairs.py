"""Element-wise ops on two operands of 8-bit codes in a compiled loop: MUL, and the ADD and SUB of other kernel sets.

    y = clamp(y_zero + rescale(acc))      acc = a_term[a] + b_term[b],  or (a - a_zero) * (b - b_zero)

Terms are tables of 256 numbers that the definition makes, one code at a time. Vector code of the optimized kernels has
others up to the last whole block.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from minilite.format.enums import TensorType
from minilite.numerics.affine import Range
from minilite.numerics.jit import kernel
from minilite.numerics.rescale import RULES, Multiplier, Rescale
from minilite.numerics.runs import Blocks
from minilite.ops.add_sub import ADD_VARIANTS, BLOCKS, SUB_VARIANTS, FractionPlan
from minilite.ops.call import Array, Call
from minilite.ops.mul import BLOCKS as MUL_BLOCKS
from minilite.ops.mul import EVEN, ON_MICRO, QUANTIZED
from minilite.ops.prepare import Prepared

from . import pairs
from .blocks import LANES, UNKNOWN, Codes, as_tuple, codes_table, requantize, rule_in_vectors, viewed
from .stretching import COUNT, FIELDS, Stretch, laid_out, lay_out, parts_at, start_of, stretch
from .twins import Loop, Twins, join, looped

BYTES = (TensorType.INT8, TensorType.UINT8)
EVERY = np.arange(256, dtype=np.uint8)  # codes, as bytes
LARGEST = 2**15 - 256  # results that may be added to a zero point in 16 bits
PART = 64  # elements whose sums are kept at once


class Numbers(NamedTuple):
    """What the loop needs to know, behind the numbers of a stretch."""

    is_product: int
    in_blocks: int  # elements that vector code takes
    rule: int
    low: int  # lowest and highest code less the zero point
    high: int
    zero: int
    columns: int
    terms: int  # where the terms start among the constants


NUMBERS = len(Numbers._fields)


def make_loop(call: Call[Any], terms: Array, finish: Rescale, zero: int, codes: Range, blocks: int = -1) -> Loop | None:
    """The loop for terms int32 [in blocks or behind, a or b, code]; with blocks -1 they are factors."""
    found, rule, y = stretch(call), rule_in_vectors(finish), call["y"]
    if found is None or rule == UNKNOWN or (blocks > 0 and found[0].times != 1):
        return None
    whole, first = found
    table = codes_table(finish, np.zeros(LANES, np.int64))
    constants, starts = join(table, terms)
    limits = codes.low - zero, codes.high - zero, zero
    numbers = Numbers(int(blocks < 0), max(blocks, 0), rule, *limits, table.shape[1], starts[1])
    every = np.array([*first, *numbers], np.int64)
    return Loop(pairs_loop, (0, 1), constants, every, 4 * PART + laid_out(whole), y.shape, y.dtype)


def sums(prepared: Prepared, a: Array | None, b: Array | None) -> Loop | None:
    """The loop of ADD and SUB."""
    call, plan = prepared.call, prepared.plan
    if any(call[name].tensor.type not in BYTES for name in ("a", "b", "y")):
        return pairs.sums(prepared)
    blocks, vectors = 0, plan
    if prepared.variant is BLOCKS:
        run, block = plan.vectors.blocks
        vectors = plan._replace(vectors=plan.vectors._replace(blocks=Blocks(len(EVERY), 1)))
        if run and run % block == 0:  # nothing is left over of any run
            plan = vectors
        elif run in (0, math.prod(call["y"].shape)):
            blocks = run // block * block
            plan = plan._replace(vectors=plan.vectors._replace(blocks=Blocks(0, 1)))
        else:
            return None
    rescale = plan.rescale if not isinstance(plan, FractionPlan) else by_fraction(plan.fraction_bits)
    terms = np.array([terms_of(prepared, vectors), terms_of(prepared, plan)])
    reach = np.abs(terms).max(axis=2).sum(axis=1)
    in_16_bits = reach[0] * rescale.multiplier.real.max() < LARGEST
    if reach.max() >= 2**31 or (prepared.variant is BLOCKS and not in_16_bits):
        return None
    return make_loop(call, terms.astype(np.int32), rescale, plan.y_zero, plan.codes, blocks)


def terms_of(prepared: Prepared, plan: Any) -> tuple[Array, Array]:
    """What each code of a adds to the sum, and each of b: what it is with the other's term subtracted."""
    accumulate, call = prepared.variant.accumulate, prepared.call
    assert accumulate is not None
    every, first = EVERY.view(call["a"].dtype), np.zeros(len(EVERY), np.uint8).view(call["a"].dtype)
    whole: Array = accumulate(plan, first, first)
    of_a, of_b = accumulate(plan, every, first), accumulate(plan, first, every)
    return of_a, of_b - whole


def by_fraction(bits: int) -> Rescale:
    """accumulators / 2**bits to the nearest, ties up, as the rule "single" has it."""
    whole = np.array(2**30, np.int64), np.array(1 - bits, np.int64)
    return Rescale(RULES["single"], Multiplier(np.array(2.0**-bits), *whole))


def products(prepared: Prepared, a: Array | None, b: Array | None) -> Loop | None:
    """The loop of MUL."""
    call, plan = prepared.call, prepared.plan
    if any(call[name].tensor.type not in BYTES for name in ("a", "b", "y")):
        return pairs.products(prepared)
    codes = EVERY.view(call["a"].dtype).astype(np.int64)
    factors = np.array([codes - plan.a_zero, codes - plan.b_zero])
    largest, real = np.abs(factors).max(axis=1).prod(), plan.rescale.multiplier.real.max()
    if prepared.variant is MUL_BLOCKS and largest * real >= LARGEST:  # vector code keeps 16 bits
        return None
    if largest * max(real, 1) >= 2**30:
        return pairs.products(prepared)
    return make_loop(call, np.array([factors, factors]).astype(np.int32), plan.rescale, plan.y_zero, plan.codes)


@kernel
def pairs_loop(a: Any, b: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n] from a[n], b[n], uint8."""
    s, n = Stretch(*as_tuple(numbers, FIELDS)), Numbers(*as_tuple(numbers[COUNT:], NUMBERS))
    codes = Codes(viewed(constants[: n.terms], np.int32), n.columns, n.rule, 0, n.low, n.high, n.zero, 0)
    terms, total = (
        viewed(constants[n.terms :], np.int32)[: 4 * 256].reshape(2, 2, 256),
        viewed(scratch[: 4 * PART], np.int32),
    )
    laid = scratch[4 * PART :]
    for k in range(s.times):
        start = start_of(numbers, k)
        lay_out(a, b, start, laid, s)
        for place in range(0, s.elements, s.row):
            first, second = parts_at(a, b, start, laid, s, place)
            inside = min(max(n.in_blocks - place, 0), len(first))
            y_start = k * s.elements + place
            pair_rows(first[:inside], second[:inside], terms[0], n.is_product, total, codes, y, y_start)
            pair_rows(first[inside:], second[inside:], terms[1], n.is_product, total, codes, y, y_start + inside)


def pair_rows(a: Any, b: Any, terms: Any, is_product: Any, total: Any, codes: Codes, y: Any, y_start: Any) -> None:
    """y[y_start + k] from a[k], b[k]."""
    for start in range(0, len(a), PART):
        count = min(PART, len(a) - start)
        accumulate(a[start : start + count], b[start : start + count], terms, total[:count], is_product)
        for lane in range(0, count, LANES):
            requantize(total, lane, codes, 0, y, y_start + start + lane, count - lane)


def accumulate(a: Any, b: Any, terms: Any, total: Any, is_product: Any) -> None:
    """total[k] from the terms, or factors, of a[k] and b[k]."""
    if is_product != 0:
        for k in range(total.shape[0]):
            total[k] = terms[0, np.uint64(a[k])] * terms[1, np.uint64(b[k])]
    else:
        for k in range(total.shape[0]):
            total[k] = terms[0, np.uint64(a[k])] + terms[1, np.uint64(b[k])]


ALL = (*ADD_VARIANTS, *SUB_VARIANTS)
TWINS: Twins = {
    **dict.fromkeys((v for v in ALL if v.name in ("fractions", "blocks")), looped(sums)),
    **dict.fromkeys((v for v in ALL if v.name == "shift"), looped(pairs.shifted)),
    **dict.fromkeys((QUANTIZED, MUL_BLOCKS, EVEN, ON_MICRO), looped(products)),
}
