"""What every other kernel set gives for one node and the same inputs."""

from collections.abc import Iterator
from dataclasses import replace

from minilite.errors import MiniliteError
from minilite.graph import Graph
from minilite.interpreter import StepResult, evaluate
from minilite.ops.state import State
from minilite.program import KERNEL_SETS, bind
from minilite.real import is_real, to_real

from .values import Index, Other, plain


def others(graph: Graph, result: StepResult, output: int, at: Index) -> Iterator[Other]:
    """One for each kernel set but the step's own: the element, or in a line why there is none."""
    for kernels in KERNEL_SETS:
        if kernels == result.step.kernel_set:
            continue
        try:
            yield _other(graph, result, output, at, kernels)
        except MiniliteError as error:
            yield Other(kernels, None, None, str(error))


def _other(graph: Graph, result: StepResult, output: int, at: Index, kernels: str) -> Other:
    step = result.step
    given = {i: a for i, a in zip(step.node.inputs, result.inputs, strict=True) if a is not None}
    variables = {index for index in given if step.subgraph.tensors[index].is_variable}
    fed = [index for index in given if index not in variables and step.subgraph.tensors[index].data is None]
    alone = replace(step.subgraph, nodes=(step.node,), inputs=tuple(dict.fromkeys(fed)), outputs=step.node.outputs)
    blocks = tuple(alone if block is step.subgraph else block for block in graph.subgraphs)
    shapes = {index: given[index].shape for index in fed}
    program = bind(
        replace(graph, subgraphs=blocks), shapes, kernels=kernels, engine="numpy", subgraph=step.subgraph.index
    )
    state = State({(step.subgraph.index, index): given[index] for index in variables})
    values = evaluate(program, {index: given[index] for index in fed}, state)
    index = step.node.outputs[output]
    made, tensor = values[index], step.subgraph.tensors[index]
    real = float(to_real(tensor, made)[at]) if is_real(tensor) else None
    return Other(kernels, plain(made[at]), real, None)
