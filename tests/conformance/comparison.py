"""Comparisons: all types, operands stretched, codes whose real values lie close together."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.ops.comparison import RELATIONS

from .arithmetic import close_scales, stretched
from .case import Case, OneOp, Operand, one_op
from .strategies import CODES, arrays, operands, scales, shapes, zero_points


@st.composite
def plain(draw: Any, op: str, kind: str) -> OneOp:
    """Few distinct values, so that many are equal."""
    a_shape, b_shape, y_shape = draw(stretched(4).filter(lambda drawn: kind != "string" or () not in drawn))
    a, b = (np.round(draw(arrays("float32", shape, -2, 2)) * 2) / 2 for shape in (a_shape, b_shape))
    if kind == "string":
        a, b = (np.vectorize(lambda x: str(x).encode(), otypes=[object])(x) for x in (a, b))
    given = [Operand(kind, array.shape, array if kind == "string" else array.astype(kind)) for array in (a, b)]
    return one_op(op, None, given, [Operand("bool", y_shape)], version=2)


@st.composite
def codes(draw: Any, op: str, kind: str) -> OneOp:
    """Scales below 1, equal or close to each other."""
    a_shape, b_shape, y_shape = draw(stretched(4))
    scale = draw(scales(1e-4, 0.1))
    a = draw(operands(kind, a_shape, scale=scale))
    b = draw(operands(kind, b_shape, scale=min(draw(st.one_of(st.just(scale), close_scales(scale))), 0.99)))
    if draw(st.booleans()):
        b = b._replace(zero_point=a.zero_point, data=np.broadcast_to(a.data, y_shape).copy(), shape=y_shape)
    return one_op(op, None, [a, b], [Operand("bool", y_shape)], version=2)


@st.composite
def near(draw: Any, op: str, kind: str) -> OneOp:
    """b in steps of the common scale, 2**-8, at what a rounds to or one step beside it: every rounding of a counts."""
    a_shape = draw(shapes(1, 3))
    a = draw(operands(kind, a_shape, scale=draw(scales(2.0**-11, 0.5))))
    b_zero = draw(zero_points(kind))
    low, high = CODES[kind]
    steps = np.clip(a.data.astype(int) % 19 - 9, low - a.zero_point, high - a.zero_point)
    beside = draw(arrays("uint8", a_shape)).astype(int) % 3 - 1
    target = b_zero + np.round(steps * 256 * np.float32(a.scale)).astype(int) + beside
    b = Operand(kind, a_shape, np.clip(target, low, high), 2.0**-8, b_zero)
    a = a._replace(data=a.zero_point + steps)
    return one_op(op, None, [a, b], [Operand("bool", a_shape)], version=2)


@st.composite
def coded(draw: Any, op: str, kind: str) -> OneOp:
    return draw(st.one_of(codes(op, kind), near(op, kind)))


CASES = tuple(
    Case(op, f"{kind} {kind} -> bool", (coded if kind in quantized else plain)(op, kind))
    for op, _, _, kinds, quantized in RELATIONS
    for kind in (*kinds, *quantized)
)
