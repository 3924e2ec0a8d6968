"""Subgraphs, loops, variables: whole small graphs against LiteRT, and the ways they can be wrong."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from minilite import oracle
from minilite.errors import InputError, ModelError, StateError
from minilite.format.enums import TensorType
from minilite.format.options.control import IfOptions
from minilite.graph import Graph, Node, Subgraph, read, write
from minilite.interpreter import evaluate, execute
from minilite.ops import control
from minilite.ops.state import State
from minilite.program import bind
from tests.conformance.control import composite_graph, counter_graph, if_graph, while_graph


def assert_equal(graph: Graph, inputs: dict[int, Any]) -> dict[int, Any]:
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    graph = read(write(graph))
    expected, ours = oracle.evaluate(graph, inputs), evaluate(bind(graph), inputs)
    for index in graph.main.outputs:
        assert oracle.difference(ours[index], expected[index]).differing == 0
    return ours


@pytest.mark.parametrize("condition", [True, False])
def test_if_takes_the_branch(condition: bool) -> None:
    ours = assert_equal(if_graph(), {0: np.array([condition]), 1: np.float32([1, 2])})
    assert ours[2].tolist() == ([2.5, 3.5] if condition else [-2.25, -1.25])


@pytest.mark.parametrize("start", [0, 3, 5, 9])
def test_while_repeats_until_the_condition_fails(start: int) -> None:
    ours = assert_equal(while_graph(), {0: np.int32([start]), 1: np.float32([0.3, -7])})
    assert ours[2].tolist() == [max(start, 5)]


def test_inner_steps_are_seen_with_their_path() -> None:
    steps = [*execute(bind(while_graph(2)), {0: np.int32([0]), 1: np.float32([0, 0])})]
    paths = [(result.step.node.op, result.path) for result in steps]
    assert paths[0] == ("LESS", (0, 0, 0, 1, 0, 0))
    assert ("ADD", (0, 0, 0, 2, 1, 1)) in paths
    assert paths[-1] == ("WHILE", (0, 0, 0))
    assert len(paths) == 3 + 2 * 2 + 1


def test_variables_last_between_runs_and_call_once_runs_once() -> None:
    litert = pytest.importorskip("ai_edge_litert.interpreter", reason="LiteRT is not installed")
    graph, state = counter_graph(), State()
    official = litert.Interpreter(
        model_content=write(graph), experimental_op_resolver_type=litert.OpResolverType.BUILTIN_REF
    )
    official.allocate_tensors()
    for run in range(20):
        x = np.float32([run, 0.1 * run])
        official.set_tensor(0, x)
        official.invoke()
        ours = evaluate(bind(graph), {0: x}, state)[3]
        assert oracle.difference(ours, official.get_tensor(3)).differing == 0
    assert evaluate(bind(graph), {0: np.float32([0, 0])})[3].tolist() == [10.0, 20.0]


def test_reading_an_unassigned_variable_is_a_state_error() -> None:
    with pytest.raises(StateError, match=r"READ_VARIABLE \(node 2\): reads resource variable 0 before anything"):
        evaluate(bind(counter_graph(initialized=False)), {0: np.float32([0, 0])})


def test_composite_runs_its_decomposition() -> None:
    assert assert_equal(composite_graph(), {0: np.float32([1, 2])})[1].tolist() == [1.5, 2.5]


def with_options(graph: Graph, options: Any) -> Graph:
    node = graph.main.nodes[0]
    nodes = (Node(0, node.op, node.inputs, node.outputs, options),)
    main = Subgraph(0, "main", graph.main.tensors, nodes, graph.main.inputs, graph.main.outputs)
    return Graph((main, *graph.subgraphs[1:]))


def test_a_subgraph_that_does_not_exist_is_refused() -> None:
    graph = with_options(if_graph(), IfOptions(then_subgraph_index=1, else_subgraph_index=7))
    with pytest.raises(ModelError, match=r"IF \(node 0\): there is no subgraph 7, only 3"):
        bind(graph)


def test_subgraphs_that_call_each_other_in_a_circle_are_refused() -> None:
    graph = with_options(if_graph(), IfOptions(then_subgraph_index=0, else_subgraph_index=2))
    with pytest.raises(ModelError, match="in a circle"):
        bind(graph)


def test_an_endless_loop_ends_with_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "ITERATION_BUDGET", 50)
    with pytest.raises(InputError, match=r"WHILE \(node 0\): not finished after 50 iterations"):
        evaluate(bind(while_graph(10**9)), {0: np.int32([0]), 1: np.float32([0, 0])})


def test_a_call_with_the_wrong_number_of_inputs_is_refused() -> None:
    graph = if_graph()
    node = Node(0, "IF", (0,), (2,), graph.main.nodes[0].options)
    main = Subgraph(0, "main", graph.main.tensors, (node,), (0, 1), (2,))
    with pytest.raises(ModelError, match="subgraph 1 takes 1 inputs, it is called with 0"):
        evaluate(bind(Graph((main, *graph.subgraphs[1:]))), {0: np.array([True]), 1: np.float32([1, 2])})


def with_inner(graph: Graph, index: int, **changes: Any) -> Graph:
    inner = replace(graph.subgraphs[index], **changes)
    return replace(graph, subgraphs=(*graph.subgraphs[:index], inner, *graph.subgraphs[index + 1 :]))


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (with_inner(if_graph(), 1, outputs=()), "1 outputs expected, its subgraph has 0"),
        (with_inner(if_graph(), 1, outputs=(2, 2)), "1 outputs expected, its subgraph has 2"),
        (with_inner(while_graph(), 1, outputs=()), "the output of the condition is missing"),
        (with_inner(while_graph(), 1, outputs=(2,)), "the condition must be one value of bool, .* of int32"),
        (with_inner(while_graph(), 1, outputs=(1,)), r"the condition must be one value of bool, its shape is \[2\]"),
    ],
)
def test_subgraphs_that_do_not_fit_their_step_are_refused(graph: Graph, message: str) -> None:
    first = np.array([True]) if graph.main.nodes[0].op == "IF" else np.int32([0])
    with pytest.raises(ModelError, match=message):
        evaluate(bind(graph), {0: first, 1: np.float32([1, 2])})


def test_a_subgraph_that_gives_another_type_is_refused() -> None:
    graph = if_graph()
    tensors = (*graph.main.tensors[:2], replace(graph.main.tensors[2], type=TensorType.INT32))
    main = replace(graph.main, tensors=tensors)
    with pytest.raises(ModelError, match=r"tensor 2 'y' is int32, its subgraph gives float32"):
        evaluate(
            bind(replace(graph, subgraphs=(main, *graph.subgraphs[1:]))), {0: np.array([True]), 1: np.float32([1, 2])}
        )


@pytest.mark.parametrize("graph", [if_graph(), while_graph(), composite_graph()])
def test_shapes_are_known_where_subgraphs_keep_them(graph: Graph) -> None:
    program = bind(graph, engine="numpy")
    assert program.is_static
    inputs = {i: np.ones(program.shapes[i], graph.main.tensors[i].dtype) for i in graph.main.inputs}
    one, other = State(), State()
    for _ in range(2):
        expected = evaluate(program, inputs, one)
        outputs = {i: np.empty_like(expected[i]) for i in graph.main.outputs}
        program.run(inputs, outputs, other)
        assert all(np.array_equal(outputs[i], expected[i]) for i in outputs)


def test_shapes_are_not_known_where_branches_differ() -> None:
    graph = if_graph()
    x, c, y = graph.subgraphs[2].tensors
    longer = replace(c, shape=(2, 1), data=np.ones(2, np.float32).view(np.uint8))
    otherwise = replace(graph.subgraphs[2], tensors=(x, longer, replace(y, shape=(2, 2))))
    program = bind(replace(graph, subgraphs=(*graph.subgraphs[:2], otherwise)), engine="numpy")
    assert not program.is_static
    for condition, shape in ((True, (2,)), (False, (2, 2))):
        values = evaluate(program, {0: np.array([condition]), 1: np.ones(2, np.float32)})
        assert values[2].shape == shape
