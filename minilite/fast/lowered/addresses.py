"""Calling compiled loops by address, and what lets threads meet, in LLVM's language; see `fast.calls`.

Imported when such code is compiled.
"""

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from minilite.fast.calls import ARRAYS, ARRIVED, COLUMNS, GIVE_WAY

BYTES, NUMBERS = types.Array(types.uint8, 1, "C"), types.Array(types.int64, 1, "C")
ARGUMENTS = (*[BYTES] * (ARRAYS - 1), NUMBERS)
I32, I64 = ir.IntType(32), ir.IntType(64)


def element(context: Any, builder: Any, array: Any, kind: Any, index: int) -> Any:
    """A pointer to an element of a flat array."""
    return builder.gep(context.make_array(kind)(context, builder, array).data, [I64(index)])


@intrinsic
def call_row(typing: Any, row: Any) -> Any:
    """See `calls.call_row`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        numbers = [builder.load(element(context, builder, arguments[0], row, i)) for i in range(COLUMNS)]
        kind = context.call_conv.get_function_type(types.none, ARGUMENTS)
        function = builder.inttoptr(numbers[0], kind.as_pointer())
        pairs = zip(numbers[1::2], numbers[2::2], ARGUMENTS, strict=True)
        arrays = [array_at(context, builder, *pair) for pair in pairs]
        status, _ = context.call_conv.call_function(builder, function, types.none, ARGUMENTS, arrays)
        return status.code

    return types.int32(row), generate


def array_at(context: Any, builder: Any, address: Any, count: Any, kind: Any) -> Any:
    """An array of `count` elements, which owns no memory."""
    array = context.make_array(kind)(context, builder)
    size = context.get_constant(types.intp, kind.dtype.bitwidth // 8)
    data = builder.inttoptr(address, array.data.type)
    populate: Any = populate_array  # untyped
    populate(array, data, shape=[count], strides=[size], itemsize=size, meminfo=None)
    return array._getvalue()


@intrinsic
def arrive(typing: Any, meeting: Any) -> Any:
    """See `calls.arrive`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        count = element(context, builder, arguments[0], meeting, ARRIVED)
        builder.atomic_rmw("add", count, I64(1), "seq_cst")
        return context.get_dummy_value()

    return types.void(meeting), generate


@intrinsic
def arrived(typing: Any, meeting: Any) -> Any:
    """See `calls.arrived`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load_atomic(element(context, builder, arguments[0], meeting, ARRIVED), "acquire", 8)

    return types.int64(meeting), generate


@intrinsic
def give_way(typing: Any, meeting: Any) -> Any:
    """See `calls.give_way`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = builder.load(element(context, builder, arguments[0], meeting, GIVE_WAY))
        builder.call(builder.inttoptr(address, ir.FunctionType(I32, []).as_pointer()), [])
        return context.get_dummy_value()

    return types.void(meeting), generate


@intrinsic
def borrowed(typing: Any, array: Any) -> Any:
    """See `recurrent.borrowed`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        result = context.make_array(array)(context, builder, arguments[0])
        result.meminfo = ir.Constant(result.meminfo.type, None)
        return result._getvalue()

    return array(array), generate
