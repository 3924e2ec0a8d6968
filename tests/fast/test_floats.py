"""Float convolutions: the same bits as the definitions, whatever the sizes and values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minilite.format.options.convolution import Conv2DOptions, DepthwiseConv2DOptions
from tests.conformance.case import OneOp, Operand, one_op

from .test_windows import CHANNELS, SIZES, assert_engines_agree

pytest.importorskip("numba", reason="numba is not installed")
SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e38, 1e-45], np.float32)


@st.composite
def convolution(draw: st.DrawFn) -> OneOp:
    is_depthwise, random = draw(st.booleans()), np.random.default_rng(draw(st.integers(0, 999)))
    channels = draw(CHANNELS)
    units = channels if is_depthwise else draw(CHANNELS)
    shape = (draw(st.integers(1, 2)), draw(SIZES), draw(SIZES), channels)
    taps = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    w_shape = (1, *taps, units) if is_depthwise else (units, *taps, channels)
    stride, dilation = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    settings = {"padding": 0, "stride_w": stride, "stride_h": stride}
    settings |= {"dilation_w_factor": dilation, "dilation_h_factor": dilation}
    settings |= {"fused_activation_function": draw(st.sampled_from([0, 1, 3]))}
    options = DepthwiseConv2DOptions(**settings, depth_multiplier=1) if is_depthwise else Conv2DOptions(**settings)
    values, weights = (random.normal(size=size).astype(np.float32) for size in (shape, w_shape))
    for array in (values, weights):
        if draw(st.integers(0, 3)) == 0:
            array.reshape(-1)[random.integers(0, array.size, 3)] = random.choice(SPECIAL, 3)
    x, w = Operand("float32", shape, values), Operand("float32", w_shape, weights, constant=True)
    b = Operand("float32", (units,), random.normal(size=units).astype(np.float32), constant=True)
    output = (shape[0], -(-shape[1] // stride), -(-shape[2] // stride), units)
    y = Operand("float32", output, None)
    return one_op("DEPTHWISE_CONV_2D" if is_depthwise else "CONV_2D", options, [x, w, b], [y])


@settings(max_examples=120)
@given(convolution())
def test_convolutions(example: OneOp) -> None:
    assert_engines_agree(example)
