"""The blocks of `blocks.py` in the language of the compiler, LLVM, so that each stays in the CPU's vector registers.

**Dot products.** One lane is one output channel, so the same four codes of x go to all lanes of a vector, and the
weights lie as [group of four, lane, four]. An instruction that multiplies waits a few cycles for its sum, and loading
costs as much as multiplying, so a block keeps many sums going: 6 rows of x by 4 vectors of channels are 24 registers of
sums, which share 4 loads of weights and 6 of x. Codes of x that are signed are flipped at their sign bit, x + 128 as
unsigned; 128 times the sum of the weights is taken off the bias. The groups of a row of x may lie anywhere, as those of
a window do in an image, so nothing is copied to bring them together.

**Taps.** A depthwise convolution multiplies channel by channel. Four taps are four vectors of 64 channels; taken apart
and joined so that each channel has its four codes side by side, they are dot products, too.

**Rescaling.** See `rules`. The sums of a block are still in registers when they become codes by the short form of the
rule "double"; other rules find them stored.

What the CPU can do is in `ways`.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from minilite.fast.blocks import ALL, BIAS, GROUP, LANES, NEVER, POSITIVE, START, UNKNOWN, WIDEST

from .llvm import (
    CODES,
    I8,
    I32,
    I64,
    SUMS,
    WEIGHTS,
    at,
    clamp,
    count_up,
    indices,
    length,
    load,
    operands_of,
    splat,
    store,
    store_rows,
)
from .rules import Limits, Table, by_number, rescale_fused
from .ways import Way, way


@intrinsic(prefer_literal=True)
def dot_block(
    typing: Any,
    x: Any,
    starts: Any,
    more: Any,
    weights: Any,
    codes: Any,
    u: Any,
    y: Any,
    places: Any,
    count: Any,
    total: Any,
    rows: Any,
    vectors: Any,
) -> Any:
    """See `blocks.dot_block`."""
    integer = types.intp
    signature = types.void(x, starts, more, weights, codes, integer, y, places, integer, total, rows, vectors)
    all_rows, all_vectors, best = range(rows.literal_value), range(vectors.literal_value), way()

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        given = operands_of(context, builder, signature, arguments)
        x, starts, more, weights, codes, u, y, places, count, total, *_ = given
        table = Table(builder, codes.table, codes.columns, u)
        biases = [beginning(builder, codes, table, v) for v in all_vectors]
        sums: list[list[Any]] = []
        for r in all_rows:
            extra = splat(builder, load(builder, more.data, I64(r), I32))
            sums.append([builder.add(bias, extra) for bias in biases])
        pointers = [builder.gep(x.data, [load(builder, starts.data, I64(r), I64)]) for r in all_rows]
        size = builder.mul(length(builder, weights.offsets), I64(GROUP))
        w = builder.gep(weights.w.data, [builder.mul(u, size)])
        width = min(best.vectors, len(all_vectors))
        height = best.rows * best.vectors // width
        for first_row in all_rows[::height]:
            for first in all_vectors[::width]:
                rows, columns = slice(first_row, first_row + height), slice(first, first + width)
                begun = [row[columns] for row in sums[rows]]
                there = builder.gep(w, [I64(first * LANES * GROUP)])
                added = sum_products(builder, best, pointers[rows], there, len(all_vectors), weights, begun)
                for row, part in zip(sums[rows], added, strict=True):
                    row[columns] = part
        place = Place(y, [load(builder, places.data, I64(r), I64) for r in all_rows], count, total)
        finish(builder, sums, codes, table, place, best.pack_in_order)
        return context.get_dummy_value()

    return signature, generate


def beginning(builder: Any, codes: Any, table: Any, v: int) -> Any:
    """The numbers that sums begin with, of vector v of a block."""
    is_fused = builder.icmp_signed("!=", codes.fused, I64(NEVER))
    return table(builder.select(is_fused, I64(START), I64(BIAS)), SUMS, v * LANES)


def sum_products(
    builder: Any, best: Way, pointers: Sequence[Any], w: Any, width: int, weights: Any, begun: list[list[Any]]
) -> list[list[Any]]:
    """`begun` and the products of the part of a block that fits the registers, some rows by some of `width` vectors."""
    four = load(builder, weights.flips.data, I64(0), ir.VectorType(I8, GROUP))
    flips = builder.shuffle_vector(four, four, indices(list(range(GROUP)) * LANES))
    count = len(begun[0])

    def add_group(k: Any, sums: list[Any]) -> list[Any]:
        place = builder.mul(k, I64(width * LANES * GROUP))
        offset = load(builder, weights.offsets.data, builder.mul(k, I64(1)), I64)
        vectors = [load(builder, w, builder.add(place, I64(v * LANES * GROUP)), WEIGHTS) for v in range(count)]
        added = []
        for r, pointer in enumerate(pointers):
            four = builder.bitcast(splat(builder, load(builder, pointer, offset, I32)), WEIGHTS)
            codes = builder.xor(four, flips)
            row = sums[r * count : (r + 1) * count]
            added += [best.add(builder, one, codes, vector) for one, vector in zip(row, vectors, strict=True)]
        return added

    flat = [best.begin(builder, one) for row in begun for one in row]
    flat = [best.end(builder, one) for one in count_up(builder, length(builder, weights.offsets), flat, add_group)]
    return [flat[r * count : (r + 1) * count] for r in range(len(pointers))]


class Place(NamedTuple):
    """Where a block's codes go: rows of y that start there, of so many codes; or its sums, to `total`."""

    y: Any
    starts: Sequence[Any]
    count: Any
    total: Any


