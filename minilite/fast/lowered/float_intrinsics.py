"""The blocks of `float_blocks.py` in the language of the compiler, LLVM.

A sum waits a few cycles for the one before it, so 6 rows by 4 vectors of outputs grow side by side in registers and
share what they load. Products and sums are instructions of their own: nothing allows LLVM to fuse them.
"""

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from minilite.fast.blocks import LANES
from minilite.fast.float_blocks import FLOAT_BYTES, VECTORS, WIDTH, FusedWeights

from .llvm import I64, WEIGHTS, at, call, clamp, count_up, length, load, operands_of, splat, store, store_rows

FLOAT = ir.FloatType()
FLOATS = ir.VectorType(FLOAT, LANES)
VECTOR_BYTES = FLOAT_BYTES * LANES


@intrinsic(prefer_literal=True)
def float_block(
    typing: Any,
    x: Any,
    starts: Any,
    weights: Any,
    u: Any,
    y: Any,
    places: Any,
    count: Any,
    rows: Any,
    vectors: Any,
    spread: Any,
) -> Any:
    """See `float_blocks.float_block`."""
    integer = types.intp
    signature = types.void(x, starts, weights, integer, y, places, integer, rows, vectors, spread)
    all_rows, width, one_number = range(rows.literal_value), vectors.literal_value, bool(spread.literal_value)
    is_fused = weights.instance_class is FusedWeights

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, starts, weights, u, y, places, count, *_ = operands_of(context, builder, signature, arguments)
        pointers = [builder.gep(x.data, [load(builder, starts.data, I64(r), I64)]) for r in all_rows]
        steps = length(builder, weights.offsets)
        w = builder.gep(weights.w.data, [builder.mul(u, steps)])

        def add_step(k: Any, sums: list[Any]) -> list[Any]:
            offset = load(builder, weights.offsets.data, builder.mul(k, I64(1)), I64)
            place = builder.mul(k, I64(width * LANES))
            factors = [load(builder, w, builder.add(place, I64(v * LANES)), FLOATS) for v in range(width)]
            added = []
            for r, pointer in enumerate(pointers):
                if one_number:
                    values = [splat(builder, load(builder, pointer, offset, FLOAT))] * width
                else:
                    places = [builder.add(offset, I64(v * VECTOR_BYTES)) for v in range(width)]
                    values = [load(builder, pointer, place, FLOATS) for place in places]
                row = sums[r * width : (r + 1) * width]
                added += [add(*three) for three in zip(values, factors, row, strict=True)]
            return added

        def add(value: Any, factor: Any, total: Any) -> Any:
            if is_fused:
                return call(builder, f"llvm.fma.v{LANES}f32", FLOATS, [value, factor, total])
            return builder.fadd(total, builder.fmul(value, factor))

        bias = [load(builder, weights.bias.data, builder.add(u, I64(v * LANES)), FLOATS) for v in range(width)]
        begun = bias if is_fused else [ir.Constant(FLOATS, None)] * width
        sums = count_up(builder, steps, begun * len(all_rows), add_step)
        low, high = (splat(builder, load(builder, weights.limits.data, I64(k), FLOAT)) for k in range(2))
        for v in range(width):
            totals = sums[v::width] if is_fused else [builder.fadd(one, bias[v]) for one in sums[v::width]]
            made = [builder.bitcast(clamp(builder, one, low, high), WEIGHTS) for one in totals]
            here = [builder.add(load(builder, places.data, I64(r), I64), I64(v * VECTOR_BYTES)) for r in all_rows]
            left = builder.mul(builder.sub(count, I64(v * LANES)), I64(FLOAT_BYTES))
            store_rows(builder, made, y.data, here, left)
        return context.get_dummy_value()

    return signature, generate


@intrinsic(prefer_literal=True)
def scaled_block(
    typing: Any,
    x: Any,
    x_start: Any,
    x_step: Any,
    w: Any,
    w_start: Any,
    steps: Any,
    w_scale: Any,
    x_scale: Any,
    y: Any,
    y_start: Any,
    y_step: Any,
    rows: Any,
) -> Any:
    """See `float_blocks.scaled_block`."""
    integer, real = types.intp, types.float32
    signature = types.void(x, integer, integer, w, integer, integer, w_scale, real, y, integer, integer, rows)
    all_rows = range(rows.literal_value)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        given = operands_of(context, builder, signature, arguments)
        x, x_start, x_step, w, w_start, steps, w_scale, x_scale, y, y_start, y_step, _ = given
        scales = load(builder, w_scale.data, I64(0), FLOATS), splat(builder, x_scale)
        sources, targets = (
            [at(builder, start, r, step) for r in all_rows] for start, step in ((x_start, x_step), (y_start, y_step))
        )

        def add_step(k: Any, sums: list[Any]) -> list[Any]:
            factors = load(builder, w.data, at(builder, w_start, LANES, k), FLOATS)
            added = []
            for source, total in zip(sources, sums, strict=True):
                product = builder.fmul(splat(builder, load(builder, x.data, builder.add(source, k), FLOAT)), factors)
                for scale in scales:
                    product = builder.fmul(product, scale)
                added.append(builder.fadd(total, product))
            return added

        begun = [load(builder, y.data, target, FLOATS) for target in targets]
        for target, total in zip(targets, count_up(builder, steps, begun, add_step), strict=True):
            store(builder, total, y.data, target)
        return context.get_dummy_value()

    return signature, generate


@intrinsic(prefer_literal=True)
def lane_block(
    typing: Any,
    x: Any,
    start: Any,
    w: Any,
    place: Any,
    steps: Any,
    sums: Any,
    column: Any,
    lanes: Any,
    across: Any,
) -> Any:
    """See `float_blocks.lane_block`."""
    integer = types.intp
    signature = types.void(x, integer, w, integer, integer, sums, integer, lanes, across)
    count, is_across = lanes.literal_value, bool(across.literal_value)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, start, w, place, steps, sums, column, *_ = operands_of(context, builder, signature, arguments)
        values, weights = builder.gep(x.data, [start]), builder.gep(w.data, [place])

        def add_step(k: Any, totals: list[Any]) -> list[Any]:
            first, added = builder.mul(k, I64(count)), []
            for lane in range(count):
                at = builder.add(first, I64(lane))
                value, row = splat(builder, load(builder, values, at, FLOAT)), builder.mul(at, I64(WIDTH))
                for v in range(VECTORS):
                    factor = load(builder, weights, builder.add(row, I64(v * LANES)), FLOATS)
                    added.append(builder.fadd(totals[lane * VECTORS + v], builder.fmul(value, factor)))
            return added

        totals = count_up(builder, steps, [ir.Constant(FLOATS, None)] * (count * VECTORS), add_step)
        rows = [totals[lane * VECTORS : (lane + 1) * VECTORS] for lane in range(count)]
        if is_across:
            rows = [rows[0], rows[2], rows[1], rows[3]]
        while len(rows) > 1:
            pairs = zip(rows[0::2], rows[1::2], strict=True)
            rows = [[builder.fadd(*both) for both in zip(*pair, strict=True)] for pair in pairs]
        for v, total in enumerate(rows[0]):
            store(builder, total, sums.data, builder.add(column, I64(v * LANES)))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def fuse(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """See `fused.fuse`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return types.float32(types.float32, types.float32, types.float32), generate
