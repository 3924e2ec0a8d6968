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

**Requantization.** Per lane, the rule "double" of `numerics.rescale`. The 64-bit product of two 32-bit numbers fits
half as many lanes, so the even and the odd lanes are multiplied apart and their high halves blended.

`MINILITE_CPU=generic` chooses the way of CPUs without the instruction. This module and `numerics.jit` alone import
numba, this one when a loop is compiled.
"""

from collections.abc import Callable, Sequence
from functools import cache
from os import environ
from typing import Any, NamedTuple

from llvmlite import binding, ir
from numba.core import types
from numba.extending import intrinsic

from .blocks import BIAS, GROUP, LANES, LEFT, MANTISSA, MASK, RIGHT

BIT, I8, I16, I32, I64 = (ir.IntType(bits) for bits in (1, 8, 16, 32, 64))
CODES, WEIGHTS, SUMS = ir.VectorType(I8, LANES), ir.VectorType(I8, LANES * GROUP), ir.VectorType(I32, LANES)


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
    spread = builder.bitcast(splat(builder, codes, LANES), WEIGHTS)
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


def splat(builder: Any, value: Any, count: int) -> Any:
    """A vector with `value` in every lane."""
    one = builder.insert_element(ir.Constant(ir.VectorType(value.type, count), ir.Undefined), value, I32(0))
    return builder.shuffle_vector(one, one, indices([0] * count))


def indices(lanes: Sequence[int]) -> Any:
    """Which lane of two vectors, counted through, goes to each lane of a new one."""
    return ir.Constant(ir.VectorType(I32, len(lanes)), list(lanes))


def call(builder: Any, name: str, returns: Any, arguments: Sequence[Any]) -> Any:
    """Call a function that LLVM knows."""
    kind = ir.FunctionType(returns, [argument.type for argument in arguments])
    function = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
    return builder.call(function, arguments)


def load(builder: Any, pointer: Any, offset: Any, kind: Any) -> Any:
    """A value of type `kind`, `offset` elements after `pointer`, at any alignment."""
    value = builder.load(builder.bitcast(builder.gep(pointer, [offset]), kind.as_pointer()))
    value.align = 1
    return value


def store(builder: Any, value: Any, pointer: Any, offset: Any) -> None:
    """The reverse of `load`."""
    builder.store(value, builder.bitcast(builder.gep(pointer, [offset]), value.type.as_pointer())).align = 1


def at(builder: Any, start: Any, index: int, stride: Any) -> Any:
    """start + index * stride."""
    return builder.add(start, builder.mul(stride, I64(index)))


def count_up(builder: Any, count: Any, starts: Sequence[Any], step: Callable[[Any, list[Any]], list[Any]]) -> list[Any]:
    """A loop: `starts` carried through `step(i, values)` for i from 0 to count - 1, count at least 1."""
    before = builder.basic_block
    body, after = builder.append_basic_block("body"), builder.append_basic_block("after")
    builder.branch(body)
    builder.position_at_end(body)
    i = builder.phi(I64)
    carried = [builder.phi(start.type) for start in starts]
    results = step(i, carried)
    end = builder.basic_block  # the body may have loops of its own
    following = builder.add(i, I64(1))
    for phi, start, result in zip([i, *carried], [I64(0), *starts], [following, *results], strict=True):
        phi.add_incoming(start, before)
        phi.add_incoming(result, end)
    builder.cbranch(builder.icmp_signed("<", following, count), body, after)
    builder.position_at_end(after)
    return results


def arrays_of(context: Any, builder: Any, signature: Any, arguments: Any) -> list[Any]:
    """The arguments with each array replaced by its array structure."""
    return [
        context.make_array(kind)(context, builder, value) if isinstance(kind, types.Array) else value
        for kind, value in zip(signature.args, arguments, strict=True)
    ]


def length(builder: Any, array: Any) -> Any:
    """The length of a two-dimensional array's rows."""
    return builder.extract_value(array.shape, 1)


