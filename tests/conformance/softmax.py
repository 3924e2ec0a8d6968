"""SOFTMAX: floats, 8-bit to 8-bit and to int16, int16; any beta, rows from one element, all equal to far apart."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.options.activation import SoftmaxOptions

from .case import EXACT, Case, OneOp, Operand, one_op
from .strategies import arrays, operands, scales, shapes, zero_points

OUTPUT = {"int8": (1 / 256, -128), "uint8": (1 / 256, 0), "int16": (1 / 65536, -32768)}


@st.composite
def softmax(draw: Any, kind: str, to: str) -> OneOp:
    shape = (*draw(shapes(0, 4)), draw(st.integers(1, 40)))
    options = SoftmaxOptions(beta=draw(st.sampled_from([1.0, 0.5, 2.0, float(np.float32(0.1))])))
    if kind in ("float16", "float32"):
        limit = draw(st.sampled_from([1.0, 8.0, 120.0]))
        x = draw(operands(kind, shape))._replace(data=draw(arrays(kind, shape, -limit, limit)))
        return one_op("SOFTMAX", options, [x], [Operand(to, shape)])
    low, high = (1e-6, 1e-2) if kind == "int16" else (1e-3, 2.0)
    x = draw(operands(kind, shape, scale=draw(scales(low, high))))
    if draw(st.booleans()):  # near the maximum, where the shares are large
        low, high = np.iinfo(kind).min, np.iinfo(kind).max
        near = x.data.astype(np.int64) // draw(st.sampled_from([2, 8, 1000])) + draw(zero_points(kind))
        x = x._replace(data=np.clip(near, low, high))
    scale, zero_point = (1 / 32768, 0) if kind == "int16" else OUTPUT[to]
    return one_op("SOFTMAX", options, [x], [Operand(to, shape, None, scale, zero_point)], version=3)


HALF = "XNNPACK approximates it in float16; of 27,755 elements 1,939 differed, by 2e-3 of the largest at most"
CASES = (
    Case("SOFTMAX", "float32", softmax("float32", "float32"), sets=dict.fromkeys(EXACT, 2e-6)),
    Case("SOFTMAX", "float16", softmax("float16", "float16"), sets={"optimized": None, "xnnpack": HALF}),
    Case("SOFTMAX", "int8 -> int8", softmax("int8", "int8")),
    Case("SOFTMAX", "uint8 -> uint8", softmax("uint8", "uint8")),
    Case("SOFTMAX", "int8 -> int16", softmax("int8", "int16")),
    Case("SOFTMAX", "uint8 -> int16", softmax("uint8", "int16")),
    Case("SOFTMAX", "int16 -> int16", softmax("int16", "int16")),
)
