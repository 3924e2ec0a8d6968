"""Elements of four and two bits: worked bytes, and there and back."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minilite.errors import ModelError
from minilite.format.enums import TensorType
from minilite.graph import Graph, Subgraph, Tensor, read, write
from minilite.graph.packed import pack, packed_size, unpack

RANGES = {TensorType.INT4: (-8, 7), TensorType.UINT4: (0, 15), TensorType.INT2: (-2, 1)}


@pytest.mark.parametrize(
    ("kind", "data", "values"),
    [
        (TensorType.INT4, [0x8F, 0x07], [-1, -8, 7]),
        (TensorType.UINT4, [0x8F, 0x07], [15, 8, 7]),
        (TensorType.INT2, [0b10_01_00_11, 0b01], [-1, 0, 1, -2, 1]),
    ],
)
def test_worked_bytes(kind: TensorType, data: list[int], values: list[int]) -> None:
    found = unpack(np.array(data, np.uint8), kind, (len(values),))
    assert found.tolist() == values
    assert pack(found, kind).tolist() == data
    assert packed_size(kind, len(values)) == len(data)


@given(st.sampled_from(list(RANGES)), st.integers(0, 9), st.integers(0, 4), st.integers(0, 2**32 - 1))
def test_there_and_back(kind: TensorType, rows: int, columns: int, seed: int) -> None:
    low, high = RANGES[kind]
    values = np.random.default_rng(seed).integers(low, high + 1, (rows, columns)).astype("i1")
    found = unpack(pack(values, kind), kind, (rows, columns))
    assert np.array_equal(found, values)
    assert found.dtype == (np.uint8 if kind == TensorType.UINT4 else np.int8)
    assert not found.flags.writeable


def constant(kind: TensorType, shape: tuple[int, ...], data: Any) -> Graph:
    tensor = Tensor(0, "w", shape, kind, data=np.array(data, np.uint8), buffer=1)
    return Graph((Subgraph(0, "main", (tensor,), (), (), (0,)),))


def test_a_packed_constant_reads_as_elements_and_is_written_as_it_was() -> None:
    graph = read(write(constant(TensorType.INT4, (1, 3), [0x8F, 0xF7])))
    tensor = graph.main.tensors[0]
    assert tensor.value is not None
    assert tensor.value.tolist() == [[-1, -8, 7]]
    assert tensor.dtype == np.int8
    assert read(write(graph)).main.tensors[0].data.tolist() == [0x8F, 0xF7]  # type: ignore[union-attr]


def test_a_packed_constant_of_another_size_is_refused() -> None:
    with pytest.raises(ModelError, match=r"tensor 0 'w': INT4 \[5\] takes 3 bytes, its buffer 1 has 2"):
        read(write(constant(TensorType.INT4, (5,), [1, 2])))
