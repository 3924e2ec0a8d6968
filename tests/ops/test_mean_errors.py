"""MEAN refuses axes out of range and shifted int16; the mean of nothing, and of a scalar."""

from typing import Any

import numpy as np
import pytest

from minilite import oracle
from minilite.errors import MiniliteError, ModelError, UnsupportedError
from minilite.format.options.arithmetic import ReducerOptions
from minilite.interpreter import evaluate
from minilite.program import bind
from tests.conformance.case import OneOp, Operand, one_op

from .refusals import assert_refused


def mean(
    kind: str, shape: tuple[int, ...], axes: list[int], y: tuple[int, ...], zero: Any = None, **which: Any
) -> OneOp:
    scale = None if zero is None else 0.5
    x = Operand(kind, shape, np.zeros(shape), scale, zero)
    named = Operand(which.get("axes_type", "int32"), (len(axes),), np.array(axes), constant=True)
    options = ReducerOptions(keep_dims=False)
    return one_op("MEAN", options, [x, named], [Operand(kind, y, None, scale, zero)], version=3)


@pytest.mark.parametrize(
    ("example", "error", "message"),
    [
        (mean("float32", (2, 3), [2], (2,)), ModelError, "axis 2 is out of range for 2 dimensions"),
        (mean("float32", (2, 3), [-3], (2,)), ModelError, "axis -3 is out of range for 2 dimensions"),
        (mean("int16", (2, 3), [0], (3,), zero=1), ModelError, "the zero point of x is 1, int16 needs 0"),
        (mean("float32", (2, 3), [0], (3,), axes_type="int64"), ModelError, "'axes' is int64, expected int32"),
        (mean("bool", (2, 3), [0], (3,)), UnsupportedError, "no kernel for x bool, y bool"),
    ],
)
def test_is_refused(example: OneOp, error: type[MiniliteError], message: str) -> None:
    assert_refused(example, error, message)


@pytest.mark.parametrize(("kind", "zero"), [("float32", None), ("int32", None), ("int8", 5), ("uint8", 5)])
@pytest.mark.parametrize(
    ("shape", "axes", "y"),
    [((0, 3), [0], (3,)), ((0, 3), [1], (0,)), ((), [], ()), ((), [7], ()), ((2, 0), [0, 1], ())],
)
def test_the_mean_of_nothing_and_of_a_scalar(kind: str, zero: Any, shape: Any, axes: list[int], y: Any) -> None:
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    example = mean(kind, shape, axes, y, zero)
    ours = evaluate(bind(example.graph), example.inputs)[2]
    assert oracle.same_bits(ours, oracle.evaluate(example.graph, example.inputs)[2])


def test_no_mean_is_negative_zero() -> None:
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    x = Operand("float32", (2, 3), np.full((2, 3), -0.0))
    axes = Operand("int32", (1,), np.array([1]), constant=True)
    example = one_op("MEAN", ReducerOptions(keep_dims=False), [x, axes], [Operand("float32", (2,))])
    ours = evaluate(bind(example.graph), example.inputs)[2]
    assert not np.signbit(ours).any()
    assert oracle.same_bits(ours, oracle.evaluate(example.graph, example.inputs)[2])
