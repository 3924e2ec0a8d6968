"""FULLY_CONNECTED: float32, int8 and uint8; with and without bias, per tensor and per channel, keep_num_dims."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.enums import TensorType
from minilite.format.options.dense import FullyConnectedOptions
from minilite.ops.fully_connected_hybrid import INT4_DEPTH, INT4_UNITS

from .case import Case, OneOp, Operand, one_op
from .strategies import ACTIVATIONS, SIZES, arrays, operands, scales, shapes, zero_points


def weight_scale(draw: Any, x: Operand, y: Operand, channels: int) -> Any:
    """Scales that bring typical accumulators into the range of y: random, or a simple ratio of y_scale / x_scale."""
    base = y.scale / x.scale * draw(scales(1e-3, 0.5))
    if channels == 1:
        return np.float32(base)
    spread = np.array([draw(scales(0.25, 4.0)) for _ in range(channels)])
    return (base * spread).astype(np.float32)


@st.composite
def fully_connected(draw: Any, kind: str, weights: str = "", bias_kind: str = "int32") -> OneOp:
    depth, units = draw(st.integers(1, 40)), draw(SIZES)
    if kind == "float32":
        units = draw(st.sampled_from([units, 8, 13]))  # float sums depend on the blocks of units
    leading = draw(shapes(1, 3, 3))
    keep = draw(st.booleans())
    weights = weights or kind
    bias_type = TensorType[bias_kind.upper()] if kind == "int16" else 0
    options = FullyConnectedOptions(
        fused_activation_function=draw(ACTIVATIONS), keep_num_dims=keep, quantized_bias_type=bias_type
    )
    x = draw(operands(kind, (*leading, depth)))
    shape = (*leading, units) if keep else (int(np.prod(leading)), units)
    y = Operand(kind, shape)
    has_bias = draw(st.booleans())
    if kind == "float32":
        w = Operand(kind, (units, depth), draw(arrays(kind, (units, depth))), constant=draw(st.booleans()))
        bias = Operand(kind, (units,), draw(arrays(kind, (units,))), constant=True)
    else:
        y = y._replace(scale=draw(scales()), zero_point=draw(zero_points(kind)))
        channels = units if kind != "uint8" and units > 1 and draw(st.booleans()) else 1
        w_scale = weight_scale(draw, x, y, channels)
        w_zero = draw(zero_points(kind)) if kind == "uint8" else 0
        w_scale = w_scale * np.float32({"int4": 16, "int2": 64}.get(weights, 1))
        w = Operand(weights, (units, depth), draw(arrays(weights, (units, depth))), w_scale, w_zero, constant=True)
        b_scale = (np.float32(x.scale) * w_scale).astype(np.float32)
        data = np.random.default_rng(draw(st.integers(0, 999))).integers(-(2**12), 2**12, units)
        bias = Operand(bias_kind, (units,), data, b_scale, constant=True)
    return one_op(
        "FULLY_CONNECTED",
        options,
        [x, w, bias if has_bias else None],
        [y],
        version=11 if kind == "int16" else 5 if keep else 4,
    )


@st.composite
def hybrid(draw: Any, kind: str) -> OneOp:
    """Float activations and 8-bit weights. LiteRT reads uint8 weights as int8, and takes every fused activation."""
    depth, units = draw(st.integers(1, 70)), draw(SIZES)
    leading = draw(shapes(1, 3, 3))
    activation = draw(st.sampled_from([0, 1, 2, 3, 4, 5]))
    options = FullyConnectedOptions(
        fused_activation_function=activation, asymmetric_quantize_inputs=draw(st.booleans()), keep_num_dims=True
    )
    data = draw(arrays("float32", (*leading, depth))) * np.float32(draw(st.sampled_from([0, 1e-30, 0.3, 1, 1, 1, 1e6])))
    data[..., : draw(st.sampled_from([0, depth]))] -= np.float32(draw(st.sampled_from([0, 9])))
    if draw(st.booleans()):
        data.reshape(-1, depth)[0] = 0
    channels = units if kind != "uint8" and draw(st.booleans()) else 1
    w_scale = np.array([draw(scales(1e-4, 0.5)) for _ in range(channels)], np.float32)
    codes = draw(arrays(kind, (units, depth)))
    if kind == "int4" and units >= INT4_UNITS and depth >= INT4_DEPTH:
        codes = np.maximum(codes, -7)  # LiteRT's optimized kernel lets -8 spill into the weights beside it
    w = Operand(kind, (units, depth), codes, w_scale, constant=True)
    bias = Operand("float32", (units,), draw(arrays("float32", (units,))), constant=True)
    x, y = Operand("float32", data.shape, data), Operand("float32", (*leading, units))
    return one_op("FULLY_CONNECTED", options, [x, w, bias if draw(st.booleans()) else None], [y], version=9)


@st.composite
def shuffled(draw: Any) -> OneOp:
    """Weights in blocks, uint8 to int16, with the workspace as a second output."""
    rows, depth, units = draw(st.sampled_from([1, 4])), 16 * draw(st.integers(1, 3)), 4 * draw(st.integers(1, 3))
    x = draw(operands("uint8", (rows, depth), zero_point=128))
    y = Operand("int16", (rows, units), None, draw(scales(1e-5, 1e-2)), 0)
    w_scale = weight_scale(draw, x, y._replace(scale=y.scale * 200), 1)
    w = Operand("uint8", (units, depth), draw(arrays("uint8", (units, depth))), w_scale, 128, constant=True)
    data = np.random.default_rng(draw(st.integers(0, 999))).integers(-(2**12), 2**12, units)
    bias = Operand("int32", (units,), data, (np.float32(x.scale) * w_scale).astype(np.float32), constant=True)
    options = FullyConnectedOptions(fused_activation_function=draw(ACTIVATIONS), weights_format=1)
    return one_op("FULLY_CONNECTED", options, [x, w, bias], [y, Operand("uint8", (rows, depth))], version=2)


CASES = (
    Case("FULLY_CONNECTED", "uint8 uint8 int32 -> int16 uint8", shuffled()),
    Case("FULLY_CONNECTED", "float32 int8 float32 -> float32", hybrid("int8")),
    Case("FULLY_CONNECTED", "float32 uint8 float32 -> float32", hybrid("uint8")),
    *(Case("FULLY_CONNECTED", f"float32 {small} float32 -> float32", hybrid(small)) for small in ("int4", "int2")),
    *(
        Case("FULLY_CONNECTED", f"int8 {small} int32 -> int8", fully_connected("int8", small))
        for small in ("int4", "int2")
    ),
    Case("FULLY_CONNECTED", "float32", fully_connected("float32")),
    Case("FULLY_CONNECTED", "int8 int8 int32 -> int8", fully_connected("int8")),
    Case("FULLY_CONNECTED", "uint8 uint8 int32 -> uint8", fully_connected("uint8")),
    *(
        Case("FULLY_CONNECTED", f"int16 {weights} {bias} -> int16", fully_connected("int16", weights, bias))
        for weights in ("int8", "int16", "int4", "int2")
        for bias in ("int32", "int64")
    ),
)
