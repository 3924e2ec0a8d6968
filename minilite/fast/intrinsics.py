"""The blocks of `blocks.py` in the language of the compiler, LLVM, so that each stays in the CPU's vector registers.

A vector register of an AVX-512 CPU holds 64 bytes: 16 lanes of 32 bits. Three ideas, one function each.

**Dot products.** The instruction VPDPBUSD takes, in each lane, four unsigned codes and four signed weights, and adds
the four products to the lane's sum: 64 multiply-accumulates at once. One lane is one output channel, so the same four
codes of x go to all lanes and the weights lie as [group of four, lane, four]. The instruction waits 4 cycles for its
sum, and loading costs as much as multiplying, so a block keeps many sums going: 6 rows of x by 4 vectors of channels
are 24 registers of sums, which share 4 loads of weights and 6 of x. Codes of x that are signed are flipped at their
sign bit, x + 128 as unsigned; the caller takes 128 times the sum of the weights off the bias. A row of x may lie in
segments, as a window's rows do in an image, so nothing is copied to bring it together.
A CPU without the instruction gets the same sums from 16-bit products, which every LLVM target has in some form: x86
adds them in pairs (VPMADDWD), each lane has two such sums until the end. It has fewer registers, so smaller blocks.

**Taps.** A depthwise convolution multiplies channel by channel: only weights are shared, by a few positions at once.

**Requantization.** See `rules`. By the rule "double" it happens while the sums of a block are in registers; the other
rules find them stored.

`MINILITE_CPU=generic` chooses the way of CPUs without the instruction. This module, `llvm`, `rules` and `numerics.jit`
alone import numba, these three when a loop is compiled.
"""

from collections.abc import Callable, Sequence
from functools import cache
from os import environ
from typing import Any, NamedTuple

from llvmlite import binding, ir
from numba.core import types
from numba.extending import intrinsic
from numba.np.unsafe.ndarray import to_fixed_tuple

from .blocks import BIAS, DOUBLE, GROUP, LANES, TABLE_ROWS
from .llvm import (
    CODES,
    I8,
    I16,
    I32,
    I64,
    SUMS,
    WEIGHTS,
    at,
    call,
    count_up,
    indices,
    length,
    load,
    operands_of,
    splat,
    store,
    store_rows,
)
from .rules import BY_NAME, Limits, by_number, rows_of


class Way(NamedTuple):
    """How a kind of CPU multiplies: the block that fits its registers, and one step of the sums.

    `add(builder, sums, codes, weights)` adds the products of four codes (i32) and one vector of weights.
    """

    name: str
    rows: int
    vectors: int
    sums: ir.Type
    add: Callable[[Any, Any, Any, Any], Any]


def add_vnni(builder: Any, sums: Any, codes: Any, weights: Any) -> Any:
    """The dot-product instruction of AVX-512 VNNI."""
    spread = builder.bitcast(splat(builder, codes), WEIGHTS)
    return call(builder, "llvm.x86.avx512.vpdpbusd.512", SUMS, [sums, spread, weights])


def add_pairs(builder: Any, sums: Any, codes: Any, weights: Any) -> Any:
    """Products of 16 bits, added in pairs: two sums a lane."""
    four = builder.zext(builder.bitcast(codes, ir.VectorType(I8, GROUP)), ir.VectorType(I16, GROUP))
    spread = builder.shuffle_vector(four, four, indices([i % GROUP for i in range(LANES * GROUP)]))
    wide = builder.sext(weights, ir.VectorType(I16, LANES * GROUP))
    products = []
    for first in range(2):
        half = indices(range(first, LANES * GROUP, 2))
        factors = [builder.sext(builder.shuffle_vector(v, v, half), sums.type) for v in (spread, wide)]
        products.append(builder.mul(*factors))
    return builder.add(sums, builder.add(*products))


