"""How a CPU multiplies and adds 8-bit codes: one way for each kind, all with the same bits.

A way works on WEIGHTS, 64 bytes: 16 lanes of four unsigned codes and four signed weights, whose products are added to
the lane's sum. What that is on a CPU:

**avx512-vnni**: one instruction, VPDPBUSD, does it all: 64 multiply-accumulates at once. There are 32 registers of 64
bytes, so a block of 6 rows by 4 vectors keeps 24 sums, 4 vectors of weights and the codes at hand in them.
**avx-vnni**: the same instruction on 32 bytes, two for each vector. There are 16 registers: 6 rows by 1 vector take 12
for sums and 2 for weights; 3 by 2 would need 17, and run at half the speed.
**avx2**: VPMADDWD multiplies 16 by 16 bits and adds pairs of products, 16 at once. Of each four, the even and the odd
codes are widened apart, which takes masks and shifts only, so a lane has one sum. (VPMADDUBSW would take bytes, but
saturates at 16 bits: 2 * 255 * 127 is twice that.) 6 rows by 1 vector share the widened weights.
**arm-i8mm**: USDOT on 16 bytes, 32 registers: four instructions for each vector. Written by the book, never run.
**generic**: products of 16 bits, which every target of LLVM has in some form; x86 adds them in pairs (VPMADDWD), so
each lane has two sums until the end.

The sums wrap around in 32 bits, in any order of addition alike. `MINILITE_CPU` asks for a way by its name.
"""

from collections.abc import Callable, Collection, Sequence
from functools import cache, partial
from os import environ
from typing import Any, NamedTuple

from llvmlite import ir

from minilite.fast.blocks import GROUP, LANES

from .llvm import CODES, I8, I16, I32, SUMS, WEIGHTS, call, clamp, features, indices, joined, pieces, splat


