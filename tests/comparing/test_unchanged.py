"""Tracing, explaining and comparing change no bit of any tensor, whatever the model, kernel set and engine."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from minilite.comparing import Side, compare, minilite_side
from minilite.errors import UnsupportedError
from minilite.explanation import explain_step
from minilite.graph import Graph, load
from minilite.interpreter import execute
from minilite.program import KERNEL_SETS, bind
from minilite.tracing.reference import with_reals
from minilite.tracing.run import Tracer
from tests.budget.pairs import CONVERTED, own_pairs
from tests.cli.models import DIGITS
from tests.tracing.test_trace import drawn

MODELS = [load(path) for path in sorted([*DIGITS.glob("*.tflite"), *CONVERTED.glob("*.tflite")])]
PAIRS = {path: floats for path, floats in own_pairs() if "dynamic" not in path.name}
Bits = dict[tuple[int, ...], bytes]


def bits(graph: Graph, inputs: dict[int, np.ndarray], kernels: str, engine: str) -> Bits:
    """The contents of every tensor of an ordinary run, by where it was made."""
    program = bind(graph, kernels=kernels, engine=engine)
    return {
        (*map(int, np.ravel(result.path)), place): array.tobytes()
        for result in execute(program, inputs)
        for place, array in enumerate(result.outputs)
    }


@settings(max_examples=12, phases=[Phase.generate], suppress_health_check=list(HealthCheck), deadline=None)
@given(st.data())
def test_looking_inside_changes_no_bit(data: st.DataObject) -> None:
    graph = data.draw(st.sampled_from(MODELS), "model")
    kernels, engine = data.draw(st.sampled_from(KERNEL_SETS)), data.draw(st.sampled_from(["numpy", "auto"]))
    inputs = drawn(graph, data.draw(st.integers(0, 9)))
    try:
        expected = bits(graph, inputs, kernels, engine)
    except UnsupportedError:
        return
    given_bytes = {index: array.tobytes() for index, array in inputs.items()}
    tracer = Tracer(graph, None, kernels, engine, True, data.draw(st.booleans()))
    tracer.add(with_reals(graph, dict(inputs), {}))
    traced = tracer.result("").arrays
    results = [r for r in execute(bind(graph, kernels=kernels, engine=engine), inputs) if r.step.op.control is None]
    chosen = data.draw(st.sampled_from([r for r in results if r.outputs[0].size and r.step.folded is None]))
    before = [array.tobytes() for array in (*chosen.outputs, *(a for a in chosen.inputs if a is not None))]
    explain_step(graph, chosen, [0] * chosen.outputs[0].ndim)
    assert before == [array.tobytes() for array in (*chosen.outputs, *(a for a in chosen.inputs if a is not None))]
    ours = minilite_side(graph, inputs, kernels, engine)
    compare(ours, Side("traced", graph, {index: array for (block, index), array in traced.items() if block == 0}))
    assert {index: array.tobytes() for index, array in inputs.items()} == given_bytes
    for node in graph.main.nodes:
        for index in node.outputs:
            assert ours.values[index].tobytes() == traced[0, index].tobytes()
    assert bits(graph, inputs, kernels, engine) == expected


@pytest.mark.parametrize("path", PAIRS, ids=lambda path: path.stem)
def test_a_float_twin_beside_it_changes_no_bit(path: Path) -> None:
    graph = load(path)
    inputs = drawn(graph, 3)
    arrays = []
    for floats in (None, load(PAIRS[path])):
        tracer = Tracer(graph, floats, engine="numpy")
        tracer.add(with_reals(graph, dict(inputs), {}))
        arrays.append({key: array.tobytes() for key, array in tracer.result("").arrays.items()})
    assert arrays[0] == arrays[1]