VNNI = Way("avx512-vnni", 6, 4, SUMS, add_vnni)
GENERIC = Way("generic", 2, 1, ir.VectorType(I32, LANES * GROUP // 2), add_pairs)


@cache
def way() -> Way:
    """What this CPU can do, or what MINILITE_CPU asks for. Raises ValueError when that is no way of this CPU."""
    features = binding.get_host_cpu_features()
    ways = [VNNI] if features.get("avx512vnni") and features.get("avx512bw") else []
    named = {one.name: one for one in [*ways, GENERIC]}
    asked = environ.get("MINILITE_CPU") or next(iter(named))
    if asked not in named:
        raise ValueError(f"MINILITE_CPU is {asked!r}, this CPU can be one of {', '.join(named)}")
    return named[asked]


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
    y_start: Any,
    y_stride: Any,
    count: Any,
    total: Any,
    rows: Any,
    vectors: Any,
) -> Any:
    """See `blocks.dot_block`."""
    integer = types.intp
    signature = types.void(x, starts, more, weights, codes, integer, y, integer, integer, integer, total, rows, vectors)
    all_rows, all_vectors, best = range(rows.literal_value), range(vectors.literal_value), way()

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        given = operands_of(context, builder, signature, arguments)
        x, starts, more, weights, codes, u, y, y_start, y_stride, count, total, *_ = given
        row_starts = [load(builder, starts.data, I64(r), I64) for r in all_rows]
        sums = {}
        for first_row in all_rows[:: best.rows]:
            for first in all_vectors[:: best.vectors]:
                some_rows, some = all_rows[first_row:][: best.rows], all_vectors[first:][: best.vectors]
                here = [row_starts[r] for r in some_rows]
                found = iter(sum_products(builder, best, here, some, len(all_vectors), x, weights, u))
                sums.update({(r, v): next(found) for r in some_rows for v in some})
        with builder.if_else(builder.icmp_signed("==", codes.rule, I64(DOUBLE))) as (fused, stored):
            with fused:
                for v in all_vectors:
                    column = builder.add(u, I64(v * LANES))
                    rows_there = rows_of(builder, codes.table, codes.columns, column)
                    made = [
                        to_codes(builder, sums[r, v], load(builder, more.data, I64(r), I32), codes, rows_there, None)
                        for r in all_rows
                    ]
                    first_code = builder.add(y_start, I64(v * LANES))
                    places = [at(builder, first_code, r, y_stride) for r in all_rows]
                    store_rows(builder, made, y.data, places, builder.sub(count, I64(v * LANES)))
            with stored:
                for (r, v), value in sums.items():
                    store(builder, value, total.data, I64((r * len(all_vectors) + v) * LANES))
        return context.get_dummy_value()

    return signature, generate


def sum_products(
    builder: Any,
    best: Way,
    row_starts: Sequence[Any],
    vectors: Sequence[int],
    width: int,
    x: Any,
    weights: Any,
    u: Any,
) -> list[Any]:
    """The part of a block that fits the registers: some of its rows by some of its `width` vectors."""
    flips = builder.mul(builder.trunc(weights.flip, I32), I32(0x01010101))
    segments, groups = length(builder, weights.offsets), weights.groups
    size = builder.mul(segments, builder.mul(groups, I64(GROUP)))
    w_start = builder.add(builder.mul(u, size), I64(vectors[0] * LANES * GROUP))

    def add_segment(segment: Any, sums: list[Any]) -> list[Any]:
        offset = load(builder, weights.offsets.data, segment, I64)
        row_pointers = [builder.gep(x.data, [builder.add(start, offset)]) for start in row_starts]
        first = builder.add(w_start, builder.mul(builder.mul(segment, groups), I64(width * LANES * GROUP)))

        def add_group(k: Any, sums: list[Any]) -> list[Any]:
            place = builder.add(first, builder.mul(k, I64(width * LANES * GROUP)))
            loaded = [
                load(builder, weights.w.data, builder.add(place, I64(v * LANES * GROUP)), WEIGHTS)
                for v in range(len(vectors))
            ]
            fours = [load(builder, pointer, builder.mul(k, I64(GROUP)), I32) for pointer in row_pointers]
            pairs = [(builder.xor(four, flips), vector) for four in fours for vector in loaded]
            return [best.add(builder, one, *pair) for one, pair in zip(sums, pairs, strict=True)]

        return count_up(builder, groups, sums, add_group)

    zeros = [ir.Constant(best.sums, None)] * (len(row_starts) * len(vectors))
    return [fold(builder, one) for one in count_up(builder, segments, zeros, add_segment)]


def fold(builder: Any, sums: Any) -> Any:
    """One sum a lane."""
    if sums.type == SUMS:
        return sums
    even, odd = (builder.shuffle_vector(sums, sums, indices(range(first, 2 * LANES, 2))) for first in range(2))
    return builder.add(even, odd)


def to_codes(builder: Any, sums: Any, more: Any, codes: Any, rows: Any, rule: Any) -> Any:
    """Codes of one vector of sums: by the rule of that number, or "double" when there is none."""
    biased = builder.add(builder.add(sums, rows(BIAS)), splat(builder, more))
    low, high, zero = (builder.trunc(one, I32) for one in (codes.low, codes.high, codes.zero))
    if rule is None:
        scaled = BY_NAME["double"](builder, biased, rows, Limits(low, high))
    else:
        scaled = by_number(builder, rule, biased, rows, Limits(low, high))
    return builder.trunc(builder.add(scaled, splat(builder, zero)), CODES)


@intrinsic
def requantize(
    typing: Any, total: Any, start: Any, more: Any, codes: Any, column: Any, y: Any, y_start: Any, count: Any
) -> Any:
    """See `blocks.requantize`."""
    integer = types.intp
    signature = types.void(total, integer, integer, codes, integer, y, integer, integer)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        total, start, more, codes, column, y, y_start, count = operands_of(context, builder, signature, arguments)
        rows = rows_of(builder, codes.table, codes.columns, column)
        sums = load(builder, total.data, start, SUMS)
        made = to_codes(builder, sums, builder.trunc(more, I32), codes, rows, codes.rule)
        store_rows(builder, [made], y.data, [y_start], count)
        return context.get_dummy_value()

    return signature, generate


@intrinsic(prefer_literal=True)
def tap_block(
    typing: Any,
    x: Any,
    x_start: Any,
    x_step: Any,
    offsets: Any,
    w: Any,
    codes: Any,
    u: Any,
    y: Any,
    y_start: Any,
    y_stride: Any,
    count: Any,
    total: Any,
    positions: Any,
) -> Any:
    """See `blocks.tap_block`."""
    integer = types.intp
    signature = types.void(
        x, integer, integer, offsets, w, codes, integer, y, integer, integer, integer, total, positions
    )

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        given = operands_of(context, builder, signature, arguments)
        x, x_start, x_step, offsets, w, codes, u, y, y_start, y_stride, count, total, _ = given
        starts = [at(builder, builder.add(x_start, u), r, x_step) for r in range(positions.literal_value)]
        pointers = [builder.gep(x.data, [start]) for start in starts]

        def step(tap: Any, sums: list[Any]) -> list[Any]:
            place = builder.add(u, builder.mul(tap, codes.columns))
            weights = builder.sext(load(builder, w.data, place, ir.VectorType(I16, LANES)), SUMS)
            offset = load(builder, offsets.data, tap, I64)
            values = [builder.sext(load(builder, pointer, offset, CODES), SUMS) for pointer in pointers]
            return [builder.add(one, builder.mul(value, weights)) for one, value in zip(sums, values, strict=True)]

        zeros = [ir.Constant(SUMS, None)] * len(starts)
        sums = count_up(builder, length(builder, offsets), zeros, step)
        with builder.if_else(builder.icmp_signed("==", codes.rule, I64(DOUBLE))) as (fused, stored):
            with fused:
                rows = rows_of(builder, codes.table, codes.columns, u)
                made = [to_codes(builder, one, I32(0), codes, rows, None) for one in sums]
                places = [at(builder, y_start, r, y_stride) for r in range(len(sums))]
                store_rows(builder, made, y.data, places, count)
            with stored:
                for r, one in enumerate(sums):
                    store(builder, one, total.data, I64(r * LANES))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def copy_bytes(typing: Any, y: Any, y_start: Any, x: Any, x_start: Any, count: Any) -> Any:
    """See `blocks.copy_bytes`."""
    signature = types.void(y, types.intp, x, types.intp, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        y, y_start, x, x_start, count = operands_of(context, builder, signature, arguments)
        pointers = [builder.gep(array.data, [start]) for array, start in ((y, y_start), (x, x_start))]
        kind = [*pointers, count, ir.IntType(1)(0)]
        call(builder, "llvm.memcpy.p0.p0.i64", ir.VoidType(), kind)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def add_block(typing: Any, a: Any, b: Any, y: Any, start: Any, codes: Any, n: Any) -> Any:
    """See `blocks.add_block`."""
    signature = types.void(a, b, y, types.intp, codes, n)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        a, b, y, start, codes, n = operands_of(context, builder, signature, arguments)
        flips, more_bits = splat(builder, builder.trunc(n.flip, I8)), splat(builder, builder.trunc(n.more_bits, I32))
        tables = [rows_of(builder, codes.table, codes.columns, I64(k * LANES * TABLE_ROWS)) for k in range(3)]
        terms = []
        for operand, zero, rows in ((a, n.a_zero, tables[0]), (b, n.b_zero, tables[1])):
            values = builder.sext(builder.xor(load(builder, operand.data, start, CODES), flips), SUMS)
            centred = builder.sub(values, splat(builder, builder.trunc(zero, I32)))
            widest = Limits(I32(-(2**31)), I32(2**31 - 1))
            terms.append(by_number(builder, n.rule, builder.shl(centred, more_bits), rows, widest))
        signed = builder.mul(terms[1], splat(builder, builder.trunc(n.sign, I32)))
        total = builder.add(terms[0], signed)
        store(builder, to_codes(builder, total, I32(0), codes, tables[2], codes.rule), y.data, start)
        return context.get_dummy_value()

    return signature, generate


as_tuple = to_fixed_tuple