@intrinsic(prefer_literal=True)
def dot_block(
    typing: Any,
    x: Any,
    starts: Any,
    offsets: Any,
    groups: Any,
    flip: Any,
    w: Any,
    w_start: Any,
    total: Any,
    rows: Any,
    vectors: Any,
) -> Any:
    """See `blocks.dot_block`."""
    signature = types.void(x, starts, offsets, types.intp, types.intp, w, types.intp, total, rows, vectors)
    all_rows, all_vectors, best = range(rows.literal_value), range(vectors.literal_value), way()

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        given = arrays_of(context, builder, signature, arguments)
        for first_row in all_rows[:: best.rows]:
            for first_vector in all_vectors[:: best.vectors]:
                here = all_rows[first_row : first_row + best.rows], all_vectors[first_vector:][: best.vectors]
                sum_products(builder, best, *here, *given[:8])
        return context.get_dummy_value()

    return signature, generate


def sum_products(
    builder: Any,
    best: Way,
    rows: Sequence[int],
    vectors: Sequence[int],
    x: Any,
    starts: Any,
    offsets: Any,
    groups: Any,
    flip: Any,
    w: Any,
    w_start: Any,
    total: Any,
) -> None:
    """The part of a block that fits the registers: some of its rows by some of its vectors."""
    flips = builder.mul(builder.trunc(flip, I32), I32(0x01010101))
    segments = builder.extract_value(offsets.shape, 0)
    row_starts = [load(builder, starts.data, I64(r), I64) for r in rows]
    segment_size = builder.mul(groups, I64(LANES * GROUP))
    vector_size = builder.mul(segments, segment_size)

    def add_segment(segment: Any, sums: list[Any]) -> list[Any]:
        offset = load(builder, offsets.data, segment, I64)
        row_pointers = [builder.gep(x.data, [builder.add(start, offset)]) for start in row_starts]
        first = builder.add(w_start, builder.mul(segment, segment_size))
        vector_pointers = [builder.gep(w.data, [at(builder, first, v, vector_size)]) for v in vectors]

        def add_group(k: Any, sums: list[Any]) -> list[Any]:
            place = builder.mul(k, I64(LANES * GROUP))
            weights = [load(builder, pointer, place, WEIGHTS) for pointer in vector_pointers]
            fours = [load(builder, pointer, builder.mul(k, I64(GROUP)), I32) for pointer in row_pointers]
            pairs = [(builder.xor(four, flips), vector) for four in fours for vector in weights]
            return [best.add(builder, one, *pair) for one, pair in zip(sums, pairs, strict=True)]

        return count_up(builder, groups, sums, add_group)

    zeros = [ir.Constant(best.sums, None)] * (len(rows) * len(vectors))
    sums = iter(count_up(builder, segments, zeros, add_segment))
    for r in rows:
        for v in vectors:
            offset = builder.add(builder.mul(length(builder, total), I64(r)), I64(v * LANES))
            store(builder, fold(builder, next(sums)), total.data, offset)


def fold(builder: Any, sums: Any) -> Any:
    """One sum a lane."""
    if sums.type == SUMS:
        return sums
    even, odd = (builder.shuffle_vector(sums, sums, indices(range(first, 2 * LANES, 2))) for first in range(2))
    return builder.add(even, odd)


