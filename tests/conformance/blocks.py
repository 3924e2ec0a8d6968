"""SPACE_TO_DEPTH, DEPTH_TO_SPACE, SPACE_TO_BATCH_ND, BATCH_TO_SPACE_ND, MIRROR_PAD: all element types and options."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.options.empty import BatchToSpaceNDOptions, SpaceToBatchNDOptions
from minilite.format.options.shape import DepthToSpaceOptions, MirrorPadOptions, SpaceToDepthOptions
from minilite.ops.blocks import DEPTH_TYPES
from minilite.ops.element_types import UP_TO_64_BITS

from .case import Case, OneOp, one_op
from .movement import SHARE, same_codes, value
from .strategies import operands

SIDES = st.integers(1, 4)


@st.composite
def depth(draw: Any, kind: str, to_depth: bool) -> OneOp:
    batch, rows, columns, channels = (draw(SIDES) for _ in range(4))
    block = draw(st.integers(1, 3))
    image = (batch, rows * block, columns * block, channels)
    packed = (batch, rows, columns, channels * block * block)
    x = draw(operands(kind, image if to_depth else packed))
    if to_depth:
        return one_op("SPACE_TO_DEPTH", SpaceToDepthOptions(block_size=block), [x], [same_codes(x, packed)], version=2)
    return one_op("DEPTH_TO_SPACE", DepthToSpaceOptions(block_size=block), [x], [same_codes(x, image)])


@st.composite
def batch(draw: Any, kind: str, to_batch: bool) -> OneOp:
    count = draw(st.integers(1, 2))
    number, channels = draw(SIDES), draw(SIDES)
    blocks = [draw(st.integers(1, 3)) for _ in range(count)]
    packed = [draw(SIDES) for _ in range(count)]
    whole = [length * block for length, block in zip(packed, blocks, strict=True)]
    edges = []
    for length in whole:
        before = draw(st.integers(0, length - 1))
        edges.append([before, draw(st.integers(0, length - 1 - before))])
    image = [length - sum(pair) for length, pair in zip(whole, edges, strict=True)]
    image_shape = (number, *image, channels)
    packed_shape = (number * int(np.prod(blocks)), *packed, channels)
    x = draw(operands(kind, image_shape if to_batch else packed_shape))
    inputs = [x, value(draw, blocks), value(draw, edges)]
    if to_batch:
        options = draw(st.sampled_from([None, SpaceToBatchNDOptions()]))
        return one_op("SPACE_TO_BATCH_ND", options, inputs, [same_codes(x, packed_shape)], version=3)
    options = draw(st.sampled_from([None, BatchToSpaceNDOptions()]))
    return one_op("BATCH_TO_SPACE_ND", options, inputs, [same_codes(x, image_shape)], version=3)


@st.composite
def mirror_pad(draw: Any, kind: str) -> OneOp:
    shape = tuple(draw(st.lists(SIDES, min_size=1, max_size=5)))
    mode = draw(st.integers(0, 1))
    most = [length - (mode == 0) for length in shape]
    pairs = [[draw(st.integers(0, limit)), draw(st.integers(0, limit))] for limit in most]
    x = draw(operands(kind, shape))
    y = same_codes(x, tuple(length + sum(pair) for length, pair in zip(shape, pairs, strict=True)))
    paddings = value(draw, pairs, draw(st.sampled_from(["int32", "int64"])))
    return one_op("MIRROR_PAD", MirrorPadOptions(mode=mode), [x, paddings], [y], version=3)


CASES = (
    *(Case("SPACE_TO_DEPTH", kind, depth(kind, True)) for kind in DEPTH_TYPES),
    *(Case("DEPTH_TO_SPACE", kind, depth(kind, False)) for kind in DEPTH_TYPES),
    *(Case("SPACE_TO_BATCH_ND", kind, batch(kind, True), share=SHARE) for kind in UP_TO_64_BITS),
    *(Case("BATCH_TO_SPACE_ND", kind, batch(kind, False), share=SHARE) for kind in UP_TO_64_BITS),
    *(Case("MIRROR_PAD", kind, mirror_pad(kind), share=SHARE) for kind in UP_TO_64_BITS),
)
