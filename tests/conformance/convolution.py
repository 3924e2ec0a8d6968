"""CONV_2D and DEPTHWISE_CONV_2D: strides, dilations, both paddings, groups, depth multipliers, batches, every type."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.enums import TensorType
from minilite.format.options.convolution import Conv2DOptions, DepthwiseConv2DOptions
from minilite.numerics.geometry import SAME, VALID, slide

from .case import Case, OneOp, Operand, one_op
from .strategies import ACTIVATIONS, arrays, operands, scales, zero_points


@st.composite
def windows(draw: Any) -> dict[str, Any]:
    """Image lengths, window lengths that fit, and the options that move the window."""
    padding = draw(st.sampled_from([SAME, VALID]))
    drawn: dict[str, Any] = {"padding": padding}
    for axis in ("h", "w"):
        size, stride, dilation = draw(st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3)))
        reach = (size - 1) * dilation + 1
        shortest = max(1, reach - 2 * stride + 1)  # a window less than two strides too large leaves an empty output
        length = draw(st.integers(shortest if padding == VALID else 1, max(reach, 9)))
        if padding == VALID and draw(st.integers(0, 19)):
            length = max(length, reach)
        output = slide(length, size, stride, dilation, padding).output
        drawn |= {f"size_{axis}": size, f"length_{axis}": length, f"output_{axis}": output}
        drawn |= {f"stride_{axis}": stride, f"dilation_{axis}_factor": dilation}
    return drawn


def with_specials(draw: Any, values: Any) -> Any:
    """`values`, now and then with infinities and NaN among them."""
    if draw(st.integers(0, 9)) > 0:
        return values
    generator = np.random.default_rng(draw(st.integers(0, 999)))
    special = generator.choice(np.array([np.inf, -np.inf, np.nan, 3e38], np.float32), values.shape)
    return np.where(generator.random(values.shape) < 0.1, special, values)


@st.composite
def weights_and_bias(
    draw: Any, x: Operand, y: Operand, shape: tuple[int, ...], axis: int, bias_type: str, kind: str = ""
) -> tuple[Operand, Operand]:
    """Constant weights of `shape` for output channels along `axis`, and their bias."""
    channels = shape[axis]
    if x.type == "float32":
        w = Operand("float32", shape, with_specials(draw, draw(arrays("float32", shape))), constant=draw(st.booleans()))
        return w, Operand("float32", (channels,), draw(arrays("float32", (channels,))), constant=True)
    kind = kind or ("uint8" if x.type == "uint8" else "int8")
    # A power of two near the root of the taps keeps simple ratios simple, so that sums fall on exact ties.
    spread = 2.0 ** round(np.log2(np.prod(shape) / channels) / 2)
    scale = np.atleast_1d(np.float32(y.scale / x.scale * draw(scales(1e-3, 1.0)) / spread))
    if x.type == "int16":
        scale *= np.float32(2.0**-4)
    if kind == "int4":
        scale *= np.float32(16)
    if kind != "uint8" and draw(st.booleans()):
        scale = (scale * [draw(scales(0.25, 4.0)) for _ in range(channels)]).astype(np.float32)
    zero_point = draw(zero_points(kind)) if kind == "uint8" else 0
    named = draw(st.sampled_from([0, axis])) if scale.size == 1 else axis
    w = Operand(kind, shape, draw(arrays(kind, shape)), scale, zero_point, axis=named, constant=True)
    largest = 2 ** (12 if x.type != "int16" else 20)
    if draw(st.integers(0, 9)) == 0:
        largest = 2 ** (31 if bias_type == "int32" else 46)  # sums that leave 32 bits
    data = np.random.default_rng(draw(st.integers(0, 999))).integers(-largest, largest, channels)
    return w, Operand(bias_type, (channels,), data, np.float32(x.scale) * scale, constant=True)


def options_of(table: Any, drawn: dict[str, Any], **more: Any) -> Any:
    """The options table filled with the drawn values that it has."""
    return table(**{name: value for name, value in drawn.items() if not name.startswith(("size", "l", "o"))}, **more)


def activations(
    draw: Any, kind: str, drawn: dict[str, Any], channels: int, units: int, specials: bool = True
) -> tuple[Operand, Operand]:
    """x and y of a convolution; with `specials` a float x has infinities and NaN now and then."""
    batch = draw(st.integers(1, 2))
    x = draw(operands(kind, (batch, drawn["length_h"], drawn["length_w"], channels)))
    y = Operand(kind, (batch, drawn["output_h"], drawn["output_w"], units))
    if kind == "float32":
        x = x._replace(data=with_specials(draw, x.data) if specials else x.data)
    else:
        y = y._replace(scale=draw(scales()), zero_point=draw(zero_points(kind)))
    return x, y


@st.composite
def conv_2d(draw: Any, kind: str, bias_type: str, weights: str = "") -> OneOp:
    drawn = draw(windows())
    groups, depth, units = draw(st.sampled_from([1, 1, 2, 3])), draw(st.integers(1, 6)), draw(st.integers(1, 4))
    if kind == "float32" and groups == 1:
        units = draw(st.sampled_from([units, 8, 13]))  # float sums depend on the blocks of units
    x, y = activations(draw, kind, drawn, groups * depth, groups * units)
    shape = (groups * units, drawn["size_h"], drawn["size_w"], depth)
    w, b = draw(weights_and_bias(x, y, shape, 0, bias_type, weights))
    named = {"int64": draw(st.sampled_from([TensorType.FLOAT32, TensorType.INT64])), "int32": TensorType.INT32}
    quantized_bias_type = named[bias_type] if kind == "int16" else TensorType.FLOAT32
    options = options_of(
        Conv2DOptions, drawn, fused_activation_function=draw(ACTIVATIONS), quantized_bias_type=quantized_bias_type
    )
    return one_op("CONV_2D", options, [x, w, b], [y], version=5)


@st.composite
def depthwise_conv_2d(
    draw: Any,
    kind: str,
    bias_type: str,
    weights: str = "",
    with_bias: tuple[bool, ...] = (True, False),
    specials: bool = True,
) -> OneOp:
    drawn = draw(windows())
    channels, multiplier = draw(st.integers(1, 6)), draw(st.sampled_from([1, 1, 2, 3]))
    units = channels * multiplier
    x, y = activations(draw, kind, drawn, channels, units, specials)
    w, b = draw(weights_and_bias(x, y, (1, drawn["size_h"], drawn["size_w"], units), 3, bias_type, weights))
    given = multiplier if kind == "int16" else draw(st.sampled_from([0, multiplier]))
    options = options_of(
        DepthwiseConv2DOptions, drawn, fused_activation_function=draw(ACTIVATIONS), depth_multiplier=given
    )
    inputs = [x, w, b] if draw(st.sampled_from(with_bias)) else [x, w]
    return one_op("DEPTHWISE_CONV_2D", options, inputs, [y], version=4)


def image_data(draw: Any, shape: tuple[int, ...]) -> Any:
    """Images of several ranges: all positive, all negative, tiny, huge, and now and then one of zeros."""
    data = draw(arrays("float32", shape)) * np.float32(draw(st.sampled_from([0, 1e-30, 0.3, 1, 1, 1, 1e6])))
    data = data + np.float32(draw(st.sampled_from([0, 0, 9, -9])))
    data[: draw(st.sampled_from([0, 0, 0, 1]))] = 0
    return data


def hybrid_weights(draw: Any, kind: str, shape: tuple[int, ...], axis: int, per_channel: bool) -> Operand:
    """Constant integer weights, one scale or one for each channel of `axis`, which may all be alike."""
    count = shape[axis] if per_channel else 1
    scale = [draw(scales(1e-4, 0.5)) for _ in range(draw(st.sampled_from([1, count])))]
    return Operand(kind, shape, draw(arrays(kind, shape)), np.resize(scale, count), 0, axis=axis, constant=True)


@st.composite
def hybrid_conv_2d(draw: Any, kind: str) -> OneOp:
    drawn = draw(windows())
    groups = draw(st.sampled_from([1, 1, 2])) if kind != "uint8" else 1
    depth, units = draw(st.integers(1, 6)), groups * draw(st.integers(1, 4))
    batch = draw(st.integers(1, 2))
    data = image_data(draw, (batch, drawn["length_h"], drawn["length_w"], groups * depth))
    # The per-channel kernel of LiteRT, which it takes for groups, reads one scale for every channel.
    per_channel = groups > 1 or (kind != "uint8" and draw(st.booleans()))
    shape = (units, drawn["size_h"], drawn["size_w"], depth)
    w = hybrid_weights(draw, kind, shape, 0, per_channel)
    b = Operand("float32", (units,), draw(arrays("float32", (units,))), constant=True)
    y = Operand("float32", (batch, drawn["output_h"], drawn["output_w"], units))
    options = options_of(Conv2DOptions, drawn, fused_activation_function=draw(ACTIVATIONS))
    return one_op("CONV_2D", options, [Operand("float32", data.shape, data), w, b], [y], version=5)


@st.composite
def hybrid_depthwise_conv_2d(draw: Any, kind: str) -> OneOp:
    drawn = draw(windows())
    channels, multiplier, batch = draw(st.integers(1, 6)), draw(st.sampled_from([1, 1, 2, 3])), draw(st.integers(1, 2))
    units = channels * multiplier
    data = image_data(draw, (batch, drawn["length_h"], drawn["length_w"], channels))
    w = hybrid_weights(draw, kind, (1, drawn["size_h"], drawn["size_w"], units), 3, True)
    b = Operand("float32", (units,), draw(arrays("float32", (units,))), constant=True)
    y = Operand("float32", (batch, drawn["output_h"], drawn["output_w"], units))
    options = options_of(
        DepthwiseConv2DOptions, drawn, fused_activation_function=draw(ACTIVATIONS), depth_multiplier=multiplier
    )
    return one_op("DEPTHWISE_CONV_2D", options, [Operand("float32", data.shape, data), w, b], [y], version=6)


NEEDS_BIAS = dict.fromkeys(("optimized", "xnnpack"), "LiteRT crashes without a bias")
READS_ON = {"optimized": None, "xnnpack": "an infinite pixel makes NaN of outputs that do not read it"}


def depthwise_bytes(types: str) -> tuple[Case, Case]:
    """The cases of 8-bit activations; the optimized kernels read a bias that is not there."""
    kind, weights = types.split()[:2]
    return (
        Case("DEPTHWISE_CONV_2D", types, depthwise_conv_2d(kind, "int32", weights, (True,))),
        Case("DEPTHWISE_CONV_2D", types, depthwise_conv_2d(kind, "int32", weights, (False,)), sets=NEEDS_BIAS),
    )


CASES = (
    *depthwise_bytes("int8 int4 int32 -> int8"),
    *depthwise_bytes("int8 int8 int32 -> int8"),
    *depthwise_bytes("uint8 uint8 int32 -> uint8"),
    Case("CONV_2D", "float32 int8 float32 -> float32", hybrid_conv_2d("int8")),
    Case("CONV_2D", "float32 int4 float32 -> float32", hybrid_conv_2d("int4")),
    Case("CONV_2D", "int8 int4 int32 -> int8", conv_2d("int8", "int32", "int4")),
    Case("CONV_2D", "int16 int4 int64 -> int16", conv_2d("int16", "int64", "int4")),
    Case("CONV_2D", "int16 int4 int32 -> int16", conv_2d("int16", "int32", "int4")),
    Case("CONV_2D", "float32 uint8 float32 -> float32", hybrid_conv_2d("uint8")),
    Case("DEPTHWISE_CONV_2D", "float32 int8 float32 -> float32", hybrid_depthwise_conv_2d("int8")),
    Case("CONV_2D", "float32", conv_2d("float32", "float32")),
    Case("CONV_2D", "int8 int8 int32 -> int8", conv_2d("int8", "int32")),
    Case("CONV_2D", "uint8 uint8 int32 -> uint8", conv_2d("uint8", "int32")),
    Case("CONV_2D", "int16 int8 int64 -> int16", conv_2d("int16", "int64")),
    Case("CONV_2D", "int16 int8 int32 -> int16", conv_2d("int16", "int32")),
    Case("DEPTHWISE_CONV_2D", "float32", depthwise_conv_2d("float32", "float32", with_bias=(True,), specials=False)),
    Case("DEPTHWISE_CONV_2D", "float32", depthwise_conv_2d("float32", "float32", with_bias=(True,)), sets=READS_ON),
    Case("DEPTHWISE_CONV_2D", "float32", depthwise_conv_2d("float32", "float32", with_bias=(False,)), sets=NEEDS_BIAS),
    Case("DEPTHWISE_CONV_2D", "int16 int8 int64 -> int16", depthwise_conv_2d("int16", "int64")),
)
