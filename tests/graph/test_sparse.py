"""Sparse constants: a worked example, there and back, and every way in which the parameters may not fit."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minilite.errors import ModelError, UnsupportedError
from minilite.format import replace as replace_fields
from minilite.format import schema
from minilite.format.enums import TensorType
from minilite.graph import Graph, Subgraph, Tensor, read, write
from minilite.graph.sparse import densify

from .stored_sparsely import level, store_sparsely, vector

WORKED = np.array([[0, 0, 1, 2], [0, 0, 3, 0], [0, 0, 0, 0], [4, 0, 0, 0]], np.float32)


def blocked() -> schema.SparsityParameters:
    """WORKED as rows of sparse blocks of 1x2."""
    return schema.SparsityParameters(
        traversal_order=np.array([0, 1, 2], np.int32),
        block_map=np.array([1], np.int32),
        dim_metadata=(level(4, None, 4), level(2, [[1], [1], [], [0]], 4), level(2, None, 4)),
    )


def test_worked_example() -> None:
    values = np.array([1, 2, 3, 0, 4, 0], np.float32)
    found = densify(values, blocked(), (4, 4), "w")
    assert np.array_equal(found, WORKED)
    assert not found.flags.writeable
    again, parameters = store_sparsely(WORKED, [0, 1, 2], [0, 1, 0], {1: 2})
    assert again.tolist() == values.tolist()
    assert np.array_equal(densify(again, parameters, (4, 4), "w"), WORKED)


@given(st.data())
def test_there_and_back(data: st.DataObject) -> None:
    shape = tuple(data.draw(st.lists(st.integers(1, 6), max_size=4)))
    rank = len(shape)
    generator = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    dense = (generator.integers(1, 9, shape) * (generator.random(shape) < 0.3)).astype(np.int8).reshape(shape)
    blocks = {
        axis: data.draw(st.sampled_from([n for n in range(1, length + 1) if length % n == 0]))
        for axis, length in enumerate(shape)
        if data.draw(st.booleans())
    }
    inner = data.draw(st.permutations(range(rank, rank + len(blocks))))
    order = [*data.draw(st.permutations(range(rank))), *inner]
    formats = [data.draw(st.integers(0, 1)) if number < rank else 0 for number in range(len(order))]
    values, parameters = store_sparsely(dense, order, formats, blocks, data.draw(st.sampled_from([1, 2, 4])))
    assert np.array_equal(densify(values, parameters, shape, "w"), dense)


def constant(parameters: schema.SparsityParameters, kind: TensorType = TensorType.FLOAT32, count: int = 6) -> Graph:
    data = np.arange(count, dtype=np.float32).view(np.uint8)
    tensor = Tensor(0, "w", (4, 4), kind, data=data, sparsity=parameters, buffer=1)
    return Graph((Subgraph(0, "main", (tensor,), (), (), (0,)),))


def with_level(number: int, **changes: Any) -> schema.SparsityParameters:
    levels = list(blocked().dim_metadata)
    levels[number] = replace_fields(levels[number], **changes)
    return replace_fields(blocked(), dim_metadata=tuple(levels))


BROKEN = {
    "order": (
        replace_fields(blocked(), traversal_order=np.array([0, 2, 1], np.int32)),
        "\\[0, 2, 1\\] does not name 2",
    ),
    "no order": (replace_fields(blocked(), traversal_order=None), "does not name 2 axes, then 1 blocks"),
    "levels": (replace_fields(blocked(), dim_metadata=blocked().dim_metadata[:2]), "2 levels of metadata, expected 3"),
    "map": (replace_fields(blocked(), block_map=np.array([2], np.int32)), "block map \\[2\\] must name different axes"),
    "negative map": (replace_fields(blocked(), block_map=np.array([-1], np.int32)), "must name different axes below 2"),
    "block size": (with_level(2, dense_size=3), "axis 1 of length 4 cannot be cut into dense blocks of 3"),
    "no block": (with_level(2, dense_size=0), "cannot be cut into dense blocks of 0"),
    "dense size": (with_level(0, dense_size=5), "level 0: dense size 5, the axis has 4"),
    "format": (with_level(0, format=7), "format"),
    "no segments": (with_level(1, array_segments=None), "level 1: a sparse level needs segments"),
    "few segments": (with_level(1, array_segments=vector([0, 1, 3])), "level 1: 3 segments, expected 5"),
    "falling": (with_level(1, array_segments=vector([0, 2, 1, 2, 3])), "must rise from 0 to the 3 indices"),
    "start": (with_level(1, array_segments=vector([1, 1, 2, 2, 3])), "must rise from 0"),
    "end": (with_level(1, array_segments=vector([0, 1, 2, 2, 4])), "must rise from 0 to the 3 indices"),
    "no indices": (with_level(1, array_indices=None), "must rise from 0 to the 0 indices"),
    "index": (with_level(1, array_indices=vector([1, 2, 0])), "level 1: index 2 is outside 0 to 1"),
    "negative index": (with_level(1, array_indices=vector([1, -1, 0])), "index -1 is outside 0 to 1"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_parameters_are_refused(name: str) -> None:
    parameters, message = BROKEN[name]
    with pytest.raises(ModelError, match=message):
        read(write(constant(parameters)))


def test_the_unbroken_constant_is_accepted_and_written_as_it_was() -> None:
    graph = read(write(constant(blocked())))
    assert read(write(graph)) == graph
    value = graph.main.tensors[0].value
    assert value is not None
    assert value.tolist() == [[0, 0, 0, 1], [0, 0, 2, 3], [0, 0, 0, 0], [4, 5, 0, 0]]


def test_other_counts_of_values_are_refused() -> None:
    with pytest.raises(ModelError, match="5 values are stored, the sparsity has 6 positions"):
        read(write(constant(blocked(), count=5)))
    graph = constant(blocked(), TensorType.INT64, 7)
    with pytest.raises(ModelError, match="28 bytes are no whole number of INT64 values"):
        read(write(graph))


def test_packed_values_and_enormous_shapes_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="sparse values of type INT4"):
        read(write(constant(blocked(), TensorType.INT4)))
    graph = constant(blocked())
    tensor = replace(graph.main.tensors[0], shape=(2**16, 2**16))
    graph = replace(graph, subgraphs=(replace(graph.main, tensors=(tensor,)),))
    with pytest.raises(ModelError, match="too large"):
        read(write(graph))