def finish(builder: Any, sums: list[list[Any]], codes: Any, table: Any, place: Place, pack: Any) -> None:
    """The end of a block: its rows of sums become codes, or are stored where vectors do not know the rule."""
    done = builder.append_basic_block("done")
    other = builder.append_basic_block("other")
    switch = builder.switch(codes.fused, other)
    for fused in (ALL, POSITIVE):
        block = builder.append_basic_block("fused")
        switch.add_case(I64(fused), block)
        builder.position_at_end(block)
        store_codes(builder, rescale_fused(builder, fused == ALL, sums, table), codes, place, pack)
        builder.branch(done)
    builder.position_at_end(other)
    everything = [(r * len(row) + v, one) for r, row in enumerate(sums) for v, one in enumerate(row)]
    for k, one in everything:
        store(builder, one, place.total.data, I64(k * LANES))
    with builder.if_then(builder.icmp_signed("!=", codes.rule, I64(UNKNOWN))):
        rescale_stored(builder, len(sums), len(sums[0]), codes, table, place.total)
        back = iter([load(builder, place.total.data, I64(k * LANES), SUMS) for k, _ in everything])
        store_codes(builder, [[next(back) for _ in row] for row in sums], codes, place, pack)
    builder.branch(done)
    builder.position_at_end(done)


def rescale_stored(builder: Any, rows: int, vectors: int, codes: Any, table: Any, total: Any) -> None:
    """The stored sums of a block as codes, signed and not yet packed, in their places."""
    zero = builder.sub(codes.zero, codes.flip)

    def row(r: Any, _: list[Any]) -> list[Any]:
        def vector(v: Any, _: list[Any]) -> list[Any]:
            lane = builder.mul(v, I64(LANES))
            start = builder.add(builder.mul(r, I64(vectors * LANES)), lane)
            accumulators = load(builder, total.data, start, SUMS)
            store(builder, rescaled(builder, accumulators, codes, table.moved(lane), zero), total.data, start)
            return []

        return count_up(builder, I64(vectors), [], vector)

    count_up(builder, I64(rows), [], row)


def store_codes(builder: Any, rows: list[list[Any]], codes: Any, place: Place, pack: Any) -> None:
    """Clamp, pack and store rows of signed codes: 4, 2 or 1 vectors each, and 4 vectors together."""
    zero = builder.sub(codes.zero, codes.flip)
    limits = (builder.add(zero, codes.low), builder.add(zero, codes.high), codes.flip)
    low, high, flips = (splat(builder, builder.trunc(one, I8), WEIGHTS.count) for one in limits)
    flat, width, made = [one for row in rows for one in row], len(rows[0]) * LANES, []
    for first in range(0, len(flat), WIDEST):
        four = (flat[first : first + WIDEST] * WIDEST)[:WIDEST]
        packed = builder.xor(clamp(builder, pack(builder, four), low, high), flips)
        parts = range(0, min(len(flat) - first, WIDEST) * LANES, width)
        made += [builder.shuffle_vector(packed, packed, indices(range(part, part + width))) for part in parts]
    store_rows(builder, made, place.y.data, place.starts, place.count)


