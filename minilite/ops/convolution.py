"""What CONV_2D, DEPTHWISE_CONV_2D and TRANSPOSE_CONV share: their windows, and the plans of a node.

Follows tflite/kernels/padding.h and PopulateConvolutionQuantizationParams in tflite/kernels/kernel_util.cc.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from minilite.format.enums import TensorType
from minilite.numerics.activation import activation_reals
from minilite.numerics.affine import Range
from minilite.numerics.geometry import Window, slide
from minilite.numerics.rescale import Rescale, make_rescale

from .call import Call
from .multiplier import output_codes, real_multiplier

LARGEST_BIAS_ERROR = 0.02  # of an output step, for each step of the bias; upstream refuses a uint8 node beyond it
LARGEST_INT16_EXPONENT = 7  # upstream assumes it of a 64-bit accumulator's multiplier

Slide: TypeAlias = Callable[[Call[Any]], tuple[Window, Window]]


class Plan(NamedTuple):
    """The constants of a quantized node."""

    rows: Window
    columns: Window
    x_zero: int
    w_zero: int
    y_zero: int
    rescale: Rescale  # one multiplier, or one per output channel
    codes: Range
    accumulator: np.dtype[Any]
    dtype: np.dtype[Any]


def windows(call: Call[Any]) -> tuple[Window, Window]:
    """The windows of w [?,i,j,?] over the rows and the columns of x [n,h,w,c].

    Raises ModelError for strides, dilations and lengths below 1, and for a window too large for VALID padding.
    """
    options = call.options
    steps = (
        ("rows", 1, options.stride_h, options.dilation_h_factor),
        ("columns", 2, options.stride_w, options.dilation_w_factor),
    )
    found = []
    for what, axis, stride, dilation in steps:
        length, size = call["x"].shape[axis], call["w"].shape[axis]
        call.require(stride > 0, f"the stride over {what} is {stride}, expected 1 or more")
        call.require(dilation > 0, f"the dilation over {what} is {dilation}, expected 1 or more")
        call.require(length > 0 and size > 0, f"a window of {size} {what} cannot slide over {length}")
        window = slide(length, size, stride, dilation, options.padding)
        reach = (size - 1) * dilation + 1
        call.require(window.output >= 0, f"the window reaches over {reach} {what}, the image has {length}")
        found.append(window)
    return found[0], found[1]


def plan_int8(call: Call[Any], slide_over: Slide = windows) -> Plan:
    """int8 activations and weights, one scale or one per output channel."""
    require_symmetric_weights(call)
    return _plan(call, real_multiplier(call), 0, np.dtype(np.int32), slide_over)


def plan_uint8(call: Call[Any], slide_over: Slide = windows) -> Plan:
    """uint8 activations and weights. Raises ModelError when the bias has another scale than the products."""
    x, w, y, b = call["x"], call["w"], call["y"], call.optional("b")
    if b is not None:
        affine = b.tensor.quantization
        b_scale = 0.0 if affine is None or affine.scale.size != 1 else float(affine.scale.flat[0])
        products = float(x.scale) * float(w.scale)
        off = abs(products - b_scale) / float(y.scale)
        call.require(
            off <= LARGEST_BIAS_ERROR,
            f"the bias has scale {b_scale:.9g}, the products {products:.9g}: a difference of {off:.3g} output steps, "
            f"at most {LARGEST_BIAS_ERROR} are allowed",
        )
    return _plan(call, real_multiplier(call, float32_product=True), w.zero_point, np.dtype(np.int32), slide_over)


def is_wide(call: Call[Any]) -> bool:
    """Whether int16 activations take 64-bit accumulators: a bias tells, without one the option does."""
    return call.optional("b") is not None or call.options.quantized_bias_type != TensorType.INT32


def is_narrow(call: Call[Any]) -> bool:
    """Whether int16 activations take 32-bit accumulators: a bias tells, without one the option does."""
    return call.optional("b") is not None or call.options.quantized_bias_type == TensorType.INT32


def plan_int16_int64(call: Call[Any], slide_over: Slide = windows) -> Plan:
    """int16 activations, int8 weights, and an int64 bias or none."""
    kind = TensorType(call.options.quantized_bias_type)
    call.require(
        kind in (TensorType.FLOAT32, TensorType.INT64),
        f"quantized_bias_type is {kind.name}, the bias is int64 or left out",
    )
    return plan_int16(call, np.dtype(np.int64), slide_over)


def plan_int16_int32(call: Call[Any], slide_over: Slide = windows) -> Plan:
    """int16 activations, int8 weights, an int32 bias."""
    # The official kernel reads pairs of 32-bit biases as one of 64 bits, past the end, unless the option says INT32.
    kind = TensorType(call.options.quantized_bias_type)
    call.require(
        kind == TensorType.INT32,
        f"an int32 bias with int16 activations needs the option quantized_bias_type INT32, got {kind.name}; "
        "set it or store the bias as int64",
    )
    return plan_int16(call, np.dtype(np.int32), slide_over)


def plan_int16(call: Call[Any], accumulator: np.dtype[Any], slide_over: Slide = windows) -> Plan:
    """int16 activations, int8 weights. Raises ModelError unless all zero points are 0."""
    call.require_symmetric("x", "y")
    require_symmetric_weights(call)
    plan = _plan(call, real_multiplier(call), 0, accumulator, slide_over)
    if accumulator == np.int64:
        require_int16_exponent(call, plan.rescale)
    return plan


def require_int16_exponent(call: Call[Any], rescale: Rescale) -> None:
    """Raise ModelError unless 64-bit accumulators can be rescaled by these multipliers."""
    exponent = int(np.max(rescale.multiplier.exponent))
    call.require(
        exponent <= LARGEST_INT16_EXPONENT,
        f"the multiplier has exponent {exponent}, at most {LARGEST_INT16_EXPONENT} fits 64-bit accumulators",
    )


def require_symmetric_weights(call: Call[Any]) -> None:
    """Raise ModelError unless w has zero points of 0, and one scale or one per output channel."""
    affine, channels = call["w"].affine, call["y"].shape[-1]
    call.require(not affine.zero_point.any(), "int8 weights need a zero point of 0")
    call.require(affine.scale.size in (1, channels), f"{affine.scale.size} scales of w for {channels} output channels")


def _plan(call: Call[Any], real: Any, w_zero: int, accumulator: np.dtype[Any], slide_over: Slide) -> Plan:
    x, y, b = call["x"], call["y"], call.optional("b")
    bias = b.tensor.quantization if b is not None else None
    call.require(bias is None or not bias.zero_point.any(), "the bias needs a zero point of 0")
    call.require(bool(np.isfinite(real).all()), "the multiplier x_scale * w_scale / y_scale is not a finite number")
    rows, columns = slide_over(call)
    return Plan(
        rows=rows,
        columns=columns,
        x_zero=x.zero_point,
        w_zero=w_zero,
        y_zero=y.zero_point,
        rescale=make_rescale(call.rule, real),
        codes=output_codes(call),
        accumulator=accumulator,
        dtype=y.dtype,
    )


class FloatPlan(NamedTuple):
    """The constants of a float node."""

    rows: Window
    columns: Window
    reals: Range


def plan_float(call: Call[Any], slide_over: Slide = windows) -> FloatPlan:
    """float32 operands."""
    return FloatPlan(*slide_over(call), activation_reals(call.options.fused_activation_function))
