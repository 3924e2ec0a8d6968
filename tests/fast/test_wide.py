"""int16x8 and hybrid products against the definitions, with sizes below, at and beyond a block."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minilite.fast.products import POINT
from minilite.fast.wide import WideProblem, make_loop
from minilite.format.options.convolution import DepthwiseConv2DOptions
from minilite.format.options.dense import FullyConnectedOptions
from minilite.numerics.affine import Range
from minilite.numerics.fixed_point import wrap_int32
from minilite.numerics.rescale import make_rescale
from minilite.program import bind
from tests.conformance.case import Operand, one_op

from .test_windows import assert_engines_agree

pytest.importorskip("numba", reason="numba is not installed")
SIZES = st.tuples(st.integers(1, 14), st.integers(1, 70), st.integers(1, 150))
RULES = st.sampled_from(["int16-multiplier", "double", "half-up"])


@settings(max_examples=30)
@given(SIZES, RULES, st.booleans(), st.integers(0, 999))
def test_int16_products_equal_numpy(sizes: tuple[int, int, int], rule: str, wraps: bool, seed: int) -> None:
    random, (m, k, n) = np.random.default_rng(seed), sizes
    x = random.choice([random.integers(-(2**15), 2**15, (m, k)), np.full((m, k), -(2**15))]).astype(np.int16)
    w = random.integers(-128, 128, (n, k)).astype(np.int8)
    bias = random.integers(-(2**31), 2**31, n) >> random.integers(0, 20)
    rescale = make_rescale(rule, random.uniform(1e-6, random.choice([1e-4, 0.9]), n))
    sums = x.astype(np.int64) @ w.T.astype(np.int64) + bias
    codes = Range(-(2**15), 2**15 - 1)
    expected = codes.clamp(rescale(wrap_int32(sums) if wraps else sums))
    windows = POINT, POINT._replace(output=m)
    loop = make_loop(WideProblem((1, 1, m, k), windows, w[:, None], bias, wraps, rescale, 0, codes), (m, n))
    assert loop is not None
    assert np.array_equal(loop.run([x])[0], expected)


@settings(max_examples=30)
@given(SIZES, st.booleans(), st.sampled_from([0, 1, 3]), st.booleans(), st.integers(0, 999))
def test_hybrid_products(
    sizes: tuple[int, int, int], asymmetric: bool, activation: int, per_unit: bool, seed: int
) -> None:
    random, (m, k, n) = np.random.default_rng(seed), sizes
    x = Operand("float32", (m, k), random.normal(size=(m, k)) * (random.random((m, 1)) > 0.2))
    scale = random.uniform(0.001, 1, n if per_unit else 1)
    w = Operand("int8", (n, k), random.integers(-127, 128, (n, k)), scale, np.zeros(len(scale)), constant=True)
    b = Operand("float32", (n,), random.normal(size=n), constant=True)
    options = FullyConnectedOptions(fused_activation_function=activation, asymmetric_quantize_inputs=asymmetric)
    assert_engines_agree(one_op("FULLY_CONNECTED", options, [x, w, b], [Operand("float32", (m, n))]))


@settings(max_examples=40)
@given(
    st.tuples(st.integers(1, 2), st.sampled_from([1, 3, 8, 20]), st.sampled_from([1, 3, 8, 20])),
    st.sampled_from([1, 3, 16, 50, 130]),
    st.sampled_from([1, 1, 2, 3]),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(0, 1),
    st.integers(0, 999),
)
def test_int16_depthwise_convolutions(
    image: tuple[int, int, int],
    channels: int,
    multiplier: int,
    taps: tuple[int, int],
    stride: int,
    dilation: int,
    padding: int,
    seed: int,
) -> None:
    random, units = np.random.default_rng(seed), channels * multiplier
    reach = [(size - 1) * dilation + 1 for size in taps]
    if padding == 1 and any(length < size for length, size in zip(image[1:], reach, strict=True)):
        padding = 0
    lengths = [-(-(length - (size - 1) * padding) // stride) for length, size in zip(image[1:], reach, strict=True)]
    x_shape, w_shape, y_shape = (*image, channels), (1, *taps, units), (image[0], *lengths, units)
    x_data = random.choice([random.integers(-(2**15), 2**15, x_shape), np.full(x_shape, -(2**15))])
    x = Operand("int16", x_shape, x_data, 0.01, 0)
    w_scale = random.uniform(0.001, 0.1, units)
    w = Operand("int8", w_shape, random.integers(-127, 128, w_shape), w_scale, np.zeros(units), 3, constant=True)
    bias = random.integers(-(2**40), 2**40, units) >> random.integers(0, 30)
    b = Operand("int64", (units,), bias, 0.01 * w_scale, np.zeros(units), constant=True)
    y = Operand("int16", y_shape, None, float(random.choice([0.003, 1.0, 30.0])), 0)
    settings = {"stride_w": stride, "stride_h": stride, "padding": padding, "depth_multiplier": multiplier}
    options = DepthwiseConv2DOptions(**settings, dilation_w_factor=dilation, dilation_h_factor=dilation)
    example = one_op("DEPTHWISE_CONV_2D", options, [x, w, b], [y])
    assert bind(example.graph, engine="jit").steps[0].task.loop is not None
    assert_engines_agree(example)
