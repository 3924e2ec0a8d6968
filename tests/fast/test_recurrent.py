"""Compiled recurrent cells: sums in every order of the official products, functions on all kinds of numbers, states."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minilite.fast import eigen as compiled_eigen
from minilite.fast.lane_products import add_products, matrix_at, memory_for, pack
from minilite.fast.twins import bytes_of
from minilite.format.options.recurrent import UnidirectionalSequenceLSTMOptions
from minilite.interpreter import evaluate
from minilite.numerics import eigen
from minilite.numerics.jit import compiled
from minilite.numerics.lanes import add_eigen_product
from minilite.ops.op import MICRO_SETS
from minilite.ops.state import State, initial
from minilite.program import Program, bind
from tests.conformance.lstm import Draw, build

from .test_memory import GUARD, MARK, guarded

pytest.importorskip("numba", reason="numba is not installed")
SPECIAL = (
    0.0,
    -0.0,
    np.inf,
    -np.inf,
    np.nan,
    1e-45,
    -1e-38,
    3e38,
    -104.0,
    -104.1,
    -200.0,
    -300.0,
    16.6,
    16.7,
    7.9,
    -8.0,
)
# rows, units, depth, gates
SHAPES = [(1, 20, 28, 4), (1, 3, 7, 3), (2, 3, 5, 1), (3, 1, 40, 4), (4, 8, 16, 3), (9, 13, 21, 4), (5, 6, 690, 2)]


@pytest.mark.parametrize("shape", SHAPES)
def test_products_keep_the_order_of_sums(shape: tuple[int, ...]) -> None:
    rows, units, depth, gates = shape
    random = np.random.default_rng(depth)
    x = random.normal(size=(rows, depth)).astype(np.float32)
    w = random.normal(size=(gates * units, depth)).astype(np.float32)
    totals = random.normal(size=(gates, rows, units)).astype(np.float32)
    expected = [add_eigen_product(t, x, part) for t, part in zip(totals, np.split(w, gates), strict=True)]
    packed, memory = pack(w, rows, gates), np.empty(memory_for(gates * units), np.float32)
    compiled(add_products)(x.reshape(-1), compiled(matrix_at)(packed), totals.reshape(-1), memory)
    assert np.array_equal(totals, np.stack(expected))


def test_one_row_and_one_unit_has_another_order() -> None:
    assert pack(np.zeros((3, 40), np.float32), rows=1, gates=3) is None


@pytest.mark.parametrize("start", range(4))
@pytest.mark.parametrize("size", [1, 3, 4, 9, 16, 33])
def test_sigmoid_and_tanh(size: int, start: int) -> None:
    random = np.random.default_rng(size)
    numbers = np.concatenate([random.normal(0, 8, 500), SPECIAL]).astype(np.float32)
    for x in np.split(random.permutation(np.resize(numbers, 20 * size)), 20):
        made = np.empty_like(x)
        with np.errstate(all="ignore"):
            expected = eigen.logistic(x, start), eigen.tanh(x)
            compiled(compiled_eigen.logistic)(x, made)
            compiled(compiled_eigen.logistic_of_others)(x, made, start)
            assert np.array_equal(made, expected[0], equal_nan=True)
            compiled(compiled_eigen.tanh)(x, made)
            assert np.array_equal(made, expected[1], equal_nan=True)


@pytest.mark.parametrize("kind", ["float32", "int8"])
@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize("parts", ["", "coupled", "peephole", "norm", "projected", "coupled peephole projected norm"])
def test_cells_go_on_from_their_states(kind: str, batch: int, parts: str) -> None:
    if kind == "int8":
        parts = parts.replace("norm", "")  # has no loop

    @settings(max_examples=4)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        cell = Draw(data.draw, kind)
        cell.batch, cell.cells, cell.diagonal = batch, data.draw(st.sampled_from([2, 5, 16, 35])), False
        cell.coupled, cell.peephole, cell.norm, cell.projected = (part in parts for part in PARTS)
        cell.outputs = cell.cells // 2 + 1 if cell.projected else cell.cells
        time_major = data.draw(st.booleans())
        options = UnidirectionalSequenceLSTMOptions(
            fused_activation_function=4, time_major=time_major, cell_clip=0.5, proj_clip=data.draw(st.floats(0, 0.5))
        )
        leading = (cell.time, batch) if time_major else (batch, cell.time)
        example = build("UNIDIRECTIONAL_SEQUENCE_LSTM", cell, options, leading)
        same_states(example.graph, example.inputs)

    check()


PARTS = ("coupled", "peephole", "norm", "projected")


@pytest.mark.parametrize("kernels", MICRO_SETS)
def test_cells_of_microcontrollers(kernels: str) -> None:
    @settings(max_examples=10)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        cell = MicroDraw(data.draw, "int8")
        cell.coupled = cell.peephole = cell.norm = cell.projected = False
        cell.outputs, time_major = cell.cells, data.draw(st.booleans())
        options = UnidirectionalSequenceLSTMOptions(
            fused_activation_function=4, time_major=time_major, cell_clip=data.draw(st.floats(0, 0.5))
        )
        leading = (cell.time, cell.batch) if time_major else (cell.batch, cell.time)
        example = build("UNIDIRECTIONAL_SEQUENCE_LSTM", cell, options, leading)
        same_states(example.graph, example.inputs, kernels)

    check()


class MicroDraw(Draw):
    """What one example is made of, such that microcontrollers take it."""

    def intermediates(self) -> list[Any]:
        return [one._replace(shape=(0,)) for one in super().intermediates()]


def same_states(graph: Any, inputs: dict[int, Any], kernels: str = "reference") -> None:
    """The step has a loop, which gives what the definition gives, and leaves the same states, twice."""
    programs = [bind(graph, kernels=kernels, engine=engine) for engine in ("jit", "numpy")]
    keeps_to_its_memory(programs[0], inputs)
    states = State(), State()
    for _ in range(2):
        ours, expected = (evaluate(*pair[:1], inputs, pair[1]) for pair in zip(programs, states, strict=True))
        for index in graph.main.outputs:
            assert np.array_equal(ours[index], expected[index], equal_nan=True)
        assert states[0].variables.keys() == states[1].variables.keys()
        for key, value in states[1].variables.items():
            assert np.array_equal(states[0].variables[key], value, equal_nan=True)
            assert states[0].variables[key].dtype == value.dtype


def keeps_to_its_memory(program: Program, inputs: dict[int, Any]) -> None:
    """The loop of the only step writes to its output, the states and its working memory."""
    (task,) = [step.task for step in program.steps]
    loop, tensors = task.loop, program.subgraph.tensors
    assert loop is not None
    states = sum(initial(tensor).nbytes for tensor in tensors if tensor.is_variable)
    guards, arrays = zip(
        *map(guarded, (states, math.prod(loop.shape) * loop.dtype.itemsize, loop.scratch)), strict=True
    )
    loop.function(bytes_of(inputs[task.operands[0]]), *arrays, loop.constants, loop.numbers)
    for block in guards:
        assert np.all(block[:GUARD] == MARK)
        assert np.all(block[-GUARD:] == MARK)
