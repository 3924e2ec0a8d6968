"""Functions of one value: every type; floats with zeros of both signs, infinities and NaN, halves; all codes."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.options.activation import GeluOptions
from minilite.ops.unary import OPS as PLAIN

from .arithmetic import close_scales, values
from .case import EXACT, Case, OneOp, Operand, one_op
from .strategies import arrays, operands, scales, shapes, zero_points

OPTIMIZED = ("CEIL", "ROUND", "ELU")  # the reference set has none
SHAPES = st.one_of(shapes(0, 5, 4), st.just((2, 0, 3)))


@st.composite
def plain(draw: Any, op: str, kind: str) -> OneOp:
    """Values without scales; multiples of a half among the floats."""
    shape = draw(SHAPES)
    data = draw(arrays(kind, shape)) if kind == "bool" else draw(values(kind, shape, subnormal=True))
    if kind.startswith("float") and draw(st.booleans()):
        data = np.trunc(data * np.array(2, kind)) / np.array(2, kind)
    return one_op(op, None, [Operand(kind, shape, data)], [Operand(kind, shape)], version=2 if op == "SIGN" else 1)


@st.composite
def reals(draw: Any, op: str, limit: float, special: bool = True) -> OneOp:
    """float32 values up to `limit`, and special ones, among them 0 for RSQRT."""
    shape = draw(SHAPES)
    x = draw(arrays("float32", shape, -limit, limit))
    if op == "RSQRT" and not special:
        x = np.abs(x) + np.float32(0.01)
    x = draw(values("float32", shape)) if special and draw(st.booleans()) else x
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
def gelu(draw: Any, kind: str, special: bool = True) -> OneOp:
    """Without special values there is a 1, so that results near 0 are not the largest."""
    shape = draw(SHAPES)
    x = draw(arrays(kind, shape, -10, 10))
    if not special:
        x[(0,) * x.ndim if x.size else ...] = 1
    elif draw(st.booleans()):
        x = draw(values(kind, shape))
    options = GeluOptions(approximate=draw(st.booleans()))
    return one_op("GELU", options, [Operand(kind, shape, x)], [Operand(kind, shape)])


APPROXIMATED = {"optimized": None, "xnnpack": 1e-5}  # by functions of XNNPACK's own
ROUGH_HALF = "XNNPACK approximates it in float16; of 4,742 elements {} differed"
LARGE = "XNNPACK's function ends elsewhere, at 0 and at infinity; of 8,269 elements 5,547 differed, else by 4e-6"
AT_ZERO = "XNNPACK's function gives NaN at 0; of 2,737 elements 592 differed, else by 1e-7"
HALF_GELU = "XNNPACK approximates it in float16; of 1,193 elements 378 differed"
SMALL = "XNNPACK's function is 0 from about -5 downward; of 2,231 elements 683 differed, by 5e-7 at most"
SETS = {(op, "float16"): {"optimized": None, "xnnpack": ROUGH_HALF.format(n)} for op, n in (("SIN", 461), ("COS", 142))}
SETS |= {(op, "float32"): APPROXIMATED for op in ("SIN", "COS")}
CASES = (
    *(
        Case(
            op.code,
            kind,
            plain(op.code, kind),
            resolver="optimized" if op.code in OPTIMIZED else "reference",
            sets=SETS.get((op.code, kind), EXACT),
        )
        for op in PLAIN
        for kind in op.variants[0].types
    ),
    Case("EXP", "float32", reals("EXP", 90), sets={"optimized": None, "xnnpack": LARGE}, variant="float"),
    Case("EXP", "float32", reals("EXP", 80, special=False), sets=APPROXIMATED),
    Case("LOG", "float32", reals("LOG", 90), sets=APPROXIMATED),
    Case("ELU", "float32", reals("ELU", 20), resolver="optimized", sets=APPROXIMATED),
    Case("GELU", "float16", gelu("float16"), sets={"optimized": None, "xnnpack": HALF_GELU}),
    Case("GELU", "float32", gelu("float32"), sets={"optimized": None, "xnnpack": SMALL}, variant="float"),
    Case("GELU", "float32", gelu("float32", special=False), sets=APPROXIMATED),
    *(Case(op, kind, table(op, kind)) for op in ("EXP", "LOG") for kind in ("int8", "int16")),
    *(Case("GELU", kind, table("GELU", kind)) for kind in ("int8", "uint8", "int16")),
    Case("ELU", "int8", table("ELU", "int8"), resolver="optimized"),
    *(Case("ABS", kind, plain("ABS", kind)) for kind in ("float32", "int32")),
    Case("ABS", "int8", absolute("int8")),
    Case("ABS", "int16", st.one_of(absolute("int16"), plain("ABS", "int16"))),
    Case("SQRT", "float32", reals("SQRT", 90), sets=APPROXIMATED),
    Case("RSQRT", "float32", reals("RSQRT", 90), sets={"optimized": None, "xnnpack": AT_ZERO}, variant="float"),
    Case("RSQRT", "float32", reals("RSQRT", 90, special=False), sets=APPROXIMATED),
    *(Case(op, kind, root(op, kind)) for op in ("SQRT", "RSQRT") for kind in ("int8", "int16")),
)
