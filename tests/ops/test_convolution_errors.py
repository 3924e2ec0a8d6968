"""What CONV_2D and DEPTHWISE_CONV_2D refuse, and what the message says."""

from typing import Any

import numpy as np
import pytest

from minilite.errors import ModelError, UnsupportedError
from minilite.format.enums import TensorType
from minilite.format.options.convolution import Conv2DOptions, DepthwiseConv2DOptions
from minilite.program import bind
from tests.conformance.case import OneOp, Operand, one_op

from .refusals import assert_refused

BIAS_TYPES = {"float32": "float32", "int16": "int64"}


def operand(kind: str, shape: tuple[int, ...], scale: Any = 0.5, zero_point: int = 0) -> Operand:
    """Constant ones, quantized unless float."""
    data = np.ones(shape)
    return Operand(kind, shape, data, *(() if kind == "float32" else (scale, zero_point)), constant=True)


def model(op: str, options: Any, kind: str = "float32", **replaced: Any) -> OneOp:
    """x [1,4,4,2], three units of 2x2 (or three outputs for each channel), with what `replaced` names changed."""
    w_kind = "int8" if kind == "int16" else kind
    w_shape = (3, 2, 2, 2) if op == "CONV_2D" else (1, 2, 2, 6)
    units = 3 if op == "CONV_2D" else 6
    operands = {
        "x": operand(kind, (1, 4, 4, 2))._replace(constant=False),
        "w": operand(w_kind, w_shape),
        "b": operand(BIAS_TYPES.get(kind, "int32"), (units,), 0.25),
        "y": operand(kind, (1, 4, 4, units))._replace(constant=False),
    }
    operands |= replaced
    y = operands.pop("y")
    return one_op(op, options, list(operands.values()), [y])


def conv(**options: Any) -> Conv2DOptions:
    return Conv2DOptions(**{"stride_h": 1, "stride_w": 1, **options})


def depthwise(**options: Any) -> DepthwiseConv2DOptions:
    return DepthwiseConv2DOptions(**{"stride_h": 1, "stride_w": 1, "depth_multiplier": 3, **options})


CONV: list[tuple[str, Any, str, dict[str, Any]]] = [
    ("the stride over rows is 0", conv(stride_h=0), "float32", {}),
    ("the dilation over columns is -1", conv(dilation_w_factor=-1), "float32", {}),
    ("the window reaches over 6 columns, the image has 4", conv(padding=1, dilation_w_factor=5), "float32", {}),
    ("a window of 0 rows cannot slide over 4", conv(), "float32", {"w": operand("float32", (3, 0, 2, 2))}),
    ("2 channels are no multiple of the depth 3", conv(), "float32", {"w": operand("float32", (3, 2, 2, 3))}),
    ("2 channels are no multiple of the depth 0", conv(), "float32", {"w": operand("float32", (3, 2, 2, 0))}),
    ("3 units cannot be shared by 2 groups", conv(), "float32", {"w": operand("float32", (3, 2, 2, 1))}),
    ("u is 3 in an operand before it", conv(), "float32", {"b": operand("float32", (4,))}),
    ("int8 weights need a zero point of 0", conv(), "int8", {"w": operand("int8", (3, 2, 2, 2), 0.5, 1)}),
    ("2 scales of w for 3 output channels", conv(), "int8", {"w": operand("int8", (3, 2, 2, 2), [0.5, 0.25])}),
    ("the bias needs a zero point of 0", conv(), "int8", {"b": operand("int32", (3,), 0.25, 5)}),
    ("is not a finite number", conv(), "int8", {"y": operand("int8", (1, 4, 4, 3), 0.0)}),
    ("difference of 0.1 output steps", conv(), "uint8", {"b": operand("int32", (3,), 0.3)}),
    ("the bias has scale 0, the products 0.25", conv(), "uint8", {"b": operand("int32", (3,), None)}),
    ("the zero point of y is 3", conv(), "int16", {"y": operand("int16", (1, 4, 4, 3), 0.5, 3)}),
    ("exponent 8, at most 7 fits", conv(), "int16", {"y": operand("int16", (1, 4, 4, 3), 2.0**-9)}),
    ("int16 activations needs the option quantized_bias_type INT32", conv(), "int16", {"b": operand("int32", (3,))}),
    ("INT32, the bias is int64", conv(quantized_bias_type=TensorType.INT32), "int16", {}),
]
DEPTHWISE: list[tuple[str, Any, str, dict[str, Any]]] = [
    ("the stride over columns is 0", depthwise(stride_w=0), "float32", {}),
    ("2 filters along their first axis", depthwise(), "float32", {"w": operand("float32", (2, 2, 2, 6))}),
    ("5 outputs are no multiple of 2 channels", depthwise(), "float32", {"w": operand("float32", (1, 2, 2, 5))}),
    ("depth_multiplier is 0, the shapes say 3", depthwise(depth_multiplier=0), "int16", {}),
    ("int8 weights need a zero point of 0", depthwise(), "int8", {"w": operand("int8", (1, 2, 2, 6), 0.5, 1)}),
    ("difference of 0.1 output steps", depthwise(), "uint8", {"b": operand("int32", (6,), 0.3)}),
]


@pytest.mark.parametrize(("message", "options", "kind", "replaced"), CONV)
def test_conv_2d_refuses(message: str, options: Any, kind: str, replaced: dict[str, Any]) -> None:
    assert_refused(model("CONV_2D", options, kind, **replaced), ModelError, message)


@pytest.mark.parametrize(("message", "options", "kind", "replaced"), DEPTHWISE)
def test_depthwise_conv_2d_refuses(message: str, options: Any, kind: str, replaced: dict[str, Any]) -> None:
    if replaced.get("w") and replaced["w"].shape[3] == 5:
        replaced = {**replaced, "b": operand("float32", (5,))}
    assert_refused(model("DEPTHWISE_CONV_2D", options, kind, **replaced), ModelError, message)


@pytest.mark.parametrize(
    ("op", "options", "shape", "units"),
    [("CONV_2D", conv(), (3, 2, 2, 2), 3), ("DEPTHWISE_CONV_2D", depthwise(), (1, 2, 2, 6), 6)],
)
def test_hybrid_weights_need_one_scale_or_one_per_channel(op: str, options: Any, shape: Any, units: int) -> None:
    bias, w = operand("float32", (units,)), operand("int8", shape, [0.5, 0.25])._replace(axis=1)
    assert_refused(model(op, options, w=w, b=bias), ModelError, f"2 scales of w for {units} output channels")


@pytest.mark.parametrize("kind", ["float32", "int8", "uint8", "int16"])
def test_the_model_with_nothing_replaced_is_fine(kind: str) -> None:
    bind(model("CONV_2D", conv(), kind).graph)
    bind(model("DEPTHWISE_CONV_2D", depthwise(), kind).graph)


def test_an_int32_bias_of_an_int16_depthwise_convolution_has_no_kernel() -> None:
    example = model("DEPTHWISE_CONV_2D", depthwise(), "int16", b=operand("int32", (6,)))
    assert_refused(example, UnsupportedError, "no kernel for x int16, w int8, b int32")
