"""The block of ADD and SUB in LLVM's language, see `blocks.add_block`."""

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from minilite.fast.blocks import CHUNK, LANES, TABLE_ROWS, WIDEST

from .intrinsics import Place, rescaled, store_codes
from .llvm import CODES, I8, I32, I64, SUMS, load, operands_of, splat
from .rules import Limits, Table, by_number
from .ways import way


@intrinsic
def add_block(typing: Any, a: Any, b: Any, y: Any, start: Any, codes: Any, n: Any) -> Any:
    """See `blocks.add_block`."""
    signature = types.void(a, b, y, types.intp, codes, n)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        a, b, y, start, codes, n = operands_of(context, builder, signature, arguments)
        place = Place(y, [start], I64(CHUNK), None)
        quick, sure, exact, done = (builder.append_basic_block(name) for name in ("quick", "sure", "exact", "done"))
        builder.cbranch(builder.icmp_signed("!=", n.fraction, I64(0)), quick, exact)

        builder.position_at_end(quick)
        made, doubt = estimated_sums(builder, a, b, start, n)
        builder.cbranch(doubt, exact, sure)
        builder.position_at_end(sure)
        store_codes(builder, [made], codes, place, way().pack_in_order)
        builder.branch(done)

        builder.position_at_end(exact)
        store_codes(builder, [exact_sums(builder, a, b, start, codes, n)], codes, place, way().pack_in_order)
        builder.branch(done)
        builder.position_at_end(done)
        return context.get_dummy_value()

    return signature, generate


def estimated_sums(builder: Any, a: Any, b: Any, start: Any, n: Any) -> tuple[list[Any], Any]:
    """The codes of a chunk by one multiplication each, and whether one of them may be wrong, see `add_sub.estimate`."""
    a_factor, b_factor, constant, fraction, doubt = (
        splat(builder, builder.trunc(one, I32)) for one in (n.a_factor, n.b_factor, n.constant, n.fraction, n.doubt)
    )
    rest, made, least = builder.sub(splat(builder, I32(32)), fraction), [], splat(builder, I32(-1))
    for v in range(WIDEST):
        lane = builder.add(start, I64(v * LANES))
        total = constant
        for operand, factor in ((a, a_factor), (b, b_factor)):
            total = builder.add(
                total, builder.mul(signed_codes(builder, load(builder, operand.data, lane, CODES), n), factor)
            )
        made.append(builder.ashr(total, fraction))
        behind = builder.shl(total, rest)
        least = builder.select(builder.icmp_unsigned("<", behind, least), behind, least)
    is_doubtful = builder.icmp_unsigned("<", least, doubt)
    return made, builder.icmp_unsigned("!=", builder.bitcast(is_doubtful, ir.IntType(LANES)), ir.IntType(LANES)(0))


def exact_sums(builder: Any, a: Any, b: Any, start: Any, codes: Any, n: Any) -> list[Any]:
    """The codes of a chunk, rescaled three times."""
    tables = [Table(builder, codes.table, codes.columns, I64(k * CHUNK * TABLE_ROWS)) for k in range(3)]
    sign, zero = splat(builder, builder.trunc(n.sign, I32)), builder.sub(codes.zero, codes.flip)
    widest, made = Limits(I32(-(2**31)), I32(2**31 - 1)), []
    for v in range(WIDEST):
        lane, terms = builder.add(start, I64(v * LANES)), []
        for operand, operand_zero, table in ((a, n.a_zero, tables[0]), (b, n.b_zero, tables[1])):
            signed = signed_codes(builder, load(builder, operand.data, lane, CODES), n)
            centred = builder.sub(signed, splat(builder, builder.trunc(operand_zero, I32)))
            shifted = builder.shl(centred, splat(builder, builder.trunc(n.more_bits, I32)))
            terms.append(by_number(builder, codes.rule, shifted, table, widest))
        total = builder.add(terms[0], builder.mul(terms[1], sign))
        made.append(rescaled(builder, total, codes, tables[2], zero))
    return made


def signed_codes(builder: Any, codes: Any, n: Any) -> Any:
    """Codes as signed numbers of 32 bits."""
    return builder.sext(builder.xor(codes, splat(builder, builder.trunc(n.flip, I8))), SUMS)
