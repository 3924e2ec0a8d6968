"""STABLEHLO_PAD and STABLEHLO_GATHER: all element types, cropping, padding in between; indices outside."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.options.stablehlo import StablehloGatherOptions, StablehloPadOptions
from minilite.ops.element_types import EVERY
from minilite.ops.stablehlo_movement import OPS

from .case import Case, OneOp, Operand, one_op
from .movement import same_codes
from .strategies import arrays, operands, shapes

MANY_TYPES = 0.1  # of the examples, for each of these
GATHER_TYPES = OPS[1].variants[0].types


@st.composite
def pad(draw: Any, kind: str) -> OneOp:
    x = draw(operands(kind, draw(shapes(1, 4, 4))))
    rank = len(x.shape)
    between = draw(st.lists(st.integers(0, 3), min_size=rank, max_size=rank))
    low = draw(st.lists(st.integers(-5, 4), min_size=rank, max_size=rank))
    dilated = [(length - 1) * (more + 1) + 1 for length, more in zip(x.shape, between, strict=True)]
    room = [length + more for length, more in zip(dilated, low, strict=True)]
    high = [draw(st.integers(max(-5, 1 - made), max(4, 2 - made))) for made in room]
    if draw(st.integers(0, 9)) == 0:
        high[0] = -room[0]
    out = [made + more for made, more in zip(room, high, strict=True)]
    options = StablehloPadOptions(edge_padding_low=low, edge_padding_high=high, interior_padding=between)
    value = same_codes(x, ())._replace(data=draw(arrays(kind, ())), constant=draw(st.booleans()))
    shape = tuple(out) if min(out) > 0 else (0,) * rank
    return one_op("STABLEHLO_PAD", options, [x, value], [same_codes(x, shape)])


@st.composite
def gather(draw: Any, types: str) -> OneOp:
    kind, index = types.split()[:2]
    x = draw(operands(kind, draw(shapes(1, 4, 4))))
    rank = len(x.shape)
    axes = draw(st.permutations(range(rank)))[: draw(st.integers(1, rank))]
    collapsed = sorted(draw(st.sets(st.integers(0, rank - 1))))
    sizes = [1 if axis in collapsed else draw(st.integers(1, length)) for axis, length in enumerate(x.shape)]
    batch = list(draw(shapes(0, 2, 3)))
    vector = draw(st.integers(0, len(batch)))
    shape = (*batch[:vector], len(axes), *batch[vector:])
    data = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).integers(-2, 6, shape)
    offset = [size for axis, size in enumerate(sizes) if axis not in collapsed]
    places = sorted(draw(st.permutations(range(len(batch) + len(offset))))[: len(offset)])
    parts = iter(offset), iter(batch)
    out = tuple(next(parts[axis not in places]) for axis in range(len(batch) + len(offset)))
    options = StablehloGatherOptions(
        offset_dims=places,
        collapsed_slice_dims=collapsed,
        start_index_map=list(axes),
        index_vector_dim=vector,
        slice_sizes=sizes,
        indices_are_sorted=draw(st.booleans()),
    )
    indices = Operand(index, shape, data, constant=draw(st.booleans()))
    return one_op("STABLEHLO_GATHER", options, [x, indices], [same_codes(x, out)])


CASES = (
    *(Case("STABLEHLO_PAD", kind, pad(kind), share=MANY_TYPES) for kind in EVERY),
    *(Case("STABLEHLO_GATHER", types, gather(types), share=MANY_TYPES) for types in GATHER_TYPES),
)
