"""Ops that run subgraphs: IF, WHILE, CALL_ONCE, STABLEHLO_CASE, STABLEHLO_COMPOSITE.

Each is a generator that delegates to `execute(subgraph, arrays, iteration)`: inner steps are seen like any other.
Follows tflite/kernels/if.cc, while.cc, call_once.cc, stablehlo_case.cc, stablehlo_composite.cc.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np

from minilite.errors import InputError, ModelError
from minilite.format.options.control import CallOnceOptions, IfOptions, WhileOptions
from minilite.format.options.stablehlo import StablehloCaseOptions, StableHLOCompositeOptions
from minilite.format.table import Table
from minilite.graph import Graph, Node, Subgraph

from .call import Array
from .op import Control, Op, Shapes
from .state import State

ITERATION_BUDGET = 10_000_000  # of one WHILE; a loop that takes more is taken to be endless

Execute = Callable[..., Generator[Any, None, tuple[Array, ...]]]
Outputs = Generator[Any, None, tuple[Array, ...]]
CallShapes = Callable[[int, Shapes], Shapes | None]


def options_of(node: Node, table: type[Table]) -> Any:
    if not isinstance(node.options, table):
        raise ModelError(f"{node.label}: options are {type(node.options).__name__}, expected {table.__name__}")
    return node.options


def single(node: Node, array: Array, what: str, dtype: type[np.generic] = np.bool_) -> Any:
    if array.size != 1 or array.dtype != dtype:
        found = f"its shape is {list(array.shape)} of {array.dtype}"
        raise ModelError(f"{node.label}: the {what} must be one value of {np.dtype(dtype)}, {found}")
    return array.reshape(-1)[0]


def require_count(node: Node, arrays: Sequence[Array], count: int, what: str) -> None:
    if len(arrays) < count:
        raise ModelError(f"{node.label}: {what} is missing")


def check_outputs(node: Node, caller: Subgraph, outputs: Sequence[Array]) -> None:
    """Raise ModelError unless the outputs of a subgraph that a node called are those the node has."""
    tensors = [caller.tensors[index] for index in node.outputs]
    if len(outputs) != len(tensors):
        raise ModelError(f"{node.label}: {len(tensors)} outputs expected, its subgraph has {len(outputs)}")
    for tensor, array in zip(tensors, outputs, strict=True):
        if tensor.dtype != array.dtype:
            raise ModelError(f"{node.label}: {tensor.label} is {tensor.dtype}, its subgraph gives {array.dtype}")


def check_calls(graph: Graph, ops: Mapping[str, Op]) -> None:
    """Raise ModelError for steps that run subgraphs which do not exist, or which call each other in a circle."""
    calls: dict[int, set[int]] = {}
    for subgraph in graph.subgraphs:
        for node in subgraph.nodes:
            control = ops[node.op].control if node.op in ops else None
            for callee in control.callees(node) if control else ():
                if not 0 <= callee < len(graph.subgraphs):
                    raise ModelError(f"{node.label}: there is no subgraph {callee}, only {len(graph.subgraphs)}")
                calls.setdefault(subgraph.index, set()).add(callee)
    try:
        tuple(TopologicalSorter(calls).static_order())
    except CycleError:
        raise ModelError("subgraphs call each other in a circle, which would never end") from None


def shared(options: Sequence[Shapes | None]) -> Shapes | None:
    """The shapes that all subgraphs to choose from give."""
    return options[0] if all(shapes == options[0] for shapes in options) else None


def if_callees(node: Node) -> tuple[int, ...]:
    options = options_of(node, IfOptions)
    return options.then_subgraph_index, options.else_subgraph_index


def run_if(node: Node, arguments: Sequence[Array], state: State, execute: Execute) -> Outputs:
    then, otherwise = if_callees(node)
    require_count(node, arguments, 1, "the condition")
    chosen = then if single(node, arguments[0], "condition") else otherwise
    return (yield from execute(chosen, arguments[1:]))


def shapes_of_if(node: Node, inputs: Shapes, call: CallShapes) -> Shapes | None:
    return shared([call(branch, inputs[1:]) for branch in if_callees(node)])


def while_callees(node: Node) -> tuple[int, ...]:
    options = options_of(node, WhileOptions)
    return options.cond_subgraph_index, options.body_subgraph_index


def run_while(node: Node, arguments: Sequence[Array], state: State, execute: Execute) -> Outputs:
    condition, body = while_callees(node)
    values = tuple(arguments)
    for iteration in range(ITERATION_BUDGET):
        again = yield from execute(condition, values, iteration)
        require_count(node, again, 1, "the output of the condition")
        if not single(node, again[0], "condition"):
            return values
        values = yield from execute(body, values, iteration)
    raise InputError(f"{node.label}: not finished after {ITERATION_BUDGET} iterations, the loop seems endless")


def shapes_of_while(node: Node, inputs: Shapes, call: CallShapes) -> Shapes | None:
    """Those of the inputs, if the body keeps them."""
    condition, body = while_callees(node)
    return inputs if call(condition, inputs) is not None and call(body, inputs) == inputs else None


def call_once_callees(node: Node) -> tuple[int, ...]:
    return (options_of(node, CallOnceOptions).init_subgraph_index,)


def run_call_once(node: Node, arguments: Sequence[Array], state: State, execute: Execute) -> Outputs:
    (subgraph,) = call_once_callees(node)
    if ("called", subgraph) not in state.resources:
        state.resources["called", subgraph] = True
        yield from execute(subgraph, ())
    return ()


def shapes_of_call_once(node: Node, inputs: Shapes, call: CallShapes) -> Shapes | None:
    return None if call(call_once_callees(node)[0], ()) is None else ()


def case_callees(node: Node) -> tuple[int, ...]:
    branches = options_of(node, StablehloCaseOptions).branch_subgraph_indices
    if branches is None or not branches.size:
        raise ModelError(f"{node.label}: there are no branches")
    return tuple(int(branch) for branch in branches)


def run_case(node: Node, arguments: Sequence[Array], state: State, execute: Execute) -> Outputs:
    branches = case_callees(node)
    require_count(node, arguments, 1, "the branch index")
    index = int(single(node, arguments[0], "branch index", np.int32))
    chosen = branches[index] if 0 <= index < len(branches) else branches[-1]
    return (yield from execute(chosen, arguments[1:]))


def shapes_of_case(node: Node, inputs: Shapes, call: CallShapes) -> Shapes | None:
    return shared([call(branch, inputs[1:]) for branch in case_callees(node)])


def composite_callees(node: Node) -> tuple[int, ...]:
    return (options_of(node, StableHLOCompositeOptions).decomposition_subgraph_index,)


def run_composite(node: Node, arguments: Sequence[Array], state: State, execute: Execute) -> Outputs:
    return (yield from execute(composite_callees(node)[0], arguments))


def shapes_of_composite(node: Node, inputs: Shapes, call: CallShapes) -> Shapes | None:
    return call(composite_callees(node)[0], inputs)


OPS = (
    Op("IF", "condition[...] x[...]* -> y[...]*", IfOptions, (), control=Control(if_callees, run_if, shapes_of_if)),
    Op("WHILE", "x[...]* -> y[...]*", WhileOptions, (), control=Control(while_callees, run_while, shapes_of_while)),
    Op("CALL_ONCE", "->", CallOnceOptions, (), control=Control(call_once_callees, run_call_once, shapes_of_call_once)),
    Op(
        "STABLEHLO_CASE",
        "index[...] x[...]* -> y[...]*",
        StablehloCaseOptions,
        (),
        control=Control(case_callees, run_case, shapes_of_case),
    ),
    Op(
        "STABLEHLO_COMPOSITE",
        "x[...]* -> y[...]*",
        StableHLOCompositeOptions,
        (),
        control=Control(composite_callees, run_composite, shapes_of_composite),
    ),
)
