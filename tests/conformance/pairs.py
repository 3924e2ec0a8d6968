"""Functions of two and three values: every type, operands stretched, integers that overflow, exact quotients."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.options.arithmetic import DivOptions
from minilite.ops.binary import OPS as PLAIN
from minilite.ops.element_types import UP_TO_64_BITS

from .arithmetic import close_scales, stretched, values
from .case import Case, OneOp, Operand, one_op
from .strategies import ACTIVATIONS, arrays, operands, scales, shapes, zero_points

OPTIMIZED = ("STABLEHLO_AND", "STABLEHLO_SHIFT_LEFT")  # the reference set has none
SAME_SHAPE = ("ATAN2", "STABLEHLO_")


@st.composite
def any_values(draw: Any, kind: str, shape: tuple[int, ...]) -> Any:
    if kind == "uint64":
        return draw(values("int64", shape)).view(kind)
    return draw(arrays(kind, shape) if kind in ("bool", "complex64") else values(kind, shape))


@st.composite
def plain(draw: Any, op: str, kind: str) -> OneOp:
    a_shape, b_shape, y_shape = draw(stretched(4))
    if op.startswith(SAME_SHAPE):
        a_shape = b_shape = y_shape
    a, b = draw(any_values(kind, a_shape)), draw(any_values(kind, b_shape))
    if op == "RIGHT_SHIFT" and draw(st.booleans()):
        b = b % 36
    if op == "STABLEHLO_SHIFT_LEFT":
        b = b % 32
    return one_op(op, None, [Operand(kind, a_shape, a), Operand(kind, b_shape, b)], [Operand(kind, y_shape)])


@st.composite
def divided(draw: Any, op: str, kind: str) -> OneOp:
    """Values without scales; divisors small, so that quotients are often whole, and not 0 unless 0 is allowed."""
    a_shape, b_shape, y_shape = draw(stretched(4))
    a, b = (np.array(draw(values(kind, shape))) for shape in (a_shape, b_shape))
    if draw(st.booleans()):
        a, b = np.trunc(np.nan_to_num(a)).astype(kind), np.trunc(np.nan_to_num(b)).astype(kind)
        b = np.fmod(b, np.array(7, kind))
    if not (kind == "float32" and op != "FLOOR_DIV"):
        b = np.where(b == 0, np.array(-3, kind), b)
    if kind != "float32":  # the lowest integer over -1: the official process ends, or the result depends on the place
        a = np.where(a == np.iinfo(kind).min, np.iinfo(kind).min + 1, a).astype(kind)
    options = DivOptions(fused_activation_function=draw(ACTIVATIONS)) if op == "DIV" else None
    return one_op(op, options, [Operand(kind, a_shape, a), Operand(kind, b_shape, b)], [Operand(kind, y_shape)], 2)


@st.composite
def divided_codes(draw: Any, kind: str) -> OneOp:
    """Codes with an output scale that typical quotients fit, and sometimes any scale."""
    a_shape, b_shape, y_shape = draw(stretched(4))
    a, b = draw(operands(kind, a_shape)), draw(operands(kind, b_shape))
    b = b._replace(data=np.where(b.data == b.zero_point, b.zero_point + (1 if b.zero_point <= 0 else -1), b.data))
    scale = draw(close_scales(a.scale / b.scale / 8)) * (1.0 if kind != "int16" else 1 / 64)
    if draw(st.integers(0, 8)) == 0:
        scale = max(scale * 2.0 ** draw(st.integers(-20, 40)), 1e-8)
    y = Operand(kind, y_shape, None, np.float32(scale), draw(zero_points(kind)))
    return one_op("DIV", DivOptions(fused_activation_function=draw(ACTIVATIONS)), [a, b], [y], version=2)


@st.composite
def power(draw: Any, kind: str) -> OneOp:
    """Exponents that are whole, close to whole or neither; single ones too."""
    a_shape, b_shape, y_shape = draw(stretched(4))
    if draw(st.booleans()):
        b_shape, y_shape = draw(st.sampled_from([((), a_shape), ((1,), a_shape or (1,))]))
    a = np.array(draw(values(kind, a_shape)))
    if kind == "int32":
        b = draw(arrays("int16", b_shape)) % draw(st.sampled_from([3, 8, 40]))
        a = a % 9 - 4 if draw(st.booleans()) else a
    else:
        b = np.array(draw(values(kind, b_shape)))
        b = np.round(b) + draw(st.sampled_from([0, 1e-6, 3e-5, 0.5])) if draw(st.booleans()) else b
    return one_op("POW", None, [Operand(kind, a_shape, a), Operand(kind, b_shape, b)], [Operand(kind, y_shape)])


@st.composite
def difference(draw: Any, kind: str) -> OneOp:
    a_shape, b_shape, y_shape = draw(stretched(4))
    if kind != "int8":
        a, b = (Operand(kind, shape, draw(values(kind, shape))) for shape in (a_shape, b_shape))
        return one_op("SQUARED_DIFFERENCE", None, [a, b], [Operand(kind, y_shape)])
    a = draw(operands(kind, a_shape))
    b = draw(operands(kind, b_shape, scale=draw(close_scales(a.scale))))
    common = 2 * max(a.scale, b.scale)
    scale = common**2 * draw(scales(2.0**-13, 8.0))
    y = Operand(kind, y_shape, None, np.float32(scale), draw(zero_points(kind)))
    return one_op("SQUARED_DIFFERENCE", None, [a, b], [y], version=2)


@st.composite
def select(draw: Any, op: str, kind: str) -> OneOp:
    a_shape, b_shape, y_shape = draw(stretched(4))
    shape = draw(st.sampled_from([y_shape, a_shape, b_shape, ()]))
    if op == "SELECT":
        a_shape = b_shape = y_shape
        shape = draw(st.sampled_from([y_shape, y_shape[:1], ()]))
    a, b = (Operand(kind, one, draw(any_values(kind, one))) for one in (a_shape, b_shape))
    return one_op(op, None, [Operand("bool", shape, draw(arrays("bool", shape))), a, b], [Operand(kind, y_shape)])


@st.composite
def prelu(draw: Any, kind: str) -> OneOp:
    """alpha with lengths of 1 or fewer dimensions than x."""
    shape = draw(shapes(1, 4))
    alpha_shape = tuple(draw(st.sampled_from([1, length])) for length in shape)[draw(st.integers(0, len(shape))) :]
    if kind == "float32":
        x = Operand(kind, shape, draw(values(kind, shape)))
        alpha = Operand(kind, alpha_shape, draw(values(kind, alpha_shape)))
        return one_op("PRELU", None, [x, alpha], [Operand(kind, shape)])
    x = draw(operands(kind, shape))
    alpha = draw(operands("int8" if kind == "int16" else kind, alpha_shape, scale=draw(scales(1e-2, 1.0))))
    scale = np.float32(x.scale * draw(scales(0.1, 16.0)))
    y = Operand(kind, shape, None, scale, draw(zero_points(kind)))
    return one_op("PRELU", None, [x, alpha._replace(constant=draw(st.booleans()))], [y])


@st.composite
def add_n(draw: Any, kind: str) -> OneOp:
    shape = draw(shapes(0, 4))
    terms = [Operand(kind, shape, draw(values(kind, shape))) for _ in range(draw(st.integers(2, 9)))]
    return one_op("ADD_N", None, terms, [Operand(kind, shape)])


CASES = (
    *(
        Case(op.code, kind, plain(op.code, kind), resolver="optimized" if op.code in OPTIMIZED else "reference")
        for op in PLAIN
        for kind in op.variants[0].types
    ),
    *(Case("DIV", kind, divided_codes(kind)) for kind in ("int8", "uint8", "int16")),
    *(Case("DIV", kind, divided("DIV", kind)) for kind in ("float32", "int32")),
    *(Case("FLOOR_DIV", kind, divided("FLOOR_DIV", kind)) for kind in ("float32", "int8", "int16", "int32")),
    *(Case("FLOOR_MOD", kind, divided("FLOOR_MOD", kind)) for kind in ("float32", "int8", "int16", "int32", "int64")),
    *(Case("POW", kind, power(kind)) for kind in ("float32", "int32")),
    *(Case("SQUARED_DIFFERENCE", kind, difference(kind)) for kind in ("float32", "int32", "int8")),
    *(
        Case(op, f"bool {kind} {kind} -> {kind}", select(op, kind), share=0.2)
        for op in ("SELECT", "SELECT_V2")
        for kind in UP_TO_64_BITS
    ),
    *(Case("PRELU", kind, prelu(kind)) for kind in ("float32", "int8", "uint8")),
    Case("PRELU", "int16 int8 -> int16", prelu("int16")),
    *(Case("ADD_N", kind, add_n(kind)) for kind in ("float32", "int32")),
)
