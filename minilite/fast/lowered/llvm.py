"""A vocabulary for writing LLVM, the compiler's language, from Python: vectors, memory, loops, operands.

Only `intrinsics` and `rules` speak it. LLVM's values are typed and never change; a loop carries what changes through
phi nodes, which `count_up` hides.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, cast

from llvmlite import ir
from numba.core import codegen, config, types

from minilite.fast.blocks import GROUP, LANES

I8, I16, I32, I64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))
CODEGEN, CONFIG = cast(Any, codegen), cast(Any, config)
CODES, WEIGHTS, SUMS = ir.VectorType(I8, LANES), ir.VectorType(I8, LANES * GROUP), ir.VectorType(I32, LANES)


@cache
def features() -> frozenset[str]:
    """What the CPU can do that numba compiles for: this one, unless NUMBA_CPU_FEATURES says otherwise."""
    asked = CONFIG.CPU_FEATURES
    named = CODEGEN.get_host_cpu_features() if asked is None else asked
    return frozenset(name[1:] for name in named.split(",") if name.startswith("+"))


def splat(builder: Any, value: Any, count: int = LANES) -> Any:
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


def clamp(builder: Any, value: Any, low: Any, high: Any) -> Any:
    """The nearest numbers within [low, high], of integers or of floats that are not NaN."""
    compare = builder.icmp_signed if isinstance(value.type.element, ir.IntType) else builder.fcmp_ordered
    above = builder.select(compare("<", value, low), low, value)
    return builder.select(compare(">", above, high), high, above)


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


def store_rows(builder: Any, rows: Sequence[Any], pointer: Any, starts: Sequence[Any], count: Any) -> None:
    """The first `count` bytes of each row, a vector of them, from starts[r] on; no byte beyond them."""
    width = rows[0].type.count
    with builder.if_else(builder.icmp_signed(">=", count, I64(width))) as (whole, part):
        with whole:
            for row, start in zip(rows, starts, strict=True):
                store(builder, row, pointer, start)
        with part:
            some = builder.select(builder.icmp_signed("<", count, I64(0)), I64(0), count)
            store_some = store_masked if "avx512bw" in features() else store_pieces
            store_some(builder, rows, pointer, starts, some)


def store_masked(builder: Any, rows: Sequence[Any], pointer: Any, starts: Sequence[Any], count: Any) -> None:
    """Less than whole rows, where a CPU stores those bytes that a mask has."""
    kind = rows[0].type
    lanes = ir.Constant(kind, list(range(kind.count)))
    mask = builder.icmp_signed("<", lanes, splat(builder, builder.trunc(count, I8), kind.count))
    for row, start in zip(rows, starts, strict=True):
        target = builder.bitcast(builder.gep(pointer, [start]), kind.as_pointer())
        call(builder, f"llvm.masked.store.v{kind.count}i8.p0", ir.VoidType(), [row, target, I32(1), mask])


def store_pieces(builder: Any, rows: Sequence[Any], pointer: Any, starts: Sequence[Any], count: Any) -> None:
    """Less than whole rows: a piece for each bit of `count`, of half the bytes of a row, a quarter, and so on."""
    size = rows[0].type.count // 2
    while size > 0:
        parts = [pieces(builder, row, 2) for row in rows]
        is_piece = builder.icmp_signed("!=", builder.and_(count, I64(size)), I64(0))
        with builder.if_then(is_piece):
            for (lower, _), start in zip(parts, starts, strict=True):
                store(builder, lower, pointer, start)
        starts = [builder.select(is_piece, builder.add(start, I64(size)), start) for start in starts]
        rows = [builder.select(is_piece, upper, lower) for lower, upper in parts]
        size //= 2


def pieces(builder: Any, value: Any, count: int) -> list[Any]:
    """A vector in so many parts of the same size."""
    size = value.type.count // count
    return [builder.shuffle_vector(value, value, indices(range(k * size, (k + 1) * size))) for k in range(count)]


def joined(builder: Any, vectors: Sequence[Any]) -> Any:
    """A power of two of vectors one behind the other."""
    while len(vectors) > 1:
        order = indices(range(2 * vectors[0].type.count))
        vectors = [builder.shuffle_vector(*pair, order) for pair in zip(vectors[::2], vectors[1::2], strict=True)]
    return vectors[0]


def operands_of(context: Any, builder: Any, signature: Any, arguments: Any) -> list[Any]:
    """The arguments as Python sees them: arrays have `.data`, named tuples their fields, numbers are LLVM values."""
    return [_operand(context, builder, kind, value) for kind, value in zip(signature.args, arguments, strict=True)]


class Fields:
    """The fields of a named tuple, as attributes."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.__dict__.update(fields)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


def _operand(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    if isinstance(kind, types.Array):
        return context.make_array(kind)(context, builder, value)
    if isinstance(kind, types.NamedTuple | types.NamedUniTuple):
        parts = [builder.extract_value(value, i) for i in range(len(kind.fields))]
        inner = [_operand(context, builder, *pair) for pair in zip(kind.types, parts, strict=True)]
        return Fields(dict(zip(kind.fields, inner, strict=True)))
    return value


def length(builder: Any, array: Any) -> Any:
    """The length of a flat array."""
    return builder.extract_value(array.shape, 0)
