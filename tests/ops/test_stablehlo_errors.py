"""What STABLEHLO_PAD, GATHER, SCATTER and REDUCE_WINDOW refuse."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from minilite.errors import ModelError, UnsupportedError
from minilite.format.options.stablehlo import (
    StablehloGatherOptions,
    StablehloPadOptions,
    StablehloReduceWindowOptions,
    StablehloScatterOptions,
)
from tests.conformance.case import OneOp, Operand, one_op
from tests.conformance.stablehlo_regions import region, with_region

from .refusals import assert_refused


def operand(*shape: int, kind: str = "float32") -> Operand:
    return Operand(kind, shape, np.zeros(shape))


def pad(low: Any, high: Any, between: Any, value: Operand | None = None) -> OneOp:
    options = StablehloPadOptions(edge_padding_low=low, edge_padding_high=high, interior_padding=between)
    return one_op("STABLEHLO_PAD", options, [operand(2, 3), value or operand()], [operand(1)])


def gather(index: str = "int32", **changes: Any) -> OneOp:
    given = {"offset_dims": [1], "collapsed_slice_dims": [0], "start_index_map": [0], "index_vector_dim": 1}
    options = StablehloGatherOptions(**{**given, "slice_sizes": [1, 3], **changes})
    return one_op("STABLEHLO_GATHER", options, [operand(2, 3), operand(4, 1, kind=index)], [operand(4, 3)])


def scatter(updates: Any = (4, 3), kind: str = "float32", **changes: Any) -> OneOp:
    given = {"update_window_dims": [1], "inserted_window_dims": [0], "scatter_dims_to_operand_dims": [0]}
    options = StablehloScatterOptions(
        **{**given, "index_vector_dim": 1, "update_computation_subgraph_index": 1, **changes}
    )
    inputs = [np.zeros((2, 3), np.float32), np.zeros((4, 1), np.int32), np.zeros(updates, kind)]
    return with_region("STABLEHLO_SCATTER", options, inputs, (2, 3), region("float32", "STABLEHLO_ADD"))


def windows(init: Any = (), kind: str = "float32", body: str = "STABLEHLO_ADD", **changes: Any) -> OneOp:
    options = StablehloReduceWindowOptions(**{"window_dimensions": [2, 2], "body_subgraph_index": 1, **changes})
    inputs = [np.zeros((2, 3), np.float32), np.zeros(init, kind)]
    return with_region("STABLEHLO_REDUCE_WINDOW", options, inputs, (1, 2), region("float32", body))


def no_body() -> OneOp:
    """A body that gives both of its numbers."""
    example = windows()
    main, body = example.graph.subgraphs
    return OneOp(replace(example.graph, subgraphs=(main, replace(body, nodes=(), outputs=(0, 1)))), example.inputs)


@pytest.mark.parametrize(
    ("example", "message"),
    [
        (pad([0], [0, 0], [0, 0]), "1 numbers of padding for 2 dimensions"),
        (pad(None, [0, 0], [0, 0]), "0 numbers of padding for 2 dimensions"),
        (pad([0, 0], [0, 0], [0, -1]), "interior_padding is negative"),
        (pad([0, 0], [0, 0], [0, 0], operand(2)), "the value must be one element"),
        (gather(slice_sizes=[1, 4]), r"slice_sizes \[1, 4\] does not fit x of shape \[2, 3\]"),
        (gather(slice_sizes=[1]), r"slice_sizes \[1\] does not fit"),
        (gather(slice_sizes=[1, -1]), r"slice_sizes \[1, -1\] does not fit"),
        (gather(slice_sizes=[2, 3]), "a collapsed axis has a slice size other than 1"),
        (gather(index_vector_dim=3), "index_vector_dim 3 is out of range"),
        (gather(index_vector_dim=-1), "index_vector_dim -1 is out of range"),
        (gather(start_index_map=[2]), r"start_index_map \[2\] does not name different axes of 2"),
        (gather(start_index_map=[0, 1]), "start_index_map has 2 numbers for vectors of 1"),
        (gather(collapsed_slice_dims=[0, 0]), r"collapsed_slice_dims \[0, 0\] does not name different axes of 2"),
        (gather(offset_dims=[]), "0 offset_dims for a slice of 1 axes"),
        (gather(offset_dims=[-1]), r"offset_dims \[-1\] does not name different axes of 2"),
        (scatter(updates=(4, 3, 1)), r"updates of shape \[4, 3, 1\] do not fit the indices"),
        (scatter(updates=(3, 3)), r"updates of shape \[3, 3\] do not fit the indices"),
        (scatter(kind="int32"), "operands of one type expected, got float32 and int32"),
        (scatter(index_vector_dim=3), "index_vector_dim 3 is out of range"),
        (scatter(update_window_dims=[2]), r"update_window_dims \[2\] does not name different axes of 2"),
        (scatter(inserted_window_dims=[]), "1 update_window_dims for 2 axes of a window"),
        (scatter(scatter_dims_to_operand_dims=[0, 1]), "has 2 numbers for vectors of 1"),
        (scatter(update_computation_subgraph_index=5), "there is no subgraph 5, only 2"),
        (windows(window_dimensions=[2]), r"window_dimensions is \[2\], expected 2 positive numbers"),
        (windows(window_strides=[1, 0]), r"window_strides is \[1, 0\], expected 2 positive numbers"),
        (windows(padding=[1, 1]), "padding has 2 numbers for 2 dimensions"),
        (windows(padding=[-1, -1, 0, 0]), r"the shape would be \[0, 3\]"),
        (windows(init=(2,)), "the initial value must be one value"),
        (windows(kind="int32"), "operands of one type expected"),
        (no_body(), "does not make one number of two"),
    ],
)
def test_refused(example: OneOp, message: str) -> None:
    assert_refused(example, ModelError, message)


def test_indices_of_another_type() -> None:
    assert_refused(gather(index="int16"), UnsupportedError, "no kernel for x float32, indices int16")
