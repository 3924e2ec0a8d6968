"""Normalizations, complex numbers and FAKE_QUANT."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.options.activation import L2NormOptions, LocalResponseNormalizationOptions
from minilite.format.options.arithmetic import FakeQuantOptions

from .arithmetic import values
from .case import EXACT, Case, OneOp, Operand, one_op
from .strategies import arrays, operands, scales, shapes, zero_points

OUTPUT = {
    ("L2_NORMALIZATION", "int8"): (1 / 128, 0),
    ("L2_NORMALIZATION", "uint8"): (1 / 128, 128),
    ("LOG_SOFTMAX", "int8"): (1 / 16, 127),
    ("LOG_SOFTMAX", "uint8"): (1 / 16, 255),
}


@st.composite
def rows(draw: Any, op: str, kind: str) -> OneOp:
    """Rows of a few to many elements, equal, close to each other or far apart, or all zero."""
    shape = (*draw(shapes(0, 3)), draw(st.integers(1, 40)))
    options = L2NormOptions() if op == "L2_NORMALIZATION" else None
    if kind == "float32":
        limit = draw(st.sampled_from([0.0, 1e-6, 1.0, 8.0, 120.0]))
        data = draw(arrays(kind, shape, -limit, limit)) if draw(st.integers(0, 4)) else draw(values(kind, shape))
        return one_op(op, options, [Operand(kind, shape, data)], [Operand(kind, shape)], version=2)
    x = draw(operands(kind, shape, scale=draw(scales(1e-4, 2.0))))
    if draw(st.booleans()):
        low, high = np.iinfo(kind).min, np.iinfo(kind).max
        near = x.data.astype(np.int64) // draw(st.sampled_from([2, 16, 64, 1000])) + draw(zero_points(kind))
        x = x._replace(data=np.clip(near, low, high))
    if draw(st.booleans()):
        x = x._replace(zero_point=int(x.data.flat[0]))
    return one_op(op, options, [x], [Operand(kind, shape, None, *OUTPUT[op, kind])], version=2)


@st.composite
def long_rows(draw: Any, kind: str) -> OneOp:
    """Rows of hundreds of elements far from 0: only these need a shift to the right after the multiplication."""
    shape = (draw(st.integers(1, 3)), draw(st.integers(100, 600)))
    x = draw(operands(kind, shape))
    low, high = np.iinfo(kind).min, np.iinfo(kind).max
    x = x._replace(zero_point=draw(st.sampled_from([low, high])))
    far = high if x.zero_point == low else low
    x = x._replace(data=np.where(np.arange(shape[1]) < 60, x.data, far))
    y = Operand(kind, shape, None, *OUTPUT["L2_NORMALIZATION", kind])
    return one_op("L2_NORMALIZATION", L2NormOptions(), [x], [y], version=2)


@st.composite
def normalized(draw: Any, kind: str) -> OneOp:
    long = kind != "float32" and draw(st.integers(0, 3)) == 0
    return draw(long_rows(kind) if long else rows("L2_NORMALIZATION", kind))


@st.composite
def local(draw: Any) -> OneOp:
    shape = tuple(draw(st.integers(1, largest)) for largest in (2, 3, 3, 8))
    options = LocalResponseNormalizationOptions(
        radius=draw(st.integers(0, 10)),
        bias=draw(st.sampled_from([1.0, 2.0, 0.5])),
        alpha=draw(st.sampled_from([1.0, 0.25, 4.0])),
        beta=draw(st.sampled_from([0.5, 0.75, 1.0, 2.0])),
    )
    x = Operand("float32", shape, draw(arrays("float32", shape)))
    return one_op("LOCAL_RESPONSE_NORMALIZATION", options, [x], [Operand("float32", shape)])


@st.composite
def part(draw: Any, op: str, kind: str) -> OneOp:
    real = {"complex64": "float32", "complex128": "float64"}[kind]
    shape = draw(shapes(0, 4))
    x = np.empty(shape, kind)
    x.real, x.imag = draw(values(real, shape)), draw(values(real, shape))
    return one_op(op, None, [Operand(kind, shape, x)], [Operand(real, shape)])


@st.composite
def transform(draw: Any) -> OneOp:
    shape = (*draw(shapes(0, 2, 3)), draw(st.integers(1, 9)), draw(st.integers(1, 9)))
    lengths = [2 ** draw(st.integers(0, 4)), 2 ** draw(st.integers(1, 4))]
    y = Operand("complex64", (*shape[:-2], lengths[0], lengths[1] // 2 + 1))
    x = Operand("float32", shape, draw(arrays("float32", shape)))
    return one_op("RFFT2D", None, [x, Operand("int32", (2,), np.array(lengths), constant=draw(st.booleans()))], [y])


@st.composite
def fake_quant(draw: Any) -> OneOp:
    shape = draw(shapes(0, 4))
    low, high = draw(st.sampled_from([(-1.0, 1.0), (0.0, 6.0), (-3.0, 0.0), (-8.0, 7.9375), (-0.1, 2.7), (-1e-3, 5.0)]))
    options = FakeQuantOptions(
        min=float(np.float32(low)), max=float(np.float32(high)), num_bits=draw(st.integers(2, 16))
    )
    x = draw(arrays("float32", shape)) if draw(st.booleans()) else draw(values("float32", shape))
    if draw(st.booleans()):
        x = np.round(x * 2 ** draw(st.integers(0, 9))) / 64
    return one_op("FAKE_QUANT", options, [Operand("float32", shape, x)], [Operand("float32", shape)], version=2)


CASES = (
    *(Case("L2_NORMALIZATION", kind, normalized(kind)) for kind in ("float32", "int8", "uint8")),
    Case("LOG_SOFTMAX", "float32", rows("LOG_SOFTMAX", "float32"), sets=dict.fromkeys(EXACT, 1e-6)),
    *(Case("LOG_SOFTMAX", kind, rows("LOG_SOFTMAX", kind)) for kind in ("int8", "uint8")),
    Case("LOCAL_RESPONSE_NORMALIZATION", "float32", local(), sets=dict.fromkeys(EXACT, 1e-5)),
    *(
        Case(op, types, part(op, types.split()[0]))
        for op in ("REAL", "IMAG", "COMPLEX_ABS")
        for types in ("complex64 -> float32", "complex128 -> float64")
    ),
    Case("RFFT2D", "float32 -> complex64", transform(), tolerance=1e-6, sets=dict.fromkeys(EXACT, 1e-6)),
    Case("FAKE_QUANT", "float32", fake_quant()),
)
