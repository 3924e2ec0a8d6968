"""Activations as ops of their own: every type; floats with both zeros, infinities and NaN; all codes of 8 bits."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.options.activation import LeakyReluOptions
from minilite.format.options.empty import HardSwishOptions

from .case import Case, OneOp, Operand, one_op
from .strategies import arrays, operands, scales, shapes, zero_points

SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-40, -9.0, 16.62, 6.0, -1.0, -3.0, 3e38, -3e38], np.float32)
RECTIFIERS = {
    "RELU": ("float32", "int8", "uint8", "int16"),
    "RELU6": ("float32", "int8", "uint8", "int16"),
    "RELU_N1_TO_1": ("float32", "int8", "uint8"),
    "RELU_0_TO_1": ("float32", "int8", "uint8"),
}


@st.composite
def inputs(draw: Any, kind: str) -> Operand:
    """An input of any shape, a scalar too; for int16 with scales that reach from flat to saturated."""
    shape = draw(shapes(0, 5, 4))
    if kind in ("float16", "float32"):
        data = draw(arrays(kind, shape, -20.0, 20.0))
        if draw(st.booleans()):
            with np.errstate(over="ignore"):
                data = SPECIAL[draw(arrays("uint8", shape)) % len(SPECIAL)].astype(kind)
        return Operand(kind, shape, data)
    x = draw(operands(kind, shape))
    return x._replace(scale=draw(scales(1e-5, 1e-2))) if kind == "int16" else x


@st.composite
def rectifier(draw: Any, op: str, kind: str) -> OneOp:
    x = draw(inputs(kind))
    options, version, low, high = None, 1, 0.1, 4.0
    if op == "LEAKY_RELU":
        low, high = draw(st.sampled_from([(0.1, 4.0), (2.0**-9, 2.0**10)]))
        alpha = draw(st.sampled_from([0.0, 0.5, -0.25, 1.5, 0.2, -0.3, 0.01]))
        options, version = LeakyReluOptions(alpha=float(np.float32(alpha))), 2
    return one_op(op, options, [x], [rescaled(draw, x, low, high)], version)


def rescaled(draw: Any, x: Operand, low: float, high: float) -> Operand:
    """An output like `x`, with y_scale / x_scale between `low` and `high` and a zero point of its own."""
    y = Operand(x.type, x.shape)
    if x.scale is None:
        return y
    return y._replace(scale=np.float32(x.scale * draw(scales(low, high))), zero_point=draw(zero_points(x.type)))


@st.composite
def hard_swish(draw: Any, kind: str) -> OneOp:
    x = draw(inputs(kind))
    if x.scale is not None:
        x = x._replace(scale=draw(scales(1e-5, 20.0)))
    return one_op("HARD_SWISH", HardSwishOptions(), [x], [rescaled(draw, x, 0.02, 600.0)])


@st.composite
def sigmoid(draw: Any, op: str, kind: str) -> OneOp:
    x = draw(inputs(kind))
    y = Operand(x.type, x.shape)
    if kind in ("int8", "uint8"):
        ties = st.sampled_from([2 / 5, 2 / 7, 2 / 41])  # where 1 lies half way between two codes
        scale = 1 / 256 if op == "LOGISTIC" else draw(st.one_of(scales(1e-3, 0.5), ties))
        y = y._replace(scale=scale, zero_point=draw(zero_points(kind)))
    elif kind == "int16":
        powers = [2.0**-12, 2.0**-11, 2.0**-13, 2.0**-12 * 1.0003, 2.0**-11 * 1.01, 1e-8, 1.0]
        x = x._replace(scale=draw(st.one_of(scales(1e-6, 1e-2), st.sampled_from(powers))))
        y = y._replace(scale=2.0**-15, zero_point=0)
    return one_op(op, None, [x], [y])


HALF = "XNNPACK approximates it in float16; of 5,157 elements {} differed, by 1e-3 at most"
CASES = (
    *(Case(op, kind, rectifier(op, kind)) for op, kinds in RECTIFIERS.items() for kind in kinds),
    Case("LEAKY_RELU", "float32", rectifier("LEAKY_RELU", "float32"), sets={"optimized": None, "xnnpack": 1e-7}),  # -0
    *(Case("LEAKY_RELU", kind, rectifier("LEAKY_RELU", kind)) for kind in ("int8", "uint8", "int16")),
    *(Case("HARD_SWISH", kind, hard_swish(kind)) for kind in ("float32", "int8", "uint8")),
    *(Case(op, kind, sigmoid(op, kind)) for op in ("LOGISTIC", "TANH") for kind in ("int8", "uint8", "int16")),
    Case(
        "LOGISTIC", "float16", sigmoid("LOGISTIC", "float16"), sets={"optimized": None, "xnnpack": HALF.format("1,682")}
    ),
    Case("TANH", "float16", sigmoid("TANH", "float16"), sets={"optimized": None, "xnnpack": HALF.format(322)}),
    *(
        Case(op, "float32", sigmoid(op, "float32"), sets={"optimized": None, "xnnpack": 1e-6})
        for op in ("LOGISTIC", "TANH")
    ),
)