class Way(NamedTuple):
    """How a kind of CPU multiplies: the block that fits its registers, and the steps of the sums."""

    name: str
    rows: int
    vectors: int
    begin: Callable[[Any, Any], Any]  # sums of products from one vector of accumulators
    add: Callable[[Any, Any, Any, Any], Any]  # add(builder, sums, codes, weights): WEIGHTS times WEIGHTS, by fours
    end: Callable[[Any, Any], Any]  # accumulators again
    pack: Callable[[Any, Sequence[Any]], Any]  # 8-bit codes of four vectors, saturated: four of each in turn

    def pack_in_order(self, builder: Any, vectors: Sequence[Any]) -> Any:
        """8-bit codes of four vectors, saturated, one behind the other."""
        fours = builder.bitcast(self.pack(builder, vectors), SUMS)
        order = indices([lane % 4 * 4 + lane // 4 for lane in range(LANES)])
        return builder.bitcast(builder.shuffle_vector(fours, fours, order), WEIGHTS)


def as_it_is(builder: Any, sums: Any) -> Any:
    """For sums that are accumulators all the time."""
    return sums


def add_vnni(builder: Any, sums: Any, codes: Any, weights: Any) -> Any:
    """The dot-product instruction of AVX-512 VNNI."""
    return call(builder, "llvm.x86.avx512.vpdpbusd.512", SUMS, [sums, codes, weights])


def pack_avx512(builder: Any, vectors: Sequence[Any]) -> Any:
    """Three instructions take four vectors to one."""
    words, codes = ir.VectorType(I16, 2 * LANES), ir.VectorType(I8, 4 * LANES)
    halves = [call(builder, "llvm.x86.avx512.packssdw.512", words, vectors[first : first + 2]) for first in (0, 2)]
    return call(builder, "llvm.x86.avx512.packsswb.512", codes, halves)


def begin_parts(count: int, builder: Any, sums: Any) -> Any:
    """Parts of a vector as values of their own, each of which stays in a register."""
    parts = pieces(builder, sums, count)
    joint = ir.Constant(ir.LiteralStructType([part.type for part in parts]), ir.Undefined)
    for k, part in enumerate(parts):
        joint = builder.insert_value(joint, part, k)
    return joint


def add_parts(add: Callable[[Any, Any, Any, Any], Any], builder: Any, sums: Any, codes: Any, weights: Any) -> Any:
    """Add to each part by an instruction for its size."""
    count = len(sums.type.elements)
    for k, (x, w) in enumerate(zip(pieces(builder, codes, count), pieces(builder, weights, count), strict=True)):
        sums = builder.insert_value(sums, add(builder, builder.extract_value(sums, k), x, w), k)
    return sums


def end_parts(builder: Any, sums: Any) -> Any:
    """One vector again."""
    return joined(builder, [builder.extract_value(sums, k) for k in range(len(sums.type.elements))])


def add_instruction(name: str, builder: Any, sums: Any, codes: Any, weights: Any) -> Any:
    """A dot-product instruction."""
    return call(builder, name, sums.type, [sums, codes, weights])


def add_words(builder: Any, sums: Any, codes: Any, weights: Any) -> Any:
    """Products of the even codes, then of the odd ones, two in a lane."""
    words = ir.VectorType(I16, LANES)
    byte, lower = (ir.Constant(words, [number] * LANES) for number in (8, 255))
    x, w = (builder.bitcast(one, words) for one in (codes, weights))
    even = builder.and_(x, lower), builder.ashr(builder.shl(w, byte), byte)
    odd = builder.lshr(x, byte), builder.ashr(w, byte)
    for pair in (even, odd):
        sums = builder.add(sums, call(builder, "llvm.x86.avx2.pmadd.wd", sums.type, pair))
    return sums


def pack_avx2(builder: Any, vectors: Sequence[Any]) -> Any:
    """`pack_avx512` of the halves."""
    words, codes = ir.VectorType(I16, LANES), ir.VectorType(I8, 2 * LANES)
    packed = []
    for parts in zip(*(pieces(builder, vector, 2) for vector in vectors), strict=True):
        pairs = [call(builder, "llvm.x86.avx2.packssdw", words, parts[first : first + 2]) for first in (0, 2)]
        packed.append(call(builder, "llvm.x86.avx2.packsswb", codes, pairs))
    return joined(builder, packed)


def begin_pairs(builder: Any, sums: Any) -> Any:
    """Two sums a lane, the second from 0."""
    spread = [lane // 2 if lane % 2 == 0 else LANES for lane in range(2 * LANES)]
    return builder.shuffle_vector(sums, ir.Constant(SUMS, None), indices(spread))


def add_pairs(builder: Any, sums: Any, codes: Any, weights: Any) -> Any:
    """Products of 16 bits, added in pairs."""
    kind = ir.VectorType(I16, LANES * GROUP)
    products = []
    for first in range(2):
        half = indices(range(first, LANES * GROUP, 2))
        wide = builder.zext(codes, kind), builder.sext(weights, kind)
        products.append(builder.mul(*(builder.sext(builder.shuffle_vector(v, v, half), sums.type) for v in wide)))
    return builder.add(sums, builder.add(*products))


def end_pairs(builder: Any, sums: Any) -> Any:
    """One sum a lane."""
    even, odd = (builder.shuffle_vector(sums, sums, indices(range(first, 2 * LANES, 2))) for first in range(2))
    return builder.add(even, odd)


def pack_plain(builder: Any, vectors: Sequence[Any]) -> Any:
    """Clamped, cut off, and one behind the other, by fours of lanes."""
    codes = in_a_row(builder, vectors)
    order = [v * LANES + j * 4 + i for j in range(4) for v in range(4) for i in range(4)]
    return builder.shuffle_vector(codes, codes, indices(order))


def in_a_row(builder: Any, vectors: Sequence[Any]) -> Any:
    """8-bit codes of a power of two of vectors, saturated, one behind the other."""
    low, high = (splat(builder, I32(limit)) for limit in (-128, 127))
    codes = [builder.trunc(clamp(builder, one, low, high), CODES) for one in vectors]
    return joined(builder, codes)


VNNI = Way("avx512-vnni", 6, 4, as_it_is, add_vnni, as_it_is, pack_avx512)
add_256, add_128 = (
    partial(add_parts, partial(add_instruction, f"llvm.{name}"))
    for name in ("x86.avx512.vpdpbusd.256", "aarch64.neon.usdot.v4i32.v16i8")
)
halves, quarters = (partial(begin_parts, count) for count in (2, 4))
AVX_VNNI = Way("avx-vnni", 6, 1, halves, add_256, end_parts, pack_avx2)
AVX2 = Way("avx2", 6, 1, halves, partial(add_parts, add_words), end_parts, pack_avx2)
ARM = Way("arm-i8mm", 3, 2, quarters, add_128, end_parts, pack_plain)
GENERIC = Way("generic", 2, 1, begin_pairs, add_pairs, end_pairs, pack_plain)


FEATURES = (  # what a way needs, the best first
    (VNNI, ("avx512vnni", "avx512bw", "avx512vl")),
    (AVX_VNNI, ("avxvnni", "avx2")),
    (AVX2, ("avx2",)),
    (ARM, ("i8mm",)),
    (GENERIC, ()),
)


def ways_with(features: Collection[str]) -> dict[str, Way]:
    """What a CPU with these features can do, by name, the best first."""
    return {one.name: one for one, needs in FEATURES if set(needs).issubset(features)}


def ways() -> dict[str, Way]:
    """What this CPU can do."""
    return ways_with(features())


@cache
def way() -> Way:
    """The best way, or what MINILITE_CPU asks for. Raises ValueError when that is no way of this CPU."""
    named = ways()
    asked = environ.get("MINILITE_CPU") or next(iter(named))
    if asked not in named:
        raise ValueError(f"MINILITE_CPU is {asked!r}, this CPU can be one of {', '.join(named)}")
    return named[asked]
