"""TRANSPOSE, SLICE, STRIDED_SLICE, SPLIT, SPLIT_V, PACK, UNPACK: all element types, all options, run-time values."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.options.empty import SliceOptions, TransposeOptions
from minilite.format.options.shape import PackOptions, SplitOptions, SplitVOptions, StridedSliceOptions, UnpackOptions
from minilite.ops.element_types import UP_TO_64_BITS
from minilite.ops.slicing import SPLIT_TYPES
from minilite.ops.stacking import PACKED, UNPACKED

from .case import Case, OneOp, one_op
from .movement import SHARE, same_codes, value
from .strategies import arrays, operands

LENGTHS = st.sampled_from([1, 2, 3, 4, 5, 2, 3, 0])


@st.composite
def transpose(draw: Any, kind: str) -> OneOp:
    rank = draw(st.integers(1, 8))
    shape = draw(st.lists(LENGTHS if rank < 6 else st.integers(1, 2), min_size=rank, max_size=rank))
    order = draw(st.permutations(range(rank)))
    x = draw(operands(kind, tuple(shape)))
    given = [axis - rank if draw(st.booleans()) else axis for axis in order]
    y = same_codes(x, tuple(shape[axis] for axis in order))
    return one_op("TRANSPOSE", draw(st.sampled_from([None, TransposeOptions()])), [x, value(draw, given)], [y])


@st.composite
def slice_(draw: Any, kind: str) -> OneOp:
    x = draw(operands(kind, tuple(draw(st.lists(LENGTHS, min_size=1, max_size=6)))))
    begins = [draw(st.integers(0, length)) for length in x.shape]
    lengths = [draw(st.integers(0, length - begin)) for begin, length in zip(begins, x.shape, strict=True)]
    sizes = [
        -1 if begin + length == whole and draw(st.booleans()) else length
        for begin, length, whole in zip(begins, lengths, x.shape, strict=True)
    ]
    index_type = draw(st.sampled_from(["int32", "int64"]))
    inputs = [x, value(draw, begins, index_type), value(draw, sizes, index_type)]
    return one_op("SLICE", draw(st.sampled_from([None, SliceOptions()])), inputs, [same_codes(x, tuple(lengths))])


@st.composite
def strided_slice(draw: Any, kind: str) -> OneOp:
    x = draw(operands(kind, tuple(draw(st.lists(LENGTHS, max_size=6)))))
    offset = draw(st.integers(0, 4)) == 0
    words = draw(_words(x.shape, plain=offset))
    begin, end, strides = ([word[place] for word in words] for place in (1, 2, 3))
    masks = {
        f"{mask}_mask": sum(2**index for index, word in enumerate(words) if mask in word[0])
        for mask in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    }
    inputs = [x, *(value(draw, np.array(numbers, np.int32)) for numbers in (begin, end, strides))]
    if offset:  # LiteRT crashes on an end known only at run time beside constant strides
        inputs[2] = inputs[2]._replace(constant=True)
    return one_op("STRIDED_SLICE", StridedSliceOptions(**masks, offset=offset), inputs, [same_codes(x, (1,))])


@st.composite
def _words(draw: Any, shape: tuple[int, ...], plain: bool) -> list[tuple[set[str], int, int, int]]:
    """The indices: the names of the masks set for each, begin, end, stride. Plain ones suit the option `offset`."""
    if plain:
        return [_offset_word(draw, length) for length in shape]
    count = draw(st.sampled_from([len(shape), draw(st.integers(0, len(shape)))]))
    words = [_word(draw, shape) for _ in range(count)]
    for _ in range(draw(st.integers(0, 2))):
        words.insert(draw(st.integers(0, len(words))), ({"new_axis"}, 7, 7, 7))
    if draw(st.booleans()) and words:
        # An ellipsis for no axis at all takes one from the indices behind it, which LiteRT then does not check.
        stands_for_none = sum(word[0] != {"new_axis"} for word in words) == len(shape)
        place = len(words) - 1 if stands_for_none else draw(st.integers(0, len(words)))
        if not stands_for_none or words[-1][0] != {"new_axis"}:
            words.insert(place, ({"ellipsis", *(["new_axis"] * draw(st.booleans()))}, 7, 7, 7))
    return words


def _offset_word(draw: Any, length: int) -> tuple[set[str], int, int, int]:
    """An index whose end, counted from begin, stays inside."""
    begin = draw(st.integers(0, length))
    wanted = draw(st.integers(0, length - begin))
    masks = {"begin"} if begin == 0 and draw(st.booleans()) else set()
    if begin + wanted == length and draw(st.booleans()):
        masks.add("end")
    given = begin - length if draw(st.booleans()) and begin < length else begin
    return masks, given, wanted, draw(st.integers(1, 3))


def _word(draw: Any, shape: tuple[int, ...]) -> tuple[set[str], int, int, int]:
    masks = draw(st.sets(st.sampled_from(["begin", "end"])))
    begin, end = draw(st.integers(-7, 7)), draw(st.integers(-7, 7))
    stride = draw(st.sampled_from([1, 1, 2, 3, 9, -1, -1, -2, -3]))
    if 0 not in shape and draw(st.integers(0, 3)) == 0:
        return {*masks, "shrink_axis"}, draw(st.integers(-7, min(shape) - 1)), end, abs(stride)
    return masks, begin, end, stride


@st.composite
def split(draw: Any, kind: str) -> OneOp:
    shape = draw(st.lists(LENGTHS, min_size=1, max_size=5))
    count, part = draw(st.integers(1, 4)), draw(LENGTHS)
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    shape[axis] = count * part
    x = draw(operands(kind, tuple(shape)))
    shape[axis] = part
    position = value(draw, axis, draw(st.sampled_from(["int32", "int64"])), draw(st.sampled_from([(), (1,)])))
    return one_op("SPLIT", SplitOptions(num_splits=count), [position, x], [same_codes(x, tuple(shape))] * count)


@st.composite
def split_v(draw: Any, kind: str) -> OneOp:
    shape = draw(st.lists(LENGTHS, min_size=1, max_size=5))
    sizes = draw(st.lists(LENGTHS, min_size=1, max_size=4))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    shape[axis] = sum(sizes)
    x = draw(operands(kind, tuple(shape)))
    outputs = [
        same_codes(x, tuple(np.where(np.arange(len(shape)) == axis % len(shape), size, shape))) for size in sizes
    ]
    outputs = [output._replace(shape=tuple(map(int, output.shape))) for output in outputs]
    if draw(st.booleans()):
        sizes[draw(st.integers(0, len(sizes) - 1))] = -1
    given = value(draw, sizes, draw(st.sampled_from(["int32", "int64"])))
    position = value(draw, axis, "int32", draw(st.sampled_from([(), (1,)])))
    return one_op("SPLIT_V", SplitVOptions(num_splits=len(sizes)), [x, given, position], outputs)


@st.composite
def pack(draw: Any, kind: str) -> OneOp:
    first = draw(operands(kind, tuple(draw(st.lists(LENGTHS, max_size=4)))))
    count, rank = draw(st.integers(1, 4)), len(first.shape) + 1
    axis = draw(st.integers(-rank, rank - 1))
    inputs = [first._replace(data=draw(arrays(kind, first.shape)), constant=draw(st.booleans())) for _ in range(count)]
    shape = (*first.shape[: axis % rank], count, *first.shape[axis % rank :])
    return one_op("PACK", PackOptions(values_count=count, axis=axis), inputs, [same_codes(first, shape)])


@st.composite
def unpack(draw: Any, kind: str) -> OneOp:
    x = draw(operands(kind, tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=5)))))
    axis = draw(st.integers(-len(x.shape), len(x.shape) - 1))
    place = axis % len(x.shape)
    part = same_codes(x, x.shape[:place] + x.shape[place + 1 :])
    return one_op("UNPACK", UnpackOptions(num=x.shape[place], axis=axis), [x], [part] * x.shape[place])


CASES = (
    *(Case("TRANSPOSE", kind, transpose(kind), share=SHARE) for kind in (*UP_TO_64_BITS, "int4", "uint4")),
    *(Case("SLICE", kind, slice_(kind), share=SHARE) for kind in (*UP_TO_64_BITS, "int4")),
    *(Case("STRIDED_SLICE", kind, strided_slice(kind), share=SHARE) for kind in UP_TO_64_BITS),
    *(Case("SPLIT", kind, split(kind), share=SHARE) for kind in SPLIT_TYPES),
    *(Case("SPLIT_V", kind, split_v(kind), share=SHARE) for kind in SPLIT_TYPES),
    *(Case("PACK", kind, pack(kind), share=SHARE) for kind in PACKED),
    *(Case("UNPACK", kind, unpack(kind), share=SHARE) for kind in UNPACKED),
)
