"""Nodes whose op and types microcontrollers have, but which their kernels refuse or get wrong."""

from typing import Any

import numpy as np
import pytest

from minilite.errors import UnsupportedError
from minilite.format.options import convolution, empty
from minilite.format.options.arithmetic import ArgMaxOptions
from minilite.graph import Graph
from minilite.program import bind
from tests.conformance.case import Operand, one_op

from .vectors import BUILDS

CMSIS_NN = ("cmsis-nn", "cmsis-nn-single")


def of(kind: str, *shape: int, constant: bool = False, **more: Any) -> Operand:
    """Zeros, with scale 0.5 where the type has codes."""
    scale = None if kind in ("float32", "int32", "int64", "bool") else 0.5
    return Operand(kind, shape, np.zeros(shape), scale, more.pop("zero", 0), constant=constant, **more)


def integers(*values: int, kind: str = "int32", constant: bool = True) -> Operand:
    return Operand(kind, (len(values),), np.array(values), constant=constant)


def transposed(x: str, b: str, rows: int = 4, activation: int = 0, columns: int = 2) -> Graph:
    """TRANSPOSE_CONV of 2 x 2 pixels by strides of 2 with a window of 2 rows."""
    options = convolution.TransposeConvOptions(
        padding=1, stride_w=2, stride_h=2, fused_activation_function=activation, quantized_bias_type=2 if b else 0
    )
    shape, length = integers(1, rows, 4, 1), 2 + columns
    w, y = of("int8", 1, 2, columns, 1, constant=True), of(x, 1, rows, max(length, 4), 1)
    shape = shape._replace(data=np.array([1, rows, max(length, 4), 1]))
    bias = [of(b, 1, constant=True)._replace(scale=0.25)] if b else []
    return one_op("TRANSPOSE_CONV", options, [shape, w, of(x, 1, 2, 2, 1), *bias], [y], 3).graph


def convolved(channels: int, depth: int, x: str = "int8", w: str = "int8") -> Graph:
    options = convolution.Conv2DOptions(stride_w=1, stride_h=1, padding=1)
    weights = of(w, 2, 1, 1, depth, constant=True)
    return one_op("CONV_2D", options, [of(x, 1, 2, 2, channels), weights], [of(x, 1, 2, 2, 2)], 3).graph


def depthwise(channels: int, multiplier: int, declared: int, w: str = "int8") -> Graph:
    options = convolution.DepthwiseConv2DOptions(stride_w=1, stride_h=1, padding=1, depth_multiplier=declared)
    units = channels * multiplier
    weights = of(w, 1, 1, 1, units, constant=True)
    return one_op(
        "DEPTHWISE_CONV_2D", options, [of("int8", 1, 2, 2, channels), weights], [of("int8", 1, 2, 2, units)], 3
    ).graph


def of_one(op: str, options: Any, inputs: list[Operand | None], output: Operand) -> Graph:
    return one_op(op, options, inputs, [output]).graph


def arg_max(kind: str) -> Graph:
    axis = integers(0, kind=kind)
    return of_one("ARG_MAX", ArgMaxOptions(output_type=2), [of("float32", 3, 2), axis], of("int32", 2))


def turned(rank: int, constant: bool = True, last: int | None = None) -> Graph:
    x, order = of("int8", *[1] * rank), [*range(rank - 1), rank - 1 if last is None else last]
    return of_one("TRANSPOSE", empty.TransposeOptions(), [x, integers(*order, constant=constant)], x)


def padded(zero: int, amount: int) -> Graph:
    edges = Operand("int32", (2, 2), np.array([[amount, amount], [0, 0]]), constant=True)
    y = of("int8", 1, 2 + 2 * amount, 2, 1, zero=zero)
    return of_one("SPACE_TO_BATCH_ND", None, [of("int8", 1, 2, 2, 1, zero=zero), integers(1, 1), edges], y)


def looked_up(*scales: float) -> Graph:
    table = Operand("int8", (2, 3), np.zeros((2, 3)), list(scales), [0] * len(scales), constant=True)
    return of_one("EMBEDDING_LOOKUP", None, [integers(0, constant=False), table], of("float32", 1, 3))


def joined(*shape: int) -> Graph:
    return of_one("CONCATENATION", None, [of("float32", *shape)] * 2, of("float32", 2))


PLAIN = transposed("int8", "int32")


@pytest.mark.parametrize(
    ("refused", "taken", "reason", "sets"),
    [
        pytest.param(arg_max("int64"), arg_max("int32"), "axis is int64", BUILDS, id="int64 axis"),
        pytest.param(turned(4, constant=False), turned(4), "must be a constant", BUILDS, id="order not constant"),
        pytest.param(turned(4, last=-1), turned(4), "a negative axis", BUILDS, id="negative axis"),
        pytest.param(turned(6), turned(4), "5 at most", ("tflm", "tflm-single"), id="six dimensions"),
        pytest.param(turned(5), turned(4), "4 at most", CMSIS_NN, id="five dimensions"),
        pytest.param(padded(3, 1), padded(3, 0), "never set", BUILDS, id="padded codes"),
        pytest.param(looked_up(0.5, 0.25), looked_up(0.5), "a scale for each row", BUILDS, id="scales of rows"),
        pytest.param(joined(), joined(1), "scalars", BUILDS, id="scalars"),
        pytest.param(depthwise(2, 1, 0), depthwise(2, 1, 1), "depth_multiplier is 0", BUILDS, id="depth multiplier"),
        pytest.param(transposed("int16", "int32"), transposed("int16", "int64"), "b int32", BUILDS, id="int32 bias"),
        pytest.param(convolved(4, 2, "int16"), convolved(4, 2), "groups", CMSIS_NN, id="groups of int16"),
        pytest.param(convolved(4, 2, w="int4"), convolved(4, 4, w="int4"), "groups", CMSIS_NN, id="groups of int4"),
        pytest.param(
            depthwise(3, 2, 2, "int4"), depthwise(3, 1, 1, "int4"), "odd number of channels", CMSIS_NN, id="int4 halves"
        ),
        pytest.param(
            transposed("int8", "int32", activation=1),
            transposed("int8", "int32"),
            "activation",
            CMSIS_NN,
            id="activation",
        ),
        pytest.param(
            transposed("int8", "int32", rows=5), transposed("int8", "int32"), "write 4 rows", CMSIS_NN, id="rows"
        ),
        pytest.param(transposed("int8", "", columns=1), transposed("int8", ""), "columns of w", CMSIS_NN, id="columns"),
        pytest.param(transposed("int16", ""), transposed("int16", "int64"), "without a bias", CMSIS_NN, id="no bias"),
    ],
)
def test_kernels_refuse(refused: Graph, taken: Graph, reason: str, sets: tuple[str, ...]) -> None:
    for kernels in sets:
        assert bind(taken, kernels=kernels).steps
        with pytest.raises(UnsupportedError, match=f"not taken by kernel set '{kernels}'.*{reason}"):
            bind(refused, kernels=kernels)
