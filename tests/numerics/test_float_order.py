"""Float products, sigmoid and tanh of the recurrent kernels against LiteRT's optimized ops, which share their code."""

from pathlib import Path

import numpy as np
import pytest

from minilite import oracle
from minilite.format.options.dense import FullyConnectedOptions
from minilite.numerics import eigen
from minilite.numerics.lanes import add_vector_product, eigen_product, vector_dot
from tests.conformance.case import Operand, one_op

SIZES = [(1, 1, 27), (1, 1, 64), (1, 9, 13), (5, 1, 13), (3, 2, 13), (4, 13, 27), (6, 14, 25), (9, 23, 300), (2, 8, 5)]
CACHE = Path("/sys/devices/system/cpu/cpu0/cache/index0/size")
NEEDS_CACHE = pytest.mark.skipif(
    not CACHE.exists() or CACHE.read_text().strip() != "32K",
    reason="another CPU's path: the official sums depend on a first-level cache of 32 KiB",
)
IN_BLOCKS = [pytest.param(*sizes, marks=NEEDS_CACHE) for sizes in ((4, 8, 681), (5, 13, 1360), (6, 9, 2000))]
GENERATOR = np.random.default_rng(5)


@pytest.mark.parametrize(("rows", "units", "depth"), [*SIZES, *IN_BLOCKS])
def test_eigen_product(rows: int, units: int, depth: int) -> None:
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    x = GENERATOR.normal(size=(rows, depth)).astype(np.float32)
    w = GENERATOR.normal(size=(units, depth)).astype(np.float32)
    inputs = [Operand("float32", x.shape, x), Operand("float32", w.shape, w, constant=True), None]
    y = Operand("float32", (rows, units))
    example = one_op("FULLY_CONNECTED", FullyConnectedOptions(), inputs, [y])
    expected = oracle.evaluate(example.graph, example.inputs, "optimized")[2]
    assert oracle.difference(eigen_product(x, w), expected).differing == 0


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
