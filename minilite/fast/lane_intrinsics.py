"""The block of `lane_blocks.py` in the language of the compiler, LLVM.

All accumulators stay in registers. Nothing allows LLVM to fuse products with sums.
"""

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from .blocks import LANES
from .lane_blocks import VECTORS, WIDTH
from .llvm import I64, count_up, load, operands_of, splat, store

FLOAT = ir.FloatType()
FLOATS = ir.VectorType(FLOAT, LANES)


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
    """See `lane_blocks.lane_block`."""
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
