"""GATHER and GATHER_ND: all element and index types, batches, any axis, constant or not."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.options.empty import GatherNdOptions
from minilite.format.options.shape import GatherOptions
from minilite.ops.gather import INT4_TYPES, TYPES

from .case import Case, OneOp, Operand, one_op
from .movement import same_codes
from .strategies import elements

LENGTHS = st.sampled_from([1, 2, 3, 4, 2, 3])
MANY_TYPES = 0.1  # of the examples, for each of these


def _indices(draw: Any, shape: tuple[int, ...], limit: int) -> Any:
    return np.random.default_rng(draw(st.integers(0, 2**32 - 1))).integers(0, limit, shape)


@st.composite
def gather(draw: Any, types: str) -> OneOp:
    kind, index = types.split()[:2]
    shape = tuple(draw(st.lists(LENGTHS, min_size=1, max_size=1 if kind == "string" else 5)))
    axis = draw(st.integers(0, len(shape) - 1))
    shape += (2,) if kind == "int4" else ()  # even parts
    batch_dims = draw(st.integers(0, axis))
    free = tuple(draw(st.lists(st.sampled_from([1, 2, 3, 0, 4]), max_size=3)))
    place = (*shape[:batch_dims], *free)
    x = draw(elements(kind, shape))
    positions = Operand(index, place, _indices(draw, place, shape[axis]), constant=draw(st.booleans()))
    options = GatherOptions(axis=axis, batch_dims=batch_dims)
    if draw(st.booleans()):
        options = GatherOptions(axis=axis - len(shape), batch_dims=batch_dims - len(place) if free else batch_dims)
    out = (*shape[:axis], *free, *shape[axis + 1 :])
    return one_op("GATHER", options, [x, positions], [same_codes(x, out)], version=8)


@st.composite
def gather_nd(draw: Any, types: str) -> OneOp:
    kind, index = types.split()[:2]
    shape = tuple(draw(st.lists(LENGTHS, min_size=1, max_size=5)))
    depth = draw(st.integers(1, len(shape)))
    place = tuple(draw(st.lists(LENGTHS, max_size=3)))
    chosen = [_indices(draw, place, length) for length in shape[:depth]]
    data = np.stack(chosen, -1)
    indices = Operand(index, data.shape, data, constant=draw(st.booleans()))
    x = draw(elements(kind, shape))
    y = same_codes(x, (*place, *shape[depth:]))
    return one_op("GATHER_ND", draw(st.sampled_from([None, GatherNdOptions()])), [x, indices], [y], version=6)


CASES = (
    *(Case("GATHER", types, gather(types), share=MANY_TYPES) for types in (*TYPES, *INT4_TYPES)),
    *(Case("GATHER_ND", types, gather_nd(types), share=MANY_TYPES) for types in TYPES),
)