@intrinsic(prefer_literal=True)
def tap_block(
    typing: Any, x: Any, x_start: Any, x_step: Any, offsets: Any, w: Any, w_start: Any, flip: Any, total: Any, rows: Any
) -> Any:
    """See `blocks.tap_block`."""
    signature = types.void(x, types.intp, types.intp, offsets, w, types.intp, types.intp, total, rows)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, x_start, x_step, offsets, w, w_start, flip, total, _ = arrays_of(context, builder, signature, arguments)
        flips = splat(builder, builder.trunc(flip, I8), LANES)

        def step(tap: Any, sums: list[Any]) -> list[Any]:
            offset = builder.add(w_start, builder.mul(tap, length(builder, w)))
            weights = builder.sext(load(builder, w.data, offset, ir.VectorType(I16, LANES)), SUMS)
            start = builder.add(x_start, load(builder, offsets.data, tap, I64))
            results = []
            for r, one in enumerate(sums):
                codes = builder.xor(load(builder, x.data, at(builder, start, r, x_step), CODES), flips)
                results.append(builder.add(one, builder.mul(builder.sext(codes, SUMS), weights)))
            return results

        zeros = [ir.Constant(SUMS, None)] * rows.literal_value
        for r, sums in enumerate(count_up(builder, builder.extract_value(offsets.shape, 0), zeros, step)):
            store(builder, sums, total.data, builder.mul(length(builder, total), I64(r)))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def requantize(
    typing: Any,
    total: Any,
    row: Any,
    lane: Any,
    table: Any,
    column: Any,
    more: Any,
    low: Any,
    high: Any,
    zero: Any,
    y: Any,
    y_start: Any,
    count: Any,
) -> Any:
    """See `blocks.requantize`."""
    integer = types.intp
    signature = types.void(
        total, integer, integer, table, integer, integer, integer, integer, integer, y, integer, integer
    )

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        given = arrays_of(context, builder, signature, arguments)
        total, row, lane, table, column, more, low, high, zero, y, y_start, count = given
        more, low, high, zero = (splat(builder, builder.trunc(one, I32), LANES) for one in (more, low, high, zero))
        rows = {
            name: load(builder, table.data, at(builder, column, name, length(builder, table)), SUMS)
            for name in (BIAS, MANTISSA, LEFT, RIGHT, MASK)
        }
        start = builder.add(builder.mul(row, length(builder, total)), lane)
        accumulators = builder.add(builder.add(load(builder, total.data, start, SUMS), rows[BIAS]), more)
        scaled = rescale(builder, accumulators, rows)
        clamped = builder.select(builder.icmp_signed("<", scaled, low), low, scaled)
        clamped = builder.select(builder.icmp_signed(">", clamped, high), high, clamped)
        codes = builder.trunc(builder.add(clamped, zero), CODES)
        store_first(builder, codes, y.data, y_start, count)
        return context.get_dummy_value()

    return signature, generate


def rescale(builder: Any, accumulators: Any, rows: dict[int, Any]) -> Any:
    """The rule "double": shift left, times mantissa / 2**31 to the nearest, shift right to the nearest."""
    long = ir.VectorType(I64, LANES // 2)
    by32, tie, sign = splat(builder, I64(32), LANES // 2), splat(builder, I64(1 << 30), LANES // 2), I32(31)
    factors = [builder.bitcast(v, long) for v in (builder.shl(accumulators, rows[LEFT]), rows[MANTISSA])]
    even = [builder.ashr(builder.shl(factor, by32), by32) for factor in factors]  # sign-extended: one instruction
    odd = [builder.ashr(factor, by32) for factor in factors]
    by31, by1 = splat(builder, I64(31), LANES // 2), splat(builder, I64(1), LANES // 2)
    low_half = builder.bitcast(builder.lshr(builder.add(builder.mul(*even), tie), by31), SUMS)
    high_half = builder.bitcast(builder.shl(builder.add(builder.mul(*odd), tie), by1), SUMS)
    blend = indices([lane if lane % 2 == 0 else LANES + lane for lane in range(LANES)])
    high = builder.shuffle_vector(low_half, high_half, blend)
    negative = builder.lshr(high, splat(builder, sign, LANES))
    threshold = builder.add(builder.lshr(rows[MASK], splat(builder, I32(1), LANES)), negative)
    up = builder.icmp_signed(">", builder.and_(high, rows[MASK]), threshold)
    return builder.sub(builder.ashr(high, rows[RIGHT]), builder.sext(up, SUMS))


def store_first(builder: Any, codes: Any, pointer: Any, start: Any, count: Any) -> None:
    """The first `count` lanes of `codes`, no byte beyond them."""
    with builder.if_else(builder.icmp_signed(">=", count, I64(LANES))) as (whole, part):
        with whole:
            store(builder, codes, pointer, start)
        with part:
            lanes = ir.Constant(SUMS, list(range(LANES)))
            mask = builder.icmp_signed("<", lanes, splat(builder, builder.trunc(count, I32), LANES))
            target = builder.bitcast(builder.gep(pointer, [start]), CODES.as_pointer())
            call(builder, "llvm.masked.store.v16i8.p0", ir.VoidType(), [codes, target, I32(1), mask])
