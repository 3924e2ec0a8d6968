"""Convolutions and sums of 8-bit codes: compiled loops against the definitions, around the edges of their blocks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minilite.fast.add_sub import Numbers
from minilite.format.options.arithmetic import AddOptions, SubOptions
from minilite.format.options.convolution import Conv2DOptions, DepthwiseConv2DOptions
from minilite.interpreter import evaluate
from minilite.program import bind
from tests.conformance.case import OneOp, Operand, one_op

pytest.importorskip("numba", reason="numba is not installed")
SIZES = st.sampled_from([1, 2, 3, 5, 7, 8, 13, 20])
CHANNELS = st.sampled_from([1, 2, 3, 8, 15, 16, 17, 24, 32, 33, 64, 65, 130])
ZERO = st.sampled_from([0, 1, 127, 128, 254, 255])  # of codes counted from the lowest


def assert_engines_agree(example: OneOp) -> None:
    """The same codes from both engines, to the last one."""
    made = [evaluate(bind(example.graph, engine=engine), example.inputs) for engine in ("numpy", "jit")]
    (output,) = example.graph.main.outputs
    assert made[0][output].tobytes() == made[1][output].tobytes()


@st.composite
def convolution(draw: st.DrawFn) -> OneOp:
    kind, is_depthwise = draw(st.sampled_from(["int8", "uint8"])), draw(st.booleans())
    random = np.random.default_rng(draw(st.integers(0, 999)))
    lowest = -128 if kind == "int8" else 0
    channels, units = draw(CHANNELS), draw(CHANNELS)
    shape = (draw(st.integers(1, 2)), draw(SIZES), draw(SIZES), channels)
    taps = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    multiplier = draw(st.sampled_from([1, 1, 1, 2, 3])) if is_depthwise else 1
    units = channels * multiplier if is_depthwise else units
    w_shape = (1, *taps, units) if is_depthwise else (units, *taps, channels)
    stride, dilation = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    settings = {"padding": 0, "stride_w": stride, "stride_h": stride}
    settings |= {"dilation_w_factor": dilation, "dilation_h_factor": dilation}
    settings |= {"fused_activation_function": draw(st.sampled_from([0, 1, 3]))}
    options = (
        DepthwiseConv2DOptions(**settings, depth_multiplier=multiplier) if is_depthwise else Conv2DOptions(**settings)
    )
    x = Operand(kind, shape, random.integers(lowest, lowest + 256, shape), 0.5, draw(ZERO) + lowest)
    w_zero = draw(ZERO) if kind == "uint8" else 0
    limits = (-127, 128) if kind == "int8" else (0, 256)
    w = Operand(kind, w_shape, random.integers(*limits, w_shape), 0.01, w_zero, constant=True)
    reach = draw(st.sampled_from([500, 2**31 - 1]))
    b = Operand("int32", (units,), random.integers(-reach, reach, units), 0.005, 0, constant=True)
    output = (shape[0], -(-shape[1] // stride), -(-shape[2] // stride), units)
    y = Operand(kind, output, None, draw(st.sampled_from([0.003, 0.3, 1.0, 8.0])), draw(ZERO) + lowest)
    return one_op("DEPTHWISE_CONV_2D" if is_depthwise else "CONV_2D", options, [x, w, b], [y])


@settings(max_examples=150)
@given(convolution())
def test_convolutions(example: OneOp) -> None:
    assert_engines_agree(example)


@settings(max_examples=50)
@given(st.sampled_from(["int8", "uint8"]), SIZES, CHANNELS, ZERO, ZERO, st.integers(0, 999))
def test_sums(kind: str, rows: int, channels: int, a_zero: int, y_zero: int, seed: int) -> None:
    random, lowest = np.random.default_rng(seed), -128 if kind == "int8" else 0
    shape, scales = (1, rows, channels), random.uniform(0.01, 2, 3)
    a, b = (
        Operand(kind, shape, random.integers(lowest, lowest + 256, shape), scale, a_zero + lowest)
        for scale in scales[:2].tolist()
    )
    y = Operand(kind, shape, None, float(scales[2]), y_zero + lowest)
    assert_engines_agree(one_op("ADD", AddOptions(), [a, b], [y]))


@settings(max_examples=60)
@given(
    st.sampled_from(["ADD", "SUB"]),
    st.sampled_from(["int8", "uint8"]),
    st.tuples(*[st.one_of(st.floats(-9, 0).map(np.exp), st.sampled_from([0.25, 0.5, 1.0, 2.0]))] * 3),
    st.tuples(ZERO, ZERO, ZERO),
)
def test_sums_of_all_pairs_of_codes(op: str, kind: str, scales: tuple[float, ...], zeros: tuple[int, ...]) -> None:
    """Many are near a tie, with these scales or exactly at one, and few are: estimates must tell them apart."""
    lowest = -128 if kind == "int8" else 0
    pairs = np.indices((256, 256)).reshape(2, -1) + lowest
    a, b, y = (
        Operand(kind, (256 * 256,), codes, float(scale), zero + lowest)
        for codes, scale, zero in zip([*pairs, None], scales, zeros, strict=True)
    )
    y = y._replace(scale=max(y.scale, max(a.scale, b.scale) / 64))
    assert_engines_agree(one_op(op, AddOptions() if op == "ADD" else SubOptions(), [a, b], [y]))


@pytest.mark.parametrize(("scale", "is_estimated"), [(1.0, True), (2.0**-14, False)])
def test_sums_are_estimated_where_few_are_doubtful(scale: float, is_estimated: bool) -> None:
    operands = [Operand("int8", (64,), np.zeros(64, np.int8), one, 3) for one in (1.0, scale)]
    example = one_op("ADD", AddOptions(), operands, [Operand("int8", (64,), None, scale, -5)])
    (step,) = bind(example.graph, engine="jit").steps
    loop = step.task.loop
    assert loop is not None
    assert (Numbers(*loop.numbers).fraction > 0) == is_estimated
