"""Element-wise loops for codes of any type: more elements than a chunk has, whole blocks and what is left over."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minilite.format.options.activation import LeakyReluOptions, SoftmaxOptions
from minilite.format.options.arithmetic import AddOptions, MulOptions, ReducerOptions, SubOptions
from minilite.format.options.convolution import Pool2DOptions
from minilite.interpreter import evaluate
from minilite.program import bind
from tests.conformance.case import OneOp, Operand, one_op

pytest.importorskip("numba", reason="numba is not installed")
SIZES = st.sampled_from([1, 7, 8, 15, 16, 17, 100, 255, 256, 257, 300, 513, 1030])
SETS = st.sampled_from(["reference", "optimized", "xnnpack"])
SEEDS = st.integers(0, 999)
SCALES = (0.001, 0.0173, 2.0**-7, 0.4)


def assert_loop_agrees(example: OneOp, kernels: str, is_sure: bool = True) -> None:
    """The same bytes from both engines, the compiled one by a loop where there `is_sure` to be one."""
    programs = [bind(example.graph, kernels=kernels, engine=engine) for engine in ("numpy", "jit")]
    assert not is_sure or programs[1].steps[0].task.loop is not None
    made = [evaluate(program, example.inputs)[example.graph.main.outputs[0]] for program in programs]
    assert made[0].tobytes() == made[1].tobytes()


def codes(kind: str, shape: tuple[int, ...], random: Any, scale: Any = None) -> Operand:
    """Random codes, many of them at the rails, of a scale and a zero point."""
    low, high = np.iinfo(kind).min, np.iinfo(kind).max
    values = random.choice([random.integers(low, high + 1, shape), np.full(shape, low), np.full(shape, high)])
    zero = 0 if kind == "int16" else int(random.choice([low, high, random.integers(low, high + 1)]))
    return Operand(kind, shape, values, float(random.choice(SCALES)) if scale is None else scale, zero)


def reals(shape: tuple[int, ...], scale: float, random: Any) -> Operand:
    """Random numbers, many of them half-way between codes, some beyond all codes or none at all."""
    halves = random.integers(-70000, 70000, shape) * np.float32(scale) / 2
    odd = random.choice([np.nan, np.inf, -np.inf, 1e30, -1e30, -0.0], shape)
    return Operand("float32", shape, np.where(random.random(shape) < 0.1, odd, halves))


def result(operand: Operand) -> Operand:
    """The same type and quantization, with no value."""
    return operand._replace(data=None)


@settings(max_examples=40)
@given(st.sampled_from(["int8", "uint8", "int16"]), SIZES, SETS, SEEDS)
def test_quantize_and_dequantize(kind: str, size: int, kernels: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    coded = codes(kind, (size,), random)
    real = reals((size,), coded.scale, random)
    assert_loop_agrees(one_op("QUANTIZE", None, [real], [result(coded)]), kernels)
    assert_loop_agrees(one_op("DEQUANTIZE", None, [coded], [result(real)]), kernels)


@settings(max_examples=40)
@given(st.sampled_from(["int8 int8", "int8 int16", "int16 int8", "int16 int16", "int32 int8"]), SIZES, SETS, SEEDS)
def test_codes_of_another_scale(kinds: str, size: int, kernels: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    x, y = (codes(kind, (size,), random) for kind in kinds.split())
    assert_loop_agrees(one_op("QUANTIZE", None, [x], [result(y)]), kernels)


@settings(max_examples=40)
@given(st.sampled_from(["ADD", "SUB", "MUL"]), SIZES, st.sampled_from([0, 1, 3]), st.booleans(), SETS, SEEDS)
def test_pairs(op: str, size: int, repeats: int, swapped: bool, kernels: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    options = {"ADD": AddOptions, "SUB": SubOptions, "MUL": MulOptions}[op]()
    shape = (max(repeats, 1), size)
    long, short = codes("int16", shape, random), codes("int16", shape[1:] if repeats else shape, random)
    operands = [short, long] if swapped else [long, short]
    powers = random.random() < 0.3 and not repeats and op != "MUL"  # a kernel of its own
    if powers:
        operands = [operand._replace(scale=scale) for operand, scale in zip(operands, (2.0**-9, 2.0**-7), strict=True)]
    y = codes("int16", shape, random, 2.0**-7 if powers else None)
    assert_loop_agrees(one_op(op, options, operands, [result(y)]), kernels)


@settings(max_examples=20)
@given(SIZES, SEEDS)
def test_sums_in_blocks_to_the_last_bit(size: int, seed: int) -> None:
    """So small a step of y that a bit which vector code drops shows."""
    random = np.random.default_rng(seed)
    a = Operand("int16", (size,), random.integers(-(2**15), 2**15, size), 1.37e-6, 0)
    b = Operand("int16", (size,), random.integers(-3, 4, size), 0.4, 0)
    y = Operand("int16", (size,), None, 5e-5, 0)
    assert_loop_agrees(one_op("ADD", AddOptions(), [a, b], [y]), "optimized")


@settings(max_examples=40)
@given(
    st.sampled_from(["ADD", "MUL"]), st.sampled_from(["int8", "uint8"]), st.sampled_from([8, 16, 17, 64]), SETS, SEEDS
)
def test_bytes_in_runs(op: str, kind: str, size: int, kernels: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    a, b, y = (codes(kind, shape, random) for shape in ((3, size), (size,), (3, size)))
    options = {"ADD": AddOptions, "MUL": MulOptions}[op]()
    assert_loop_agrees(one_op(op, options, [a, b], [result(y)]), kernels, is_sure=False)


@settings(max_examples=40)
@given(st.sampled_from(["int8", "uint8", "int16", "float32"]), SIZES, st.sampled_from([0, 1, 3]), SEEDS)
def test_prelu(kind: str, size: int, repeats: int, seed: int) -> None:
    random, shape = np.random.default_rng(seed), (max(repeats, 1), size)
    alpha_shape = shape[1:] if repeats else shape
    if kind == "float32":
        x, alpha = reals(shape, 0.01, random), reals(alpha_shape, 0.01, random)
        y = result(x)
    else:
        alpha = codes("int8" if kind == "int16" else kind, alpha_shape, random)
        x, y = codes(kind, shape, random), result(codes(kind, shape, random))
    assert_loop_agrees(one_op("PRELU", None, [x, alpha], [y]), "reference")


@settings(max_examples=20)
@given(SIZES, st.sampled_from([0.1, -1.7, 0.0]), SETS, SEEDS)
def test_leaky_relu(size: int, alpha: float, kernels: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    x, y = (codes("int16", (size,), random) for _ in range(2))
    assert_loop_agrees(one_op("LEAKY_RELU", LeakyReluOptions(alpha=alpha), [x], [result(y)]), kernels)


@pytest.mark.parametrize("kernels", ["reference", "optimized"])
@pytest.mark.parametrize("scale", [2.0**-12, 2.0**-11, 2.0**-10, 0.00371, 1e-7, 1000.0])
@pytest.mark.parametrize("op", ["LOGISTIC", "TANH"])
def test_every_code_of_a_curve(op: str, scale: float, kernels: str) -> None:
    every = np.arange(-(2**15), 2**15)
    x = Operand("int16", every.shape, every, scale, 0)
    y = Operand("int16", every.shape, None, 2.0**-15, 0)
    assert_loop_agrees(one_op(op, None, [x], [y]), kernels)


@settings(max_examples=30)
@given(st.sampled_from(["MAX_POOL_2D", "AVERAGE_POOL_2D"]), st.sampled_from([1, 3, 16, 70]), st.booleans(), SEEDS)
def test_pools(op: str, channels: int, is_same: bool, seed: int) -> None:
    random = np.random.default_rng(seed)
    x = codes("int16", (2, 5, 7, channels), random)
    lengths = (3, 4) if is_same else (2, 3)
    options = Pool2DOptions(
        padding=int(not is_same), stride_w=2, stride_h=2, filter_width=3, filter_height=2, fused_activation_function=1
    )
    assert_loop_agrees(one_op(op, options, [x], [x._replace(shape=(2, *lengths, channels), data=None)]), "reference")


@settings(max_examples=30)
@given(st.sampled_from([1, 2, 17, 256, 300]), st.integers(0, 2), st.integers(1, 3), SEEDS)
def test_means(inner: int, first: int, count: int, seed: int) -> None:
    random, shape = np.random.default_rng(seed), (3, 4, 5, inner)
    x, axes = codes("int16", shape, random), [axis for axis in range(4) if first <= axis < first + count]
    kept = tuple(length for axis, length in enumerate(shape) if axis not in axes)
    y = codes("int16", kept, random)
    indices = Operand("int32", (len(axes),), axes, constant=True)
    assert_loop_agrees(one_op("MEAN", ReducerOptions(keep_dims=False), [x, indices], [result(y)]), "reference")


@settings(max_examples=30)
@given(st.sampled_from(["int8", "uint8"]), st.sampled_from([1, 15, 16, 17, 40, 300]), SEEDS)
def test_means_of_images_in_blocks_of_channels(kind: str, channels: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    low = np.iinfo(kind).min
    x = Operand(kind, (2, 2, 4, channels), random.integers(low, low + 256, (2, 2, 4, channels)), 0.5, low + 128)
    y = x._replace(shape=(2, 1, 1, channels))  # of the same scale, which makes exact ties
    axes = Operand("int32", (2,), [1, 2], constant=True)
    assert_loop_agrees(one_op("MEAN", ReducerOptions(keep_dims=True), [x, axes], [result(y)]), "optimized")


@settings(max_examples=30)
@given(st.integers(1, 4), SIZES, st.sampled_from([0.0001, 0.001, 0.3]), SEEDS)
def test_softmax(rows: int, depth: int, scale: float, seed: int) -> None:
    x = codes("int16", (rows, depth), np.random.default_rng(seed), scale)
    assert_loop_agrees(one_op("SOFTMAX", SoftmaxOptions(beta=1.0), [x], [result(x)._replace(scale=2.0**-15)]), "tflm")
