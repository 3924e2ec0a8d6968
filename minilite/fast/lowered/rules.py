"""The rescale rules of `numerics.rescale` on vectors of LANES 32-bit lanes, in the language of the compiler.

A rule takes accumulators to integers already within [low, high], what the codes may be less their zero point. The
64-bit product of two 32-bit numbers fits half as many lanes, so the integer rules multiply the even and the odd lanes
apart: read as 64-bit lanes, a vector has its even lanes in the lower halves, its odd lanes in the upper ones.
`blocks.rule_in_vectors` says which multipliers a rule can take here.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from llvmlite import ir

from minilite.fast.blocks import ADDEND, LANES, LEFT, MANTISSA, MASK, REAL32, REAL64, RIGHT, TWICE
from minilite.fast.rescale import RULE_CODES

from .llvm import I32, I64, SUMS, call, clamp, indices, load, splat

HALF = LANES // 2
LONG, SINGLE, DOUBLE = (
    ir.VectorType(I64, HALF),
    ir.VectorType(ir.FloatType(), LANES),
    ir.VectorType(ir.DoubleType(), HALF),
)


class Limits(NamedTuple):
    """Lowest and highest result, i32."""

    low: Any
    high: Any


class Table:
    """The rows of a table [rows, columns], flat, from a column on: vectors of so many lanes."""

    def __init__(self, builder: Any, table: Any, columns: Any, column: Any) -> None:
        self._given = builder, table, columns, column

    def __call__(self, row: Any, kind: Any = SUMS, more: int = 0) -> Any:
        """A row, by its number or i64, at these lanes, `more` further, as a vector of type `kind`."""
        builder, table, columns, column = self._given
        number = I64(row) if isinstance(row, int) else row
        place = builder.add(builder.mul(columns, number), builder.add(column, I64(more)))
        return load(builder, table.data, place, kind)

    def moved(self, lanes: Any) -> "Table":
        """The same so many lanes further."""
        builder, table, columns, column = self._given
        return Table(builder, table, columns, builder.add(column, lanes))


def long(number: int) -> Any:
    """A 64-bit number in every lane."""
    return ir.Constant(LONG, [number] * HALF)


def parts(builder: Any, value: Any) -> list[Any]:
    """The even and the odd lanes, widened to 64 bits with their sign."""
    lanes = builder.bitcast(value, LONG)
    return [builder.ashr(builder.shl(lanes, long(32)), long(32)), builder.ashr(lanes, long(32))]


def unsigned_parts(builder: Any, value: Any) -> list[Any]:
    """The even and the odd lanes, unsigned numbers, widened to 64 bits."""
    lanes = builder.bitcast(value, LONG)
    return [builder.and_(lanes, long(2**32 - 1)), builder.lshr(lanes, long(32))]


def joined(builder: Any, even: Any, odd_above: Any) -> Any:
    """Even lanes from the lower halves of `even`, odd ones from the upper halves of `odd_above`."""
    blend = indices([lane if lane % 2 == 0 else LANES + lane for lane in range(LANES)])
    return builder.shuffle_vector(builder.bitcast(even, SUMS), builder.bitcast(odd_above, SUMS), blend)


def high_multiply(builder: Any, accumulators: Any, rows: Table) -> Any:
    """Shifted left, times mantissa / 2**31 to the nearest, ties up."""
    shifted = builder.shl(accumulators, rows(LEFT))
    even, odd = (
        builder.add(builder.mul(*factors), long(1 << 30))
        for factors in zip(parts(builder, shifted), parts(builder, rows(MANTISSA)), strict=True)
    )
    return joined(builder, builder.lshr(even, long(31)), builder.shl(odd, long(1)))


def rescale_fused(builder: Any, is_signed: bool, sums: Sequence[Sequence[Any]], table: Table) -> list[list[Any]]:
    """The short form of "double" for rows of vectors that began at START, see `blocks.fusing`: codes to be clamped."""
    result: list[list[Any]] = [[] for _ in sums]
    sign_bit, upper = splat(builder, I32(31)), indices([LANES * (lane % 2) + (lane | 1) for lane in range(LANES)])
    for v in range(len(sums[0])):
        rows = table.moved(I64(v * LANES))
        factors, right = unsigned_parts(builder, rows(TWICE)), rows(RIGHT)
        addends = [rows(ADDEND + side, LONG) for side in range(2)]
        for made, row in zip(result, sums, strict=True):
            pairs = zip(unsigned_parts(builder, row[v]), factors, addends, strict=True)
            products = [builder.add(builder.mul(part, factor), addend) for part, factor, addend in pairs]
            total = builder.shuffle_vector(*(builder.bitcast(one, SUMS) for one in products), upper)
            if is_signed:
                total = builder.sub(
                    total, builder.ashr(row[v], sign_bit)
                )  # the highest bit is that of numbers from 0 on
            made.append(builder.ashr(total, right))
    return result


def shift_right(builder: Any, value: Any, threshold: Any, rows: Table) -> Any:
    """value >> right, and 1 more where the bits that fell off exceed the threshold."""
    up = builder.icmp_signed(">", builder.and_(value, rows(MASK)), threshold)
    return builder.sub(builder.ashr(value, rows(RIGHT)), builder.sext(up, SUMS))


def integer_rule(away: bool, builder: Any, accumulators: Any, rows: Table, limits: Limits) -> Any:
    """The rules "double", which takes ties of the right shift away from zero, and "half-up"."""
    high = high_multiply(builder, accumulators, rows)
    threshold = builder.lshr(rows(MASK), splat(builder, I32(1)))
    if away:
        threshold = builder.add(threshold, builder.lshr(high, splat(builder, I32(31))))
    return clamp(builder, shift_right(builder, high, threshold, rows), *(splat(builder, one) for one in limits))


def single(builder: Any, accumulators: Any, rows: Table, limits: Limits) -> Any:
    """The rule "single": the 64-bit product shifted by 31 - exponent, ties up."""
    factors = parts(builder, accumulators), parts(builder, rows(MANTISSA)), unsigned_parts(builder, rows(RIGHT))
    results = []
    for value, mantissa, right in zip(*factors, strict=True):
        half = builder.shl(long(1 << 30), right)
        total = builder.add(builder.mul(value, mantissa), half)
        results.append(builder.ashr(total, builder.add(right, long(31))))
    even, odd = results
    return clamp(builder, joined(builder, even, builder.shl(odd, long(32))), *(splat(builder, one) for one in limits))


def float64_away(builder: Any, accumulators: Any, rows: Table, limits: Limits) -> Any:
    """The rule "float64-away". Half is added to the distance from the whole number below, so no sum is rounded."""
    low, high = (splat(builder, builder.sitofp(one, DOUBLE.element), HALF) for one in limits)
    halves = []
    for half in range(2):
        lanes = indices(range(half * HALF, half * HALF + HALF))
        value = builder.sitofp(builder.shuffle_vector(accumulators, accumulators, lanes), DOUBLE)
        value = builder.fmul(value, rows(REAL64 + half, DOUBLE))
        size = call(builder, f"llvm.fabs.v{HALF}f64", DOUBLE, [value])
        below = call(builder, f"llvm.floor.v{HALF}f64", DOUBLE, [size])
        is_up = builder.fcmp_ordered(">=", builder.fsub(size, below), ir.Constant(DOUBLE, [0.5] * HALF))
        whole = builder.fadd(below, builder.uitofp(is_up, DOUBLE))
        signed = call(builder, f"llvm.copysign.v{HALF}f64", DOUBLE, [whole, value])
        halves.append(builder.fptosi(clamp(builder, signed, low, high), ir.VectorType(I32, HALF)))
    return builder.shuffle_vector(*halves, indices(range(LANES)))


def float32_even(builder: Any, accumulators: Any, rows: Table, limits: Limits) -> Any:
    """The rule "float32-even"."""
    value = builder.fmul(builder.sitofp(accumulators, SINGLE), rows(REAL32, SINGLE))
    whole = call(builder, f"llvm.rint.v{LANES}f32", SINGLE, [value])
    low, high = (splat(builder, builder.sitofp(one, SINGLE.element)) for one in limits)
    return builder.fptosi(clamp(builder, whole, low, high), SUMS)


BY_NAME: Mapping[str, Callable[..., Any]] = {
    "double": partial(integer_rule, True),
    "half-up": partial(integer_rule, False),
    "single": single,
    "float64-away": float64_away,
    "float32-even": float32_even,
}


def by_number(builder: Any, rule: Any, accumulators: Any, rows: Table, limits: Limits) -> Any:
    """The result of the rule whose number, known when the code runs, is `rule`."""
    after, unknown = builder.append_basic_block("after"), builder.append_basic_block("unknown")
    switch, results = builder.switch(rule, unknown), []
    for name, apply in BY_NAME.items():
        block = builder.append_basic_block(name)
        switch.add_case(I64(RULE_CODES[name]), block)
        builder.position_at_end(block)
        results.append((apply(builder, accumulators, rows, limits), builder.basic_block))
        builder.branch(after)
    builder.position_at_end(unknown)
    builder.unreachable()
    builder.position_at_end(after)
    joint = builder.phi(SUMS)
    for value, block in results:
        joint.add_incoming(value, block)
    return joint