def rescaled(builder: Any, accumulators: Any, codes: Any, table: Any, zero: Any) -> Any:
    """Codes, as 32 bits, of one vector of accumulators by the rule of `codes`."""
    low, high, zero = (builder.trunc(one, I32) for one in (codes.low, codes.high, zero))
    return builder.add(by_number(builder, codes.rule, accumulators, table, Limits(low, high)), splat(builder, zero))


@intrinsic
def requantize(typing: Any, total: Any, start: Any, codes: Any, column: Any, y: Any, y_start: Any, count: Any) -> Any:
    """See `blocks.requantize`."""
    integer = types.intp
    signature = types.void(total, integer, codes, integer, y, integer, integer)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        total, start, codes, column, y, y_start, count = operands_of(context, builder, signature, arguments)
        table = Table(builder, codes.table, codes.columns, column)
        made = rescaled(builder, load(builder, total.data, start, SUMS), codes, table, codes.zero)
        store_rows(builder, [builder.trunc(made, CODES)], y.data, [y_start], count)
        return context.get_dummy_value()

    return signature, generate


@intrinsic(prefer_literal=True)
def tap_block(
    typing: Any,
    x: Any,
    x_start: Any,
    x_step: Any,
    weights: Any,
    codes: Any,
    u: Any,
    y: Any,
    y_start: Any,
    y_stride: Any,
    count: Any,
    total: Any,
    rows: Any,
) -> Any:
    """See `blocks.tap_block`."""
    integer = types.intp
    signature = types.void(x, integer, integer, weights, codes, integer, y, integer, integer, integer, total, rows)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        given, best = operands_of(context, builder, signature, arguments), way()
        x, x_start, x_step, weights, codes, u, y, y_start, y_stride, count, total, _ = given
        all_rows = range(rows.literal_value)
        pointers = [builder.gep(x.data, [at(builder, x_start, r, x_step)]) for r in all_rows]
        w = builder.gep(weights.w.data, [builder.mul(u, length(builder, weights.offsets))])
        table = Table(builder, codes.table, codes.columns, u)

        def add_taps(k: Any, sums: list[Any]) -> list[Any]:
            tap, place = builder.mul(k, I64(GROUP)), builder.mul(k, I64(WIDEST * LANES * GROUP))
            offsets = [load(builder, weights.offsets.data, builder.add(tap, I64(t)), I64) for t in range(GROUP)]
            vectors = [load(builder, w, builder.add(place, I64(v * LANES * GROUP)), WEIGHTS) for v in range(WIDEST)]
            added = []
            for r, pointer in enumerate(pointers):
                interleaved = interleave(builder, [load(builder, pointer, offset, WEIGHTS) for offset in offsets])
                row = sums[r * WIDEST : (r + 1) * WIDEST]
                added += [best.add(builder, *three) for three in zip(row, interleaved, vectors, strict=True)]
            return added

        begun = [best.begin(builder, beginning(builder, codes, table, v)) for _ in all_rows for v in range(WIDEST)]
        groups = builder.udiv(length(builder, weights.offsets), I64(GROUP))
        flat = [best.end(builder, one) for one in count_up(builder, groups, begun, add_taps)]
        sums = [flat[r * WIDEST : (r + 1) * WIDEST] for r in all_rows]
        place = Place(y, [at(builder, y_start, r, y_stride) for r in all_rows], count, total)
        finish(builder, sums, codes, table, place, best.pack)
        return context.get_dummy_value()

    return signature, generate


def interleave(builder: Any, taps: Sequence[Any]) -> list[Any]:
    """Four vectors, one for each tap, as four with the taps of each channel side by side, see `blocks.tap_order`."""

    def unpacked(size: int, a: Any, b: Any) -> list[Any]:
        """Elements of so many bytes from a and b in turn: of the lower halves of all 16 bytes, and of the upper."""
        kind = ir.VectorType(ir.IntType(8 * size), LANES * GROUP // size)
        a, b = (builder.bitcast(one, kind) for one in (a, b))
        per_lane, result = 16 // size, []
        for first in (0, per_lane // 2):
            places = [lane + first + k for lane in range(0, kind.count, per_lane) for k in range(per_lane // 2)]
            order = indices([place + side for place in places for side in (0, kind.count)])
            result.append(builder.bitcast(builder.shuffle_vector(a, b, order), WEIGHTS))
        return result

    pairs = zip(unpacked(1, *taps[:2]), unpacked(1, *taps[2:]), strict=True)
    return [one for pair in pairs for one in unpacked(2, *pair)]
