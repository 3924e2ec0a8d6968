"""TRANSPOSE_CONV: strides, both paddings, output lengths that a stride leaves open, batches, every type."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.enums import TensorType
from minilite.format.options.convolution import TransposeConvOptions
from minilite.numerics.geometry import SAME, slide

from .case import Case, OneOp, Operand, one_op
from .convolution import activations, hybrid_weights, image_data, weights_and_bias
from .strategies import ACTIVATIONS, arrays


@st.composite
def windows(draw: Any) -> dict[str, Any]:
    """Window and output lengths; x has as many pixels as the window has positions."""
    padding = draw(st.integers(0, 1))
    drawn: dict[str, Any] = {"padding": padding}
    for axis in ("h", "w"):
        size, stride = draw(st.integers(1, 4)), draw(st.integers(1, 3))
        output = draw(st.integers(1 if padding == SAME else size, 9))
        length = slide(output, size, stride, 1, padding).output
        drawn |= {f"size_{axis}": size, f"stride_{axis}": stride}
        drawn |= {f"length_{axis}": length, f"output_{axis}": output}
    return drawn


def node(draw: Any, drawn: dict[str, Any], x: Operand, w: Operand, b: Operand, y: Operand, bias_type: int) -> OneOp:
    options = TransposeConvOptions(
        padding=drawn["padding"],
        stride_w=drawn["stride_w"],
        stride_h=drawn["stride_h"],
        fused_activation_function=draw(ACTIVATIONS),
        quantized_bias_type=bias_type,
    )
    shape = Operand("int32", (4,), np.array(y.shape), constant=draw(st.booleans()))
    bias = [b] if draw(st.booleans()) else draw(st.sampled_from([[], [None]]))
    return one_op("TRANSPOSE_CONV", options, [shape, w, x, *bias], [y], version=5)


@st.composite
def transpose_conv(draw: Any, kind: str, bias_kind: str) -> OneOp:
    drawn = draw(windows())
    depth, units = draw(st.integers(1, 5)), draw(st.sampled_from([1, 2, 3, 4, 8, 9, 17]))
    x, y = activations(draw, kind, drawn, depth, units)
    w, b = draw(weights_and_bias(x, y, (units, drawn["size_h"], drawn["size_w"], depth), 0, bias_kind))
    named = {"int64": draw(st.sampled_from([TensorType.FLOAT32, TensorType.INT64])), "int32": TensorType.INT32}
    return node(draw, drawn, x, w, b, y, named[bias_kind] if kind == "int16" else TensorType.FLOAT32)


@st.composite
def hybrid(draw: Any) -> OneOp:
    drawn = draw(windows())
    batch, depth, units = draw(st.integers(1, 2)), draw(st.integers(1, 5)), draw(st.integers(1, 4))
    data = image_data(draw, (batch, drawn["length_h"], drawn["length_w"], depth))
    w = hybrid_weights(draw, "int8", (units, drawn["size_h"], drawn["size_w"], depth), 0, draw(st.booleans()))
    b = Operand("float32", (units,), draw(arrays("float32", (units,))), constant=True)
    y = Operand("float32", (batch, drawn["output_h"], drawn["output_w"], units))
    return node(draw, drawn, Operand("float32", data.shape, data), w, b, y, TensorType.FLOAT32)


CASES = (
    Case("TRANSPOSE_CONV", "float32", transpose_conv("float32", "float32")),
    Case("TRANSPOSE_CONV", "int8 int8 int32 -> int8", transpose_conv("int8", "int32")),
    Case("TRANSPOSE_CONV", "uint8 uint8 int32 -> uint8", transpose_conv("uint8", "int32")),
    Case("TRANSPOSE_CONV", "int8 int16 int64 -> int16", transpose_conv("int16", "int64")),
    Case("TRANSPOSE_CONV", "int8 int16 int32 -> int16", transpose_conv("int16", "int32")),
    Case("TRANSPOSE_CONV", "int8 float32 float32 -> float32", hybrid()),
)
