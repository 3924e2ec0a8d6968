"""What loops do with memory beside their blocks, in LLVM's language: copies, numbers to a tuple, bytes as numbers."""

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from .llvm import (
    I8,
    I64,
    WEIGHTS,
    count_up,
    length,
    load,
    operands_of,
    splat,
    store,
)


@intrinsic
def copy_bytes(typing: Any, y: Any, y_start: Any, x: Any, x_start: Any, count: Any, flip: Any) -> Any:
    """See `blocks.copy_bytes`."""
    signature = types.void(y, types.intp, x, types.intp, types.intp, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        y, y_start, x, x_start, count, flip = operands_of(context, builder, signature, arguments)
        target, source = builder.gep(y.data, [y_start]), builder.gep(x.data, [x_start])
        size = I64(WEIGHTS.count)
        flip = builder.trunc(flip, I8)
        flips = splat(builder, flip, WEIGHTS.count)

        def step(k: Any, _: list[Any]) -> list[Any]:
            place = builder.mul(k, size)
            store(builder, builder.xor(load(builder, source, place, WEIGHTS), flips), target, place)
            return []

        whole = builder.udiv(count, size)
        with builder.if_then(builder.icmp_signed(">", whole, I64(0))):
            count_up(builder, whole, [], step)
        place, piece = builder.mul(whole, size), WEIGHTS.count // 2
        while piece > 0:
            is_there = builder.icmp_signed("!=", builder.and_(count, I64(piece)), I64(0))
            with builder.if_then(is_there):
                value = load(builder, source, place, ir.VectorType(I8, piece))
                store(builder, builder.xor(value, splat(builder, flip, piece)), target, place)
            place = builder.select(is_there, builder.add(place, I64(piece)), place)
            piece //= 2
        return context.get_dummy_value()

    return signature, generate


@intrinsic(prefer_literal=True)
def as_tuple(typing: Any, array: Any, count: Any) -> Any:
    """See `blocks.as_tuple`. numba's own function for it takes ten times as long as the loads."""
    size = count.literal_value
    kind: Any = types.UniTuple  # untyped

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        given, *_ = operands_of(context, builder, signature, arguments)
        values = [builder.load(builder.gep(given.data, [I64(i)])) for i in range(size)]
        return context.make_tuple(builder, signature.return_type, values)

    return kind(array.dtype, size)(array, count), generate


@intrinsic
def viewed(typing: Any, array: Any, dtype: Any) -> Any:
    """See `blocks.viewed`. numba's own `view` of a flat array takes longer than most blocks."""
    kind = array.copy(dtype=dtype.dtype)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        given, made = operands_of(context, builder, signature, arguments)[0], context.make_array(kind)(context, builder)
        size = context.get_constant(types.intp, kind.dtype.bitwidth // 8)
        count = builder.udiv(builder.mul(length(builder, given), given.itemsize), size)
        data, parts = builder.bitcast(given.data, made.data.type), {"meminfo": given.meminfo, "parent": given.parent}
        populate: Any = populate_array  # untyped, like the next
        borrowed: Any = impl_ret_borrowed
        populate(made, data, shape=[count], strides=[size], itemsize=size, **parts)
        return borrowed(context, builder, kind, made._getvalue())

    return kind(array, dtype), generate
