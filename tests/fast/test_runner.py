"""Program.run gives what execute gives: for every conformance case, for real models, again and again."""

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import find, given, settings

from minilite import fast, load
from minilite.errors import InputError, UnsupportedError
from minilite.fast.arena import Need, layout
from minilite.interpreter import evaluate
from minilite.numerics.jit import numba_is_here
from minilite.ops.state import State
from minilite.program import Program, bind
from tests.benchmarks.speed import inputs_for
from tests.conformance import CASES
from tests.conformance.case import Case, OneOp, variant_of
from tests.house.sources import ROOT
from tests.litert.both import EACH_MODEL, small_model

ENGINES = ("numpy", "jit") if numba_is_here() else ("numpy",)


def same_twice(program: Program, inputs: dict[int, Any]) -> None:
    """`run` equals `execute`, also where variables go on from one run to the next and memory is used again."""
    one, other = State(), State()
    for _ in range(2):
        expected = evaluate(program, inputs, one)
        outputs = {index: np.empty_like(expected[index]) for index in program.subgraph.outputs}
        program.run(inputs, outputs, other)
        for index, array in outputs.items():
            assert np.array_equal(array, expected[index], equal_nan=array.dtype.kind in "fc"), f"output {index}"


def engine_of(case: Case) -> str:
    """The compiled engine where it has the op."""
    return "jit" if numba_is_here() and variant_of(case) in fast.TWINS else "numpy"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_op_gives_what_execute_gives(case: Case) -> None:
    @settings(max_examples=20 if engine_of(case) == "jit" else 3)
    @given(case.draw)
    def check(example: OneOp) -> None:
        program = bind(example.graph, {i: a.shape for i, a in example.inputs.items()}, engine=engine_of(case))
        if program.is_static:
            same_twice(program, example.inputs)

    check()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("path", EACH_MODEL)
def test_models_give_what_execute_gives(path: Any, engine: str) -> None:
    graph = load(path)
    same_twice(bind(graph, engine=engine), inputs_for(graph))


def test_wrong_arrays_are_refused() -> None:
    program = bind(load(small_model()), engine="numpy")
    x, z, y = 0, 1, 4
    right = np.zeros((1, 3), np.int8)
    with pytest.raises(InputError, match="input tensor 1 'z' is missing"):
        program.run({x: right}, {})
    with pytest.raises(InputError, match="input tensor 0 'x': values are float64, expected int8"):
        program.run({x: np.zeros((1, 3)), z: right}, {})
    with pytest.raises(InputError, match=r"output tensor 4 'y': shape is \[3\], expected \[1, 3\]"):
        program.run({x: right, z: right}, {y: np.zeros(3, np.int8)})
    with pytest.raises(InputError, match="tensor 3 'hidden' is no output"):
        program.run({x: right, z: right}, {3: right})


def test_a_program_whose_shapes_are_not_known_is_refused() -> None:
    unknown = next(case for case in CASES if case.op == "WHERE")
    example = find(unknown.draw, lambda example: True)
    with pytest.raises(UnsupportedError, match="use execute"):
        bind(example.graph, engine="numpy").run(example.inputs, {})


def test_tensors_needed_at_once_share_no_bytes() -> None:
    generator = np.random.default_rng(0)
    for _ in range(200):
        spans = np.sort(generator.integers(0, 12, (20, 2)), axis=1)
        sizes = generator.integers(0, 300, 20)
        needs = [Need((int(n),), np.dtype(np.uint8), *span) for n, span in zip(sizes, spans.tolist(), strict=True)]
        pieces = layout(needs)
        for i, (one, a) in enumerate(zip(needs, pieces, strict=True)):
            assert a.start % 64 == 0
            assert a.stop - a.start == one.size
            for other, b in zip(needs[:i], pieces[:i], strict=True):
                together = one.first <= other.last and other.first <= one.last
                assert not together or a.stop <= b.start or b.stop <= a.start


def test_memory_is_used_again() -> None:
    chain = [Need((1000,), np.dtype(np.int8), step, step + 1) for step in range(9)]
    assert max(piece.stop for piece in layout(chain)) == 2024


def test_without_compilation_the_loops_are_called_from_python() -> None:
    test = f"{__file__}::test_each_op_gives_what_execute_gives[FULLY_CONNECTED-int8,int8,int32,->,int8]"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test]
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
