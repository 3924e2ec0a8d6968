"""ONE_HOT, WHERE, UNIQUE, BUCKETIZE, TOPK_V2, CUMSUM, NON_MAX_SUPPRESSION_V4 and V5."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.enums import TensorType
from minilite.format.options.arithmetic import BucketizeOptions, CumsumOptions
from minilite.format.options.empty import NonMaxSuppressionV4Options, NonMaxSuppressionV5Options, TopKV2Options
from minilite.format.options.empty import WhereOptions as WhereOptions
from minilite.format.options.shape import OneHotOptions, UniqueOptions
from minilite.ops import one_hot, top_k, where

from .case import Case, OneOp, Operand, one_op
from .movement import same_codes, value
from .strategies import arrays, operands

LENGTHS = st.sampled_from([1, 2, 3, 4, 5, 0])
SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def hot(draw: Any, types: str) -> OneOp:
    index, kind = types.split()[:2]
    shape = tuple(draw(st.lists(LENGTHS, max_size=4)))
    depth, axis = draw(st.integers(0, 5)), draw(st.integers(0, len(shape)))
    indices = np.random.default_rng(draw(SEEDS)).integers(-2, depth + 2, shape)
    if index == "int64" and draw(st.booleans()):
        indices = indices + 2**32
    on_value = draw(operands(kind, draw(st.sampled_from([(), (1,)]))))
    off_value = same_codes(on_value, ())._replace(data=draw(arrays(kind, ())), constant=draw(st.booleans()))
    options = OneHotOptions(axis=-1 if axis == len(shape) and draw(st.booleans()) else axis)
    inputs = [Operand(index, shape, indices), value(draw, depth, "int32"), on_value, off_value]
    y = same_codes(on_value, (*shape[:axis], depth, *shape[axis:]))
    return one_op("ONE_HOT", options, inputs, [y])


@st.composite
def where_(draw: Any, kind: str) -> OneOp:
    shape = tuple(draw(st.lists(LENGTHS, min_size=1, max_size=5)))
    kept = np.random.default_rng(draw(SEEDS)).random(shape) < draw(st.sampled_from([0, 0.2, 0.6, 1]))
    x = Operand(kind, shape, np.where(kept, draw(arrays(kind, shape)), 0))
    options = draw(st.sampled_from([None, WhereOptions()]))
    return one_op("WHERE", options, [x], [Operand("int64", (1, len(shape)))], version=2)


@st.composite
def unique(draw: Any, kind: str, index: str) -> OneOp:
    length = draw(st.sampled_from([0, 1, 2, 9, 40]))
    data = np.random.default_rng(draw(SEEDS)).integers(0, draw(st.sampled_from([2, 6, 100])), length)
    if kind == "float32":
        data = np.float32(data) * np.float32(-0.5)
    x = Operand(kind, (length,), data)
    options = UniqueOptions(idx_out_type=int(TensorType[index.upper()]))
    return one_op("UNIQUE", options, [x], [Operand(kind, (1,)), Operand(index, (length,))])


@st.composite
def bucketize(draw: Any, kind: str) -> OneOp:
    boundaries = np.sort(np.array(draw(st.lists(st.integers(-8, 8), max_size=6)), "<f4") * np.float32(0.5))
    if kind.startswith("int") and draw(st.booleans()):
        boundaries = boundaries + np.float32(2**24)
    shape = tuple(draw(st.lists(LENGTHS, max_size=4)))
    data = np.random.default_rng(draw(SEEDS)).integers(-10, 10, shape)
    if kind.startswith("float"):
        data = data * 0.5 + draw(st.sampled_from([0, 1e-9, 0.25]))
    elif boundaries.max(initial=0) > 2**23:
        data = data + 2**24
    return one_op(
        "BUCKETIZE", BucketizeOptions(boundaries=boundaries), [Operand(kind, shape, data)], [Operand("int32", shape)]
    )


@st.composite
def top(draw: Any, types: str) -> OneOp:
    kind, index = types.split()[0], types.split()[-1]
    shape = (*draw(st.lists(st.integers(1, 3), max_size=3)), draw(st.sampled_from([1, 2, 7, 30])))
    x = draw(operands(kind, shape))
    if draw(st.booleans()):
        x = x._replace(data=np.sign(x.data) * (x.data.astype(np.int64) % 3))
    if kind == "float32" and draw(st.booleans()):
        x = x._replace(data=np.where(np.random.default_rng(draw(SEEDS)).random(shape) < 0.3, np.nan, x.data))
    count = draw(st.integers(-1, shape[-1]))
    given = value(draw, count, draw(st.sampled_from(["int32", "int16"])), draw(st.sampled_from([(), (1,)])))
    out = (*shape[:-1], max(count, 0))
    options = draw(st.sampled_from([None, TopKV2Options()]))
    return one_op("TOPK_V2", options, [x, given], [same_codes(x, out), Operand(index, out)], version=3)


@st.composite
def cumsum(draw: Any, kind: str) -> OneOp:
    shape = tuple(draw(st.lists(st.sampled_from([1, 2, 3, 4, 17, 0]), min_size=1, max_size=4)))
    x = Operand(kind, shape, draw(arrays(kind, shape)))
    axis = value(draw, draw(st.integers(-len(shape), len(shape) - 1)), "int32", draw(st.sampled_from([(), (1,)])))
    options = CumsumOptions(exclusive=draw(st.booleans()), reverse=draw(st.booleans()))
    return one_op("CUMSUM", options, [x, axis], [Operand(kind, shape)])


@st.composite
def suppression(draw: Any, soft: bool) -> OneOp:
    count, most = draw(st.integers(0, 30)), draw(st.integers(0, 20))
    generator = np.random.default_rng(draw(SEEDS))
    corners = generator.uniform(0, 4, (count, 2))
    boxes = np.concatenate([corners, corners + generator.uniform(-1, 3, (count, 2))], axis=1)
    scores = generator.random(count)
    if draw(st.booleans()):
        boxes, scores = boxes // 1, scores * 5 // 1 / 4
    one = [
        Operand("float32", (), np.float32(draw(st.sampled_from(limits))), constant=draw(st.booleans()))
        for limits in ([0.1, 0.3, 0.5, 1.0, 0.0], [0.0, 0.3, 0.5, -1.0], [0.5, 0.1, 0.0, 2.0])
    ]
    inputs = [
        Operand("float32", (count, 4), boxes.astype(np.float32)),
        Operand("float32", (count,), scores.astype(np.float32)),
        value(draw, most, "int32"),
    ]
    indices, scored, valid = Operand("int32", (most,)), Operand("float32", (most,)), Operand("int32", ())
    if soft:
        options = draw(st.sampled_from([None, NonMaxSuppressionV5Options()]))
        return one_op("NON_MAX_SUPPRESSION_V5", options, [*inputs, *one], [indices, scored, valid])
    options = draw(st.sampled_from([None, NonMaxSuppressionV4Options()]))
    return one_op("NON_MAX_SUPPRESSION_V4", options, [*inputs, *one[:2]], [indices, valid])


SHARE = 0.3
CASES = (
    *(Case("ONE_HOT", types, hot(types), share=SHARE) for types in one_hot.TYPES),
    *(Case("WHERE", types, where_(types.split()[0])) for types in where.WHERE_TYPES),
    *(Case("UNIQUE", types, unique(types.split()[0], types.split()[-1]), share=SHARE) for types in where.UNIQUE_TYPES),
    *(Case("BUCKETIZE", types, bucketize(types.split()[0])) for types in where.BUCKET_TYPES),
    *(Case("TOPK_V2", types, top(types), share=SHARE) for types in top_k.TOP_TYPES),
    *(Case("CUMSUM", kind, cumsum(kind)) for kind in ("float32", "int32", "int64")),
    Case("NON_MAX_SUPPRESSION_V4", "float32 float32 float32 float32 -> int32 int32", suppression(False)),
    Case("NON_MAX_SUPPRESSION_V5", "float32 float32 float32 float32 float32 -> int32 float32 int32", suppression(True)),
)
