"""Calling compiled loops by address, in LLVM's language; see `calls`. Imported when such code is compiled."""

from typing import Any

from numba.core import types
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from .calls import ARRAYS

BYTES, NUMBERS = types.Array(types.uint8, 1, "C"), types.Array(types.int64, 1, "C")
ARGUMENTS = (*[BYTES] * (ARRAYS - 1), NUMBERS)


@intrinsic
def call_row(typing: Any, table: Any, row: Any) -> Any:
    """See `calls.call_row`."""
    signature = types.int32(table, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        rows = context.make_array(table)(context, builder, arguments[0])
        place = builder.mul(arguments[1], builder.extract_value(rows.shape, 1))
        numbers = [
            builder.load(builder.gep(rows.data, [builder.add(place, place.type(i))])) for i in range(1 + 2 * ARRAYS)
        ]
        kind = context.call_conv.get_function_type(types.none, ARGUMENTS)
        function = builder.inttoptr(numbers[0], kind.as_pointer())
        pairs = zip(numbers[1::2], numbers[2::2], ARGUMENTS, strict=True)
        arrays = [array_at(context, builder, *pair) for pair in pairs]
        status, _ = context.call_conv.call_function(builder, function, types.none, ARGUMENTS, arrays)
        return status.code

    return signature, generate


def array_at(context: Any, builder: Any, address: Any, count: Any, kind: Any) -> Any:
    """An array of `count` elements, which owns no memory."""
    array = context.make_array(kind)(context, builder)
    size = context.get_constant(types.intp, kind.dtype.bitwidth // 8)
    data = builder.inttoptr(address, array.data.type)
    populate: Any = populate_array  # untyped
    populate(array, data, shape=[count], strides=[size], itemsize=size, meminfo=None)
    return array._getvalue()
