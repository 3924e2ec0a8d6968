"""Float products, sigmoid and tanh of the recurrent kernels against LiteRT's optimized ops, which share their code."""

from functools import reduce
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from minilite import oracle
from minilite.format.enums import LSTMKernelType
from minilite.format.options.convolution import Conv2DOptions
from minilite.format.options.dense import FullyConnectedOptions
from minilite.format.options.recurrent import LSTMOptions
from minilite.interpreter import evaluate
from minilite.numerics import eigen, eigen_product
from minilite.numerics.lanes import add_vector_product, vector_dot
from minilite.numerics.products import ordered_product
from minilite.program import bind
from tests.conformance.case import OneOp, Operand, one_op

Array = NDArray[Any]
SIZES = [(1, 1, 27), (1, 1, 64), (1, 9, 13), (5, 1, 13), (3, 2, 13), (4, 13, 27), (6, 14, 25), (9, 23, 300), (2, 8, 5)]
DEEP = [
    (4, 8, 681),
    (4, 9, 1017),
    (5, 13, 1360),
    (6, 9, 2000),
    (13, 17, 5003),
    (1, 5, 3001),
    (3, 1, 3001),
    (1, 1, 3001),
]
SOLD = (8, 12, 16, 24, 32, 48, 64, 80, 96, 128, 192)  # sizes of first-level data caches, in KiB
GENERATOR = np.random.default_rng(5)


def product_of_litert(x: Array, w: Array) -> Array:
    """x @ w.T by FULLY_CONNECTED."""
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    y = Operand("float32", (len(x), len(w)))
    inputs = [Operand("float32", x.shape, x), Operand("float32", w.shape, w, constant=True), None]
    example = one_op("FULLY_CONNECTED", FullyConnectedOptions(), inputs, [y])
    return oracle.evaluate(example.graph, example.inputs, "optimized")[2]


def matrices(rows: int, units: int, depth: int) -> tuple[Array, Array]:
    """x [n,d] and w [u,d] of normal numbers."""
    x, w = (GENERATOR.normal(size=(size, depth)).astype(np.float32) for size in (rows, units))
    return x, w


@pytest.fixture(scope="module")
def caches() -> list[int]:
    """The sizes of a first-level cache that explain one product of this CPU, which the others must agree with."""
    x, w = matrices(4, 8, 20011)
    expected = product_of_litert(x, w)
    return [size for size in SOLD if oracle.same_bits(cut(x, w, size), expected)]


def cut(x: Array, w: Array, kibibytes: int) -> Array:
    """The product of full blocks, each sum from first to last in the pieces that a cache holds."""
    size = eigen_product.piece(x.shape[1], kibibytes)
    return reduce(
        np.add, [ordered_product(x[:, d : d + size], w[:, d : d + size].T) for d in range(0, x.shape[1], size)]
    )


def test_the_size_of_the_cache_is_found(caches: list[int]) -> None:
    """Where the system does not tell, the variable has to."""
    assert len(caches) == 1
    if eigen_product.CACHES.exists():
        assert eigen_product.first_cache() in caches


@pytest.mark.parametrize("sizes", [*SIZES, *DEEP])
def test_eigen_product(sizes: tuple[int, int, int], caches: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eigen_product, "first_cache", lambda: caches[0])
    x, w = matrices(*sizes)
    assert oracle.same_bits(eigen_product.eigen_product(x, w.T), product_of_litert(x, w))


def deep_convolution() -> OneOp:
    """Full blocks of units, where shallow sums are those of the reference kernel."""
    x, w = (GENERATOR.normal(size=shape).astype(np.float32) for shape in ((1, 3, 3, 150), (16, 3, 3, 150)))
    options = Conv2DOptions(stride_w=1, stride_h=1)
    inputs = [Operand("float32", x.shape, x), Operand("float32", w.shape, w, constant=True)]
    bias = Operand("float32", (16,), np.zeros(16), constant=True)
    return one_op("CONV_2D", options, [*inputs, bias], [Operand("float32", (1, 3, 3, 16))])


def deep_lstm() -> OneOp:
    """A basic LSTM of 6 rows, 1500 inputs, 9 cells."""
    shapes = (6, 1500), (6, 9), (36, 1509), (36,), (6, 9)
    data = [(GENERATOR.normal(size=shape) * 0.05).astype(np.float32) for shape in shapes]
    inputs = [Operand("float32", array.shape, array, constant=i in (2, 3)) for i, array in enumerate(data)]
    outputs = [Operand("float32", shape) for shape in ((6, 9), (6, 9), (6, 1509), (6, 36))]
    options = LSTMOptions(fused_activation_function=4, kernel_type=LSTMKernelType.BASIC)
    return one_op("LSTM", options, inputs, outputs, version=2)


@pytest.mark.parametrize("example", [deep_convolution(), deep_lstm()], ids=["CONV_2D", "LSTM"])
def test_deep_ops(example: OneOp, caches: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eigen_product, "first_cache", lambda: caches[0])
    y = example.graph.main.outputs[0]
    found = evaluate(bind(example.graph, kernels="optimized"), example.inputs)[y]
    assert oracle.same_bits(found, oracle.evaluate(example.graph, example.inputs, "optimized")[y])


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 7, 4001])
@pytest.mark.parametrize(("op", "function"), [("LOGISTIC", eigen.logistic), ("TANH", eigen.tanh)])
def test_activation(op: str, function, size: int) -> None:
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    x = (GENERATOR.normal(size=size) * 10).astype(np.float32)
    x[: size // 2] = np.resize(np.float32([0, -0.0, np.inf, -np.inf, -104, 88, -88, 1e-30]), size // 2)
    example = one_op(op, None, [Operand("float32", x.shape, x)], [Operand("float32", x.shape)])
    expected = oracle.evaluate(example.graph, example.inputs, "optimized")[1]
    assert oracle.difference(function(x), expected).differing == 0


@pytest.mark.parametrize("start", range(4))
def test_values_before_a_boundary_are_computed_one_by_one(start: int) -> None:
    x = (GENERATOR.normal(size=4003) * 3).astype(np.float32)
    head = -start % 4
    expected = np.concatenate([eigen.logistic(x[:head], 1), eigen.logistic(x[head:])])
    assert oracle.same_bits(eigen.logistic(x, start), expected)
    assert not oracle.same_bits(eigen.logistic(x, 0), eigen.logistic(x, 1))


def test_lanes_of_the_vector_routine() -> None:
    """Large terms cancel within a lane before the lanes meet; the terms left over come after all lanes."""
    big = np.float32(2**30)
    ones = np.ones((1, 9), np.float32)
    x = ones.copy()
    x[0, [0, 4]] = big, -big
    start = np.zeros((1, 1), np.float32)
    assert add_vector_product(start, x, ones) == 7
    assert vector_dot(x, ones) == 7
    x[0, [0, 4]], x[0, [0, 8]] = 1, (big, -big)
    assert add_vector_product(start, x, ones) == 0
    assert add_vector_product(start + big, np.float32([[1, 1, 1, -big, 5]]), ones[:, :5]) == 5
    assert vector_dot(np.float32([[1, 1, 1, -big, 5]]), ones[:, :5]) == np.float32(-big + 5)
