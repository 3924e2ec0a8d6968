"""TILE, BROADCAST_TO, BROADCAST_ARGS, FILL, ZEROS_LIKE, RANGE, RANK: all types, values in the file or at run time."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.options.empty import BroadcastToOptions, FillOptions, RangeOptions, RankOptions, TileOptions
from minilite.format.options.empty import ZerosLikeOptions as ZerosOptions
from minilite.ops.element_types import EVERY, UP_TO_64_BITS
from minilite.ops.fill import RANKED

from .case import Case, OneOp, Operand, one_op
from .movement import SHARE, same_codes, value
from .strategies import arrays, elements, operands, shapes

INDEX_TYPES = st.sampled_from(["int32", "int64"])
LENGTHS = st.sampled_from([1, 2, 3, 2, 1, 0])


@st.composite
def tile(draw: Any, kind: str) -> OneOp:
    shape = tuple(draw(st.lists(LENGTHS, min_size=kind == "string", max_size=5)))
    multiples = [draw(st.sampled_from([1, 2, 3, 1, 0])) for _ in shape]
    x = draw(elements(kind, shape))
    y = same_codes(x, tuple(length * multiple for length, multiple in zip(shape, multiples, strict=True)))
    given = value(draw, np.array(multiples, np.int32), draw(INDEX_TYPES))
    return one_op("TILE", draw(st.sampled_from([None, TileOptions()])), [x, given], [y], version=2)


@st.composite
def broadcast_to(draw: Any, kind: str) -> OneOp:
    shape = tuple(draw(st.lists(st.sampled_from([1, 2, 3, 2]), max_size=6)))
    behind = draw(st.integers(0, len(shape)))
    given = tuple(1 if draw(st.booleans()) else length for length in shape[behind:])
    x = draw(operands(kind, given))
    wanted = value(draw, np.array(shape, np.int32), draw(INDEX_TYPES))
    options = draw(st.sampled_from([None, BroadcastToOptions()]))
    return one_op("BROADCAST_TO", options, [x, wanted], [same_codes(x, shape)], version=3)


@st.composite
def broadcast_args(draw: Any, kind: str) -> OneOp:
    shape = draw(st.lists(LENGTHS, min_size=1, max_size=6))
    short = draw(st.integers(0, len(shape) - 1))
    lengths = [shape, [1 if draw(st.booleans()) else length for length in shape[short:]]]
    first = [1 if draw(st.booleans()) else length for length in shape]
    both = [value(draw, numbers, kind) for numbers in draw(st.permutations([first, lengths[1]]))]
    return one_op("BROADCAST_ARGS", None, both, [Operand(kind, (len(shape),))])


@st.composite
def fill(draw: Any, kind: str) -> OneOp:
    is_string = kind == "string"  # of which LiteRT's Python interface takes and gives no scalars
    shape = draw(st.lists(LENGTHS, min_size=is_string, max_size=5))
    x = draw(elements(kind, ()))._replace(constant=is_string)
    dims = value(draw, np.array(shape, np.int32), draw(INDEX_TYPES))
    options = draw(st.sampled_from([None, FillOptions()]))
    return one_op("FILL", options, [dims, x], [same_codes(x, tuple(shape))], version=4)


@st.composite
def zeros_like(draw: Any, kind: str) -> OneOp:
    shape = tuple(draw(st.lists(LENGTHS, max_size=5)))
    x = Operand(kind, shape, draw(arrays(kind, shape)))
    return one_op("ZEROS_LIKE", draw(st.sampled_from([None, ZerosOptions()])), [x], [Operand(kind, shape)])


@st.composite
def range_(draw: Any, kind: str) -> OneOp:
    if kind == "float32":
        start, delta = draw(st.floats(-9, 9, width=32)), draw(st.sampled_from([0.1, 0.3, 1.0, 2.5, 7.0]))
        limit = start + draw(st.floats(0, 40, width=32))
    else:
        start, delta = draw(st.integers(-50, 50)), draw(st.integers(1, 9))
        limit = start + draw(st.integers(0, 60))
    if draw(st.booleans()):
        start, limit, delta = -start, -limit, -delta
    numbers = [value(draw, number, kind) for number in (start, limit, delta)]
    options = draw(st.sampled_from([None, RangeOptions()]))
    return one_op("RANGE", options, numbers, [Operand(kind, (1,))])


@st.composite
def rank(draw: Any, kind: str) -> OneOp:
    x = draw(elements(kind, draw(shapes(0, 6))))
    return one_op("RANK", draw(st.sampled_from([None, RankOptions()])), [x], [Operand("int32", ())])


CASES = (
    *(Case("TILE", kind, tile(kind), share=SHARE) for kind in (*UP_TO_64_BITS, "string")),
    *(Case("BROADCAST_TO", kind, broadcast_to(kind), share=SHARE) for kind in EVERY),
    *(Case("BROADCAST_ARGS", kind, broadcast_args(kind)) for kind in ("int32", "int64")),
    *(Case("FILL", kind, fill(kind), share=SHARE) for kind in (*UP_TO_64_BITS, "string")),
    *(Case("ZEROS_LIKE", kind, zeros_like(kind)) for kind in ("float32", "int32", "int64")),
    *(Case("RANGE", f"-> {kind}", range_(kind)) for kind in ("float32", "int32", "int64")),
    *(Case("RANK", types, rank(types.split()[0]), share=SHARE) for types in RANKED),
)
