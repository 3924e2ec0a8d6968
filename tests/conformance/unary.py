"""Functions of one value: every type; floats with zeros of both signs, infinities and NaN, halves; all codes."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.options.activation import GeluOptions
from minilite.ops.unary import OPS as PLAIN

from .arithmetic import close_scales, values
from .case import Case, OneOp, Operand, one_op
from .strategies import arrays, operands, scales, shapes, zero_points

OPTIMIZED = ("CEIL", "ROUND", "ELU")  # the reference set has none
SHAPES = st.one_of(shapes(0, 5, 4), st.just((2, 0, 3)))


@st.composite
def plain(draw: Any, op: str, kind: str) -> OneOp:
    """Values without scales; multiples of a half among the floats."""
    shape = draw(SHAPES)
    data = draw(arrays(kind, shape)) if kind == "bool" else draw(values(kind, shape))
    if kind.startswith("float") and draw(st.booleans()):
        data = np.trunc(data * np.array(2, kind)) / np.array(2, kind)
    return one_op(op, None, [Operand(kind, shape, data)], [Operand(kind, shape)], version=2 if op == "SIGN" else 1)


@st.composite
def reals(draw: Any, op: str, limit: float) -> OneOp:
    """float32 values up to `limit`, and special ones."""
    shape = draw(SHAPES)
    x = draw(arrays("float32", shape, -limit, limit)) if draw(st.booleans()) else draw(values("float32", shape))
    version = 2 if op == "SQRT" else 1
    return one_op(op, None, [Operand("float32", shape, x)], [Operand("float32", shape)], version)


@st.composite
def table(draw: Any, op: str, kind: str) -> OneOp:
    """All codes, with scales that lead from small numbers to saturated ones."""
    shape = draw(SHAPES)
    x = draw(operands(kind, shape))
    if kind == "int16":
        x = x._replace(scale=draw(scales(1e-5, 1e-3)))
    low = 1e-5 if kind == "int16" else 1e-3
    scale = draw(st.one_of(scales(low, 2.0), scales(low, 2.0), st.sampled_from([1e-12, 1.2e-38])))
    y = Operand(kind, shape, None, scale, draw(zero_points(kind)))
    options = GeluOptions(approximate=draw(st.booleans())) if op == "GELU" else None
    return one_op(op, options, [x], [y], version=2 if op in ("LOG", "EXP", "GELU") else 1)


@st.composite
def absolute(draw: Any, kind: str) -> OneOp:
    x = draw(operands(kind, draw(SHAPES)))
    scale = x.scale if draw(st.integers(0, 3)) == 0 else draw(close_scales(x.scale))
    return one_op("ABS", None, [x], [Operand(kind, x.shape, None, scale, draw(zero_points(kind)))], version=3)


@st.composite
def root(draw: Any, op: str, kind: str) -> OneOp:
    """Codes from the zero point upward."""
    x = draw(operands(kind, draw(SHAPES)))
    x = x._replace(data=np.maximum(x.data, x.zero_point))
    typical = (x.scale * 60) ** (0.5 if op == "SQRT" else -0.5)
    scale = typical * draw(scales(1e-3, 2.0)) * (1 if kind == "int8" else 1 / 256)
    if draw(st.booleans()):
        x = x._replace(scale=4.0 ** draw(st.integers(-6, 3)))
        scale = 2.0 ** draw(st.integers(-9, 2))
    y = Operand(kind, x.shape, None, np.float32(scale), draw(zero_points(kind)))
    return one_op(op, None, [x], [y], version=3 if op == "RSQRT" else 2)


@st.composite
def gelu(draw: Any, kind: str) -> OneOp:
    shape = draw(SHAPES)
    x = draw(arrays(kind, shape, -10, 10)) if draw(st.booleans()) else draw(values(kind, shape))
    options = GeluOptions(approximate=draw(st.booleans()))
    return one_op("GELU", options, [Operand(kind, shape, x)], [Operand(kind, shape)])


CASES = (
    *(
        Case(op.code, kind, plain(op.code, kind), resolver="optimized" if op.code in OPTIMIZED else "reference")
        for op in PLAIN
        for kind in op.variants[0].types
    ),
    Case("EXP", "float32", reals("EXP", 90)),
    Case("LOG", "float32", reals("LOG", 90)),
    Case("ELU", "float32", reals("ELU", 20), resolver="optimized"),
    *(Case("GELU", kind, gelu(kind)) for kind in ("float16", "float32")),
    *(Case(op, kind, table(op, kind)) for op in ("EXP", "LOG") for kind in ("int8", "int16")),
    *(Case("GELU", kind, table("GELU", kind)) for kind in ("int8", "uint8", "int16")),
    Case("ELU", "int8", table("ELU", "int8"), resolver="optimized"),
    *(Case("ABS", kind, plain("ABS", kind)) for kind in ("float32", "int32")),
    Case("ABS", "int8", absolute("int8")),
    Case("ABS", "int16", st.one_of(absolute("int16"), plain("ABS", "int16"))),
    *(Case(op, "float32", reals(op, 90)) for op in ("SQRT", "RSQRT")),
    *(Case(op, kind, root(op, kind)) for op in ("SQRT", "RSQRT") for kind in ("int8", "int16")),
)
