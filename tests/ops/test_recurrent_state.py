"""State over many runs: twenty runs in a row with one State against one official interpreter, all outputs compared."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from minilite import oracle
from minilite.graph import Graph, load, write
from minilite.interpreter import evaluate
from minilite.ops.state import State
from minilite.program import bind
from tests.conformance import CASES
from tests.conftest import shared_models

RUNS = 20
STATEFUL = ("SVDF", "RNN", "LSTM")
STATEFUL_CASES = [case for case in CASES if case.op.endswith(STATEFUL) and not case.deviation]
TRAINED = [path for path in shared_models() if path.stem.startswith("trained_lstm")]


def official(model: bytes) -> Any:
    module = pytest.importorskip("ai_edge_litert.interpreter", reason="LiteRT is not installed")
    resolver = module.OpResolverType.BUILTIN_REF
    interpreter = module.Interpreter(model_content=model, experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    return interpreter


def random_input(generator: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray:
    if dtype.kind == "f":
        return generator.normal(size=shape).astype(dtype)
    info = np.iinfo(dtype)
    return generator.integers(info.min, info.max + 1, shape).astype(dtype)


def differing(graph: Graph, model: bytes, reset_after: int | None = None, keep: bool = True) -> int:
    """How many output elements of `RUNS` runs differ; without `keep`, minilite forgets its state after each run."""
    interpreter, program, state = official(model), bind(graph), State()
    generator, total = np.random.default_rng(7), 0
    for run in range(RUNS):
        if run == reset_after:
            interpreter.reset_all_variables()
            state.reset()
        tensors = graph.main.tensors
        inputs = {i: random_input(generator, tensors[i].shape, tensors[i].dtype) for i in graph.main.inputs}
        for index, array in inputs.items():
            interpreter.set_tensor(index, array)
        interpreter.invoke()
        values = evaluate(program, inputs, state if keep else State())
        for index in graph.main.outputs:
            total += oracle.difference(values[index], interpreter.get_tensor(index)).differing
    return total


@pytest.mark.skipif(not TRAINED, reason="the real models (../shared/models) are not here")
@pytest.mark.parametrize("path", TRAINED, ids=lambda path: path.stem)
def test_trained_lstm_over_many_runs(path: Path) -> None:
    assert differing(load(path), path.read_bytes(), reset_after=13) == 0


@pytest.mark.parametrize(
    "case", STATEFUL_CASES, ids=lambda case: f"{case.op}-{case.types.split()[0]}-{len(case.types)}"
)
def test_state_over_many_runs(case: Any) -> None:
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")

    @settings(max_examples=6, phases=[Phase.generate], derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case.draw)
    def check(example: Any) -> None:
        assert differing(example.graph, write(example.graph), reset_after=13) == 0

    check()


@settings(max_examples=1, phases=[Phase.generate], derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_the_check_sees_forgotten_state(data: st.DataObject) -> None:
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    case = next(case for case in STATEFUL_CASES if case.op == "SVDF" and case.types.startswith("int8"))
    graph = data.draw(case.draw.filter(lambda example: example.graph.main.tensors[2].shape[1] > 4)).graph
    assert differing(graph, write(graph), keep=False) > 0
