"""Bytes of constants and activations, and the repair of bias dimensions."""

import numpy as np
import pytest

from minilite.format.enums import TensorType
from minilite.graph import Tensor, read, write
from minilite.graph.memory import activation_memory, constant_bytes, tensor_bytes
from minilite.graph.repair import repair_dimensions
from tests.graph.build import quantization, small_graph, with_main, with_tensor


@pytest.mark.parametrize(
    ("kind", "shape", "expected"),
    [
        ("FLOAT32", (2, 3), 24),
        ("INT4", (3,), 2),
        ("INT2", (5,), 2),
        ("BFLOAT16", (3,), 6),
        ("BOOL", (), 1),
        ("STRING", (3,), 0),
        ("COMPLEX64", (0, 4), 0),
    ],
)
def test_bytes_of_a_computed_tensor(kind: str, shape: tuple[int, ...], expected: int) -> None:
    assert tensor_bytes(Tensor(0, "", shape, TensorType[kind])) == expected


def test_constants_count_once_for_each_buffer() -> None:
    assert constant_bytes(small_graph()) == {1: 8, 2: 8}  # two weights share buffer 1


def test_activations_live_from_their_node_to_their_last_reader() -> None:
    memory = activation_memory(small_graph().main)
    assert memory.live == (4 + 2, 2 + 4)
    assert (memory.peak, memory.node) == (6, 0)


def test_outputs_live_to_the_end_and_variables_always() -> None:
    graph = small_graph()
    assert activation_memory(with_main(graph, outputs=(3, 5)).main).live == (6, 6)
    assert activation_memory(with_main(graph, outputs=(0, 5)).main).live == (6, 10)
    variable = Tensor(6, "v", (100,), TensorType.INT8, is_variable=True)
    with_variable = with_main(graph, tensors=(*graph.main.tensors, variable))
    assert activation_memory(with_variable.main).live == (106, 106)


def test_nothing_to_run_takes_nothing() -> None:
    memory = activation_memory(with_main(small_graph(), nodes=(), outputs=(0,)).main)
    assert (memory.live, memory.peak, memory.node) == ((), 0, None)


def test_repair_changes_only_wrong_dimensions() -> None:
    graph = small_graph()
    assert repair_dimensions(graph).tensors == 0
    wrong = with_tensor(graph, 2, parameters=quantization([0.125, 0.25], [0, 0], axis=3))
    repaired = repair_dimensions(wrong)
    assert repaired.tensors == 1
    assert repaired.graph == graph
    assert read(write(wrong)).warnings
    assert not read(write(repaired.graph)).warnings
    assert np.array_equal(wrong.main.tensors[2].quantization.scale, graph.main.tensors[2].quantization.scale)
