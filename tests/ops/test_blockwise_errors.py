"""Weights quantized in blocks whose parameters do not fit."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from minilite.errors import ModelError
from minilite.format.enums import TensorType
from minilite.format.options.dense import FullyConnectedOptions
from minilite.graph import read, write
from tests.conformance.blockwise import with_block_scales
from tests.conformance.case import OneOp, Operand, one_op

from .refusals import assert_refused


def model(scales: Any = (3, 2), size: int = 4, shape: tuple[int, ...] = (3, 8)) -> OneOp:
    x, y = Operand("float32", (1, 8), np.ones((1, 8))), Operand("float32", (1, 3))
    w = Operand("int4", shape, np.ones(shape), constant=True)
    return with_block_scales(
        one_op("FULLY_CONNECTED", FullyConnectedOptions(), [x, w, None], [y]), 1, np.ones(scales), size
    )


@pytest.mark.parametrize(
    ("message", "example"),
    [
        ("rows of 8 elements of w cannot be cut into blocks of 3", model(size=3)),
        ("rows of 8 elements of w cannot be cut into blocks of 0", model(size=0)),
        ("'scales' has 4 scales, w has 6 blocks", model(scales=(2, 2))),
    ],
)
def test_refuses(message: str, example: OneOp) -> None:
    assert_refused(example, ModelError, message)


def test_refuses_scales_of_another_type() -> None:
    example = model(scales=(3, 2))
    tensors = list(example.graph.main.tensors)
    tensors[-1] = replace(tensors[-1], type=TensorType.INT16)
    graph = replace(example.graph, subgraphs=(replace(example.graph.main, tensors=tuple(tensors)),))
    assert_refused(replace(example, graph=read(write(graph))), ModelError, "scales of w: INT16, expected FLOAT16")


def test_refuses_scales_that_do_not_exist() -> None:
    graph = model().graph
    main = replace(graph.main, tensors=graph.main.tensors[:-1])
    with pytest.raises(ModelError, match="blockwise scales: tensor index 3 is out of range"):
        read(write(replace(graph, subgraphs=(main,))))
