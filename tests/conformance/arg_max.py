"""ARG_MAX and ARG_MIN: every type to int32 and int64, any axis as int32 or int64, ties, infinities, NaN."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.enums import TensorType
from minilite.format.options.arithmetic import ArgMaxOptions, ArgMinOptions
from minilite.ops.arg_max import TYPES

from .case import Case, OneOp, Operand, one_op
from .strategies import arrays, operands, shapes

OPTIONS = {"ARG_MAX": ArgMaxOptions, "ARG_MIN": ArgMinOptions}
FEW = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan], np.float32)
SHARE = 0.3  # of the examples: the types differ in nothing but the comparison


@st.composite
def arg(draw: Any, op: str, types: str) -> OneOp:
    kind, _, to = types.split()
    shape = draw(st.one_of(shapes(1, 5, 4), st.tuples(st.integers(1, 3), st.integers(1, 70))))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    x = draw(operands(kind, shape))
    if draw(st.booleans()) and kind != "bool":  # many ties
        codes = draw(arrays("uint8", shape))
        # Upstream's vector code, for four and more floats next to each other, loses some numbers beside a NaN.
        vector = np.prod(shape[axis % len(shape) + 1 :]) == 1 and shape[axis] >= 4
        count = len(FEW) - 1 if vector else len(FEW)
        x = x._replace(data=FEW[codes % count] if kind == "float32" else codes % 3)
    place = draw(st.sampled_from([(), (1,)]))
    where = Operand(
        draw(st.sampled_from(["int32", "int64"])), place, np.full(place, axis), constant=draw(st.booleans())
    )
    rest = tuple(length for position, length in enumerate(shape) if position != axis % len(shape))
    options = OPTIONS[op](output_type=TensorType[to.upper()])
    return one_op(op, options, [x, where], [Operand(to, rest)], version=2)


CASES = tuple(Case(op, types, arg(op, types), share=SHARE) for op in OPTIONS for types in TYPES)
