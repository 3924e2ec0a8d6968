"""A comparison finds the op at fault, however far its error spreads, and never changes a bit."""

from dataclasses import replace

import numpy as np
import pytest

from minilite.comparing import Side, compare, minilite_side
from minilite.comparing.parting import first_parting
from minilite.graph import Graph, load
from tests.cli.models import DIGITS
from tests.graph.build import with_main

MODEL = load(DIGITS / "digits_int8.tflite")
CULPRITS = [node.index for node in MODEL.main.nodes if len(node.inputs) == 3]


def codes() -> dict[int, np.ndarray]:
    tensor = MODEL.main.tensors[MODEL.main.inputs[0]]
    generator = np.random.default_rng(7)
    return {tensor.index: generator.integers(-128, 128, tensor.shape, np.int8)}


def with_other_weights(graph: Graph, node: int) -> Graph:
    """`graph` with the signs of a node's weights turned round."""
    tensors = list(graph.main.tensors)
    index = graph.main.nodes[node].inputs[1]
    stored = np.negative(np.maximum(tensors[index].value, -127)).astype(np.int8)
    tensors[index] = replace(tensors[index], data=stored.reshape(-1).view(np.uint8))
    return with_main(graph, tensors=tuple(tensors))


def recorded(side: Side) -> Side:
    """The same values, with no program that could compute them again."""
    return Side("recorded", side.graph, side.values)


def test_equal_sides() -> None:
    found = compare(minilite_side(MODEL, codes()), recorded(minilite_side(MODEL, codes())))
    assert found.parting is None
    assert not found.differing
    assert [tensor.alone for tensor in found.tensors.values()] == [0] * len(MODEL.main.nodes)


@pytest.mark.parametrize("node", CULPRITS)
def test_the_culprit_is_the_first_op_that_differs_given_equal_inputs(node: int) -> None:
    ours = minilite_side(MODEL, codes())
    theirs = recorded(minilite_side(with_other_weights(MODEL, node), codes()))
    found = compare(ours, theirs)
    assert found.parting is not None
    assert (found.parting.node, found.parting.rules[1]) == (node, "recorded")
    assert first_parting(ours, theirs).node == node
    assert [tensor.node.index for tensor in found.tensors.values() if tensor.alone] == [node]
    assert len(found.differing) > 1, "the difference should have spread"
    assert first_parting(theirs, ours).node == node, "either side can be the one that computes"


def test_one_changed_element_is_counted_where_it_is() -> None:
    ours = minilite_side(MODEL, codes())
    index = MODEL.main.nodes[2].outputs[0]
    changed = np.array(ours.values[index])
    changed[0, 1, 2, 3] += 2 if changed[0, 1, 2, 3] < 100 else -2
    found = compare(ours, Side("dump", MODEL, {index: changed}))
    entry = found.tensors[index]
    assert (entry.differing, entry.largest, entry.first.at) == (1, 2.0, (0, 1, 2, 3))
    assert entry.errors.largest == pytest.approx(2 * float(MODEL.main.tensors[index].quantization.scale[0]))
    assert set(found.unpaired) == {i for node in MODEL.main.nodes for i in node.outputs} - {index}


def test_relative_error_grows_by_the_amplification() -> None:
    ours = minilite_side(MODEL, codes())
    found = compare(ours, recorded(minilite_side(with_other_weights(MODEL, 0), codes())))
    second = found.tensors[MODEL.main.nodes[1].outputs[0]]
    first = found.tensors[MODEL.main.nodes[0].outputs[0]]
    assert second.amplification == pytest.approx(second.relative / first.relative)


def test_comparing_changes_no_bit() -> None:
    ours, theirs = minilite_side(MODEL, codes()), minilite_side(MODEL, codes(), engine="numpy")
    before = {index: np.array(array) for index, array in ours.values.items()}
    compare(ours, recorded(theirs))
    assert all(np.array_equal(before[index], array) for index, array in ours.values.items())


def test_a_loop_is_run_on_the_other_sides_inputs() -> None:
    graph = load(DIGITS.parents[1] / "tests" / "converted" / "gru_float32.tflite")
    index = graph.main.inputs[0]
    inputs = {index: np.random.default_rng(7).uniform(-1, 1, graph.main.tensors[index].shape).astype(np.float32)}
    ours, theirs = (minilite_side(graph, inputs, kernels) for kernels in ("reference", "optimized"))
    (loop,) = (node for node in graph.main.nodes if node.op == "WHILE")
    found = compare(ours, recorded(theirs))
    assert found.parting is not None
    assert (found.parting.node, found.parting.rules) == (loop.index, ("in its subgraphs", "recorded"))
    assert [found.tensors[index].alone == found.tensors[index].differing for index in loop.outputs] == [True] * 5
    assert compare(ours, recorded(ours)).parting is None
