"""SCATTER_ND, SPARSE_TO_DENSE, DYNAMIC_UPDATE_SLICE, the segment ops, EMBEDDING_LOOKUP and _SPARSE."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.options import empty
from minilite.format.options.dense import EmbeddingLookupSparseOptions
from minilite.format.options.shape import SparseToDenseOptions
from minilite.ops import embedding, scatter, segments

from .case import Case, OneOp, Operand, one_op
from .movement import same_codes, value
from .strategies import arrays, operands, scales

LENGTHS = st.sampled_from([1, 2, 3, 4, 2, 3])
PER_BYTE = {"int4": 2, "int2": 4}
SEEDS = st.integers(0, 2**32 - 1)


def _indices(draw: Any, shape: tuple[int, ...], limit: int, low: int = 0) -> Any:
    return np.random.default_rng(draw(SEEDS)).integers(low, limit, shape)


@st.composite
def scatter_nd(draw: Any, kind: str) -> OneOp:
    shape = tuple(draw(st.lists(LENGTHS, min_size=1, max_size=5)))
    depth = draw(st.integers(1, len(shape)))
    place = tuple(draw(st.lists(LENGTHS, min_size=depth == len(shape), max_size=2)))
    indices = np.stack([_indices(draw, place, length) for length in shape[:depth]], -1)
    updates = Operand(kind, (*place, *shape[depth:]), draw(arrays(kind, (*place, *shape[depth:]))))
    inputs = [Operand("int32", indices.shape, indices, constant=draw(st.booleans())), updates, value(draw, shape)]
    options = draw(st.sampled_from([None, empty.ScatterNdOptions()]))
    return one_op("SCATTER_ND", options, inputs, [Operand(kind, shape)])


@st.composite
def sparse_to_dense(draw: Any, types: str) -> OneOp:
    index, kind = types.split()[:2]
    shape = tuple(draw(st.lists(LENGTHS, min_size=1, max_size=4)))
    count = draw(st.integers(1, 6))
    indices = np.stack([_indices(draw, (count,), length) for length in shape], -1)
    if len(shape) == 1 and draw(st.booleans()):
        indices = indices[0, 0] if draw(st.booleans()) else indices[:, 0]
    many = indices.shape[:1] if draw(st.booleans()) else ()
    inputs = [
        Operand(index, indices.shape, indices),
        value(draw, shape, draw(st.sampled_from(["int32", "int64"]))),
        Operand(kind, many, draw(arrays(kind, many))),
        Operand(kind, (), draw(arrays(kind, ()))),
    ]
    return one_op("SPARSE_TO_DENSE", SparseToDenseOptions(), inputs, [Operand(kind, shape)], version=3)


@st.composite
def update_slice(draw: Any, types: str) -> OneOp:
    kind, _, index = types.split()[:3]
    x = draw(operands(kind, tuple(draw(st.lists(LENGTHS, min_size=1, max_size=5)))))
    inside = tuple(draw(st.integers(0, length)) for length in x.shape)
    update = same_codes(x, inside)._replace(data=draw(arrays(kind, inside)))
    start = Operand(index, (len(inside),), _indices(draw, (len(inside),), 6, -2))
    options = draw(st.sampled_from([None, empty.DynamicUpdateSliceOptions()]))
    return one_op("DYNAMIC_UPDATE_SLICE", options, [x, update, start], [same_codes(x, x.shape)], version=4)


@st.composite
def segment(draw: Any, name: str, kind: str) -> OneOp:
    place, inner = tuple(draw(st.lists(LENGTHS, max_size=2))), tuple(draw(st.lists(LENGTHS, max_size=2)))
    count = draw(st.integers(1, 5))
    data = draw(arrays(kind, (*place, *inner)))
    if kind == "float32" and draw(st.booleans()):
        unusual = np.array([np.nan, np.inf, -np.inf, -0.0, 0.0], np.float32)[_indices(draw, data.shape, 5)]
        data = np.where(_indices(draw, data.shape, 3) == 0, unusual, data)
    ids = Operand("int32", place, _indices(draw, place, count, -1), constant=draw(st.booleans()))
    inputs = [Operand(kind, data.shape, data), ids, value(draw, count, "int32", draw(st.sampled_from([(), (1,)])))]
    options = getattr(empty, f"UnsortedSegment{name.title()}Options")()
    return one_op(f"UNSORTED_SEGMENT_{name}", options, inputs, [Operand(kind, (count, *inner))])


@st.composite
def segment_sum(draw: Any, kind: str) -> OneOp:
    shape = tuple(draw(st.lists(LENGTHS, min_size=1, max_size=3)))
    ids = np.cumsum(_indices(draw, shape[:1], 2))
    inputs = [Operand(kind, shape, draw(arrays(kind, shape))), Operand("int32", shape[:1], ids - ids[0])]
    return one_op("SEGMENT_SUM", empty.SegmentSumOptions(), inputs, [Operand(kind, shape)])


@st.composite
def lookup(draw: Any, types: str) -> OneOp:
    _, kind, _, out = types.split()
    shape, count = tuple(draw(st.lists(LENGTHS, min_size=2, max_size=4))), draw(st.integers(0, 5))
    shape = (*shape[:-1], shape[-1] * PER_BYTE.get(kind, 1))  # LiteRT begins each row with a byte of its own
    table = draw(operands(kind, shape, constant=draw(st.booleans())))
    if kind != out:
        rows = shape[0] if draw(st.booleans()) else 1
        scale = np.array([draw(scales()) for _ in range(rows)], np.float32)
        table = table._replace(scale=scale, zero_point=np.zeros(rows), constant=True)
    y = same_codes(table, (count, *shape[1:])) if kind == out else Operand(out, (count, *shape[1:]))
    ids = Operand("int32", (count,), _indices(draw, (count,), shape[0]))
    return one_op("EMBEDDING_LOOKUP", None, [ids, table], [y], version=4)


@st.composite
def lookup_sparse(draw: Any) -> OneOp:
    shape, dense = draw(st.lists(LENGTHS, min_size=2, max_size=3)), draw(st.lists(LENGTHS, min_size=2, max_size=3))
    count = draw(st.integers(1, 8))
    indices = np.stack([_indices(draw, (count,), length) for length in dense], -1)
    if draw(st.booleans()):
        indices = indices[np.lexsort(indices.T[::-1])]
    inputs = [
        Operand("int32", (count,), _indices(draw, (count,), shape[0])),
        Operand("int32", indices.shape, indices),
        value(draw, dense),
        Operand("float32", (count,), draw(arrays("float32", (count,)))),
        Operand("float32", tuple(shape), draw(arrays("float32", tuple(shape)))),
    ]
    y = Operand("float32", (*dense[:-1], *shape[1:]))
    options = EmbeddingLookupSparseOptions(combiner=draw(st.integers(0, 2)))
    return one_op("EMBEDDING_LOOKUP_SPARSE", options, inputs, [y])


SHARE = 0.2
CASES = (
    *(Case("SCATTER_ND", types, scatter_nd(types.split()[1])) for types in scatter.SCATTER_TYPES),
    *(Case("SPARSE_TO_DENSE", types, sparse_to_dense(types), share=SHARE) for types in scatter.DENSE_TYPES),
    *(Case("DYNAMIC_UPDATE_SLICE", types, update_slice(types), share=SHARE) for types in scatter.UPDATE_TYPES),
    *(
        Case(f"UNSORTED_SEGMENT_{name}", types, segment(name, types.split()[0]))
        for name in ("PROD", "MAX", "MIN", "SUM")
        for types in segments.TYPES
    ),
    *(Case("SEGMENT_SUM", types, segment_sum(types.split()[0]), resolver="optimized") for types in segments.TYPES),
    *(Case("EMBEDDING_LOOKUP", types, lookup(types), share=SHARE) for types in (*embedding.PLAIN, *embedding.HYBRID)),
    *(Case("EMBEDDING_LOOKUP_SPARSE", types, lookup_sparse()) for types in embedding.SPARSE),
)
