"""Pooling refuses windows that are empty, stand still or do not fit; zero signs and NaN come out as upstream's do."""

from typing import Any

import numpy as np
import pytest

from minilite import oracle
from minilite.errors import ModelError, UnsupportedError
from minilite.format.options.convolution import Pool2DOptions
from minilite.interpreter import evaluate
from minilite.numerics.geometry import SAME, VALID
from minilite.program import bind
from tests.conformance.case import OneOp, Operand, one_op

from .refusals import assert_refused

OPTIONS = {"padding": SAME, "stride_h": 1, "stride_w": 1, "filter_height": 2, "filter_width": 2}


def pool(
    op: str = "MAX_POOL_2D", shape: tuple[int, ...] = (1, 4, 4, 1), kind: str = "float32", **changes: Any
) -> OneOp:
    options = Pool2DOptions(**{**OPTIONS, **changes})
    return one_op(op, options, [Operand(kind, shape, np.zeros(shape))], [Operand(kind, shape)])


@pytest.mark.parametrize("op", ["AVERAGE_POOL_2D", "MAX_POOL_2D"])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"filter_height": 0}, "the window has 0 rows, expected 1 or more"),
        ({"filter_width": -1}, "the window has -1 columns, expected 1 or more"),
        ({"stride_h": 0}, "the stride over rows is 0, expected 1 or more"),
        ({"stride_w": -2}, "the stride over columns is -2, expected 1 or more"),
        ({"padding": VALID, "filter_width": 6}, "the window has 6 columns, the image 4"),
        ({"shape": (4, 4, 1)}, "4 dimensions expected"),
        ({"kind": "int8"}, "int8.* need a scale and a zero point"),
    ],
)
def test_is_refused(op: str, changes: dict[str, Any], message: str) -> None:
    example = pool(op, **changes)
    if "kind" in changes:
        with pytest.raises(ModelError, match="(?i)" + message):
            bind(example.graph)
    else:
        assert_refused(example, ModelError, message)


def test_int32_is_not_implemented() -> None:
    assert_refused(pool(kind="int32"), UnsupportedError, "no kernel for x int32, y int32")


@pytest.mark.parametrize("op", ["AVERAGE_POOL_2D", "MAX_POOL_2D"])
@pytest.mark.parametrize("activation", [0, 1, 2, 3])
def test_special_values(op: str, activation: int) -> None:
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    data = np.array([-0.0, 0.0, np.nan, -np.inf, np.inf, 3e38, -3e38], np.float32).reshape(1, 7, 1, 1)
    options = Pool2DOptions(**{**OPTIONS, "filter_height": 1, "fused_activation_function": activation})
    example = one_op(op, options, [Operand("float32", data.shape, data)], [Operand("float32", data.shape)])
    ours = evaluate(bind(example.graph), example.inputs)[1]
    assert oracle.same_bits(ours, oracle.evaluate(example.graph, example.inputs)[1])


@pytest.mark.parametrize("shape", [(0, 4, 4, 1), (1, 4, 4, 0), (1, 0, 4, 2)])
def test_nothing_in_nothing_out(shape: tuple[int, ...]) -> None:
    example = pool("AVERAGE_POOL_2D", shape)
    assert evaluate(bind(example.graph), example.inputs)[1].shape == shape
