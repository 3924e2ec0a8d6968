"""Running a model up to one node, and choosing one element of what it makes."""

from collections.abc import Mapping, Sequence

import numpy as np

from minilite.errors import InputError, UnsupportedError
from minilite.graph import Graph
from minilite.interpreter import StepResult, execute
from minilite.ops.call import Array
from minilite.program import Kernels, bind

from .values import Index


def run_to(graph: Graph, inputs: Mapping[int, Array], node: int, subgraph: int, kernels: Kernels) -> StepResult:
    """What the node did when it ran for the first time. Raises InputError when there is none, or it never ran."""
    if not 0 <= subgraph < len(graph.subgraphs):
        raise InputError(f"there is no subgraph {subgraph}; the model has {_counted(len(graph.subgraphs), 'subgraph')}")
    count = len(graph.subgraphs[subgraph].nodes)
    if not 0 <= node < count:
        raise InputError(f"there is no node {node}; subgraph {subgraph} has {_counted(count, 'node')}")
    program = bind(graph, {index: array.shape for index, array in inputs.items()}, kernels=kernels, engine="numpy")
    label = graph.subgraphs[subgraph].nodes[node].label
    for result in execute(program, inputs):
        if result.step.subgraph.index == subgraph and result.step.node.index == node:
            if result.step.op.control is not None:
                raise UnsupportedError(f"{label} runs subgraphs; explain a node of those instead, by their number")
            return result
    raise InputError(f"{label} of subgraph {subgraph} did not run with these inputs")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}s, numbered 0 to {number - 1}" if number > 1 else f"1 {what}, number 0"


def check_output(result: StepResult, output: int) -> Array:
    """The output of this number. Raises InputError when there is none, or it is empty."""
    node, count = result.step.node, len(result.outputs)
    if not 0 <= output < count:
        raise InputError(f"{node.label}: there is no output {output}; it has {_counted(count, 'output')}")
    made = result.outputs[output]
    if not made.size:
        raise InputError(f"{node.label}: output {output} has shape {list(made.shape)}, there is no element to explain")
    return made


def check_position(result: StepResult, output: int, at: Sequence[int]) -> Index:
    """`at` as an index into the output, negative numbers counted from the end. Raises InputError for a wrong one."""
    shape, label = result.outputs[output].shape, result.step.node.label
    if len(at) != len(shape) or not all(-length <= index < length for index, length in zip(at, shape, strict=True)):
        example = ",".join(str(length - 1) for length in shape)
        raise InputError(
            f"{label}: no element {list(at)} in its output of shape {list(shape)}; "
            + (f"expected {len(shape)} numbers, 0 to {example}" if shape else "it is one number: give no position")
        )
    return tuple(int(index) % length for index, length in zip(at, shape, strict=True))


def worst(reals: Array, exact: Array) -> Index:
    """Where real values are farthest from those of real arithmetic; the first such place."""
    with np.errstate(all="ignore"):
        errors = np.abs(reals - exact)
    errors = np.where(np.isnan(errors), -1, errors)
    return tuple(int(index) for index in np.unravel_index(int(errors.argmax()), reals.shape))
