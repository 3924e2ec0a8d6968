"""Transposed convolutions: compiled loops against the definitions, with any stride, window and number of channels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minilite.fast.calls import loop_calls
from minilite.format.enums import TensorType
from minilite.format.options.convolution import TransposeConvOptions
from minilite.interpreter import evaluate
from minilite.numerics.geometry import SAME, slide
from minilite.program import bind
from tests.conformance.case import OneOp, Operand, one_op

from .test_windows import CHANNELS, ZERO, assert_engines_agree

pytest.importorskip("numba", reason="numba is not installed")
SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e38, 1e-45], np.float32)
KINDS = {  # the types of x, w, b
    "int8": ("int8", "int8", "int32"),
    "uint8": ("uint8", "uint8", "int32"),
    "float32": ("float32", "float32", "float32"),
    "hybrid": ("float32", "int8", "float32"),
    "int16": ("int16", "int8", "int64"),
    "int16 with int32": ("int16", "int8", "int32"),
}


def operand(draw: st.DrawFn, kind: str, shape: tuple[int, ...], scale: float, is_symmetric: bool = False) -> Operand:
    """A tensor with any codes, a zero point unless it is symmetric, or with float numbers, some of them special."""
    random = np.random.default_rng(draw(st.integers(0, 999)))
    if kind == "float32":
        values = random.normal(size=shape).astype(np.float32)
        if draw(st.integers(0, 3)) == 0:
            values.reshape(-1)[random.integers(0, values.size, 3)] = random.choice(SPECIAL, 3)
        return Operand(kind, shape, values)
    limits = np.iinfo(kind)
    zero_point = 0 if is_symmetric else draw(ZERO) + limits.min
    values = random.integers(max(limits.min, -limits.max) if is_symmetric else limits.min, limits.max + 1, shape)
    return Operand(kind, shape, values, scale, zero_point)


def bias(draw: st.DrawFn, kind: str, units: int) -> Operand:
    random, reach = np.random.default_rng(draw(st.integers(0, 999))), draw(st.sampled_from([500, 2**31 - 1]))
    if kind == "float32":
        return Operand(kind, (units,), random.normal(size=units).astype(np.float32), constant=True)
    return Operand(kind, (units,), random.integers(-reach, reach, units), 0.005, 0, constant=True)


@st.composite
def transposed(draw: st.DrawFn, kind: str) -> OneOp:
    padding, (x_kind, w_kind, b_kind) = draw(st.integers(0, 1)), KINDS[kind]
    sizes, strides = draw(st.tuples(*[st.integers(1, 5)] * 2)), draw(st.tuples(*[st.integers(1, 4)] * 2))
    lengths = [draw(st.integers(1 if padding == SAME else size, 15)) for size in sizes]
    windows = [slide(length, *axis, 1, padding) for length, *axis in zip(lengths, sizes, strides, strict=True)]
    batch, channels, units = draw(st.integers(1, 2)), draw(CHANNELS), draw(CHANNELS)
    options = TransposeConvOptions(
        padding=padding,
        stride_h=strides[0],
        stride_w=strides[1],
        fused_activation_function=draw(st.sampled_from([0, 1, 3])),
        quantized_bias_type=TensorType.INT32 if kind == "int16 with int32" else TensorType.FLOAT32,
    )
    x = operand(draw, x_kind, (batch, *[window.output for window in windows], channels), 0.5, x_kind == "int16")
    w = operand(draw, w_kind, (units, *sizes, channels), 0.01, w_kind == "int8")._replace(constant=True)
    y = operand(draw, x_kind, (batch, *lengths, units), draw(st.sampled_from([0.003, 0.3, 8.0])), x_kind == "int16")
    shape = Operand("int32", (4,), np.array(y.shape), constant=True)
    given_bias = [bias(draw, b_kind, units)] if draw(st.booleans()) else []
    return one_op("TRANSPOSE_CONV", options, [shape, w, x, *given_bias], [y._replace(data=None)], version=5)


@pytest.mark.parametrize("kind", KINDS)
def test_transposed_convolutions(kind: str) -> None:
    @settings(max_examples=60)
    @given(transposed(kind))
    def check(example: OneOp) -> None:
        assert_engines_agree(example)

    check()


def test_fused_sums() -> None:
    @settings(max_examples=60)
    @given(transposed("float32"))
    def check(example: OneOp) -> None:
        (output,) = example.graph.main.outputs
        expected, made = (
            evaluate(bind(example.graph, engine=engine, kernels="xnnpack"), example.inputs)[output]
            for engine in ("numpy", "jit")
        )
        assert np.array_equal(made, expected, equal_nan=True)
        assert np.array_equal(np.signbit(made[made == 0]), np.signbit(expected[expected == 0]))

    check()


@pytest.mark.parametrize("kind", ["int8", "float32"])
def test_threads_have_parts_of_it(kind: str) -> None:
    @settings(max_examples=30)
    @given(transposed(kind), st.integers(2, 4))
    def check(example: OneOp, threads: int) -> None:
        program, (output,) = bind(example.graph, engine="jit"), example.graph.main.outputs
        task, arrays = program.steps[0].task, {**program.constants, **example.inputs}
        if task.loop is None:
            return  # weights that are not finite
        expected = evaluate(program, example.inputs)[output]
        y, scratch = np.empty_like(expected), [np.empty(task.loop.scratch, np.uint8) for _ in range(threads)]
        operands = [arrays.get(index) for index in task.operands]
        for loop in (task.loop, *task.loop.more):
            with np.errstate(all="ignore"):
                for call in loop_calls(loop, operands, y, scratch):
                    call.run()
        assert y.tobytes() == expected.tobytes()

    check()
