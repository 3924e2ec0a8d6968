"""One side of a comparison: the values of every tensor, and the program that can compute more of them, if any."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minilite import oracle
from minilite.errors import InputError, MiniliteError
from minilite.graph import Graph, Node
from minilite.graph.repair import repair_dimensions
from minilite.interpreter import evaluate
from minilite.ops import OPS
from minilite.ops.state import State, initial
from minilite.program import Kernels, Program, Step, bind

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Side:
    """The values of the main subgraph by tensor index, under a label to print.

    `program`, with its `steps` by node, computes one node again, on other inputs; None for values from elsewhere.
    """

    label: str
    graph: Graph
    values: Mapping[int, Array]
    program: Program | None = None
    steps: Mapping[int, Step] = field(default_factory=dict)

    def step(self, node: int) -> Step | None:
        """The step of a node, None when this side cannot compute it."""
        return self.steps.get(node)


def minilite_side(
    graph: Graph, inputs: Mapping[int, Array], kernels: Kernels = "reference", engine: str = "auto", label: str = ""
) -> Side:
    """What minilite computes from `inputs`, by tensor index. Raises UnsupportedError for what the set does not take."""
    program = bind(graph, {index: array.shape for index, array in inputs.items()}, kernels=kernels, engine=engine)
    return program_side(program, evaluate(program, inputs), label or (kernels if isinstance(kernels, str) else "mixed"))


def program_side(program: Program, values: Mapping[int, Array], label: str) -> Side:
    """What a program has computed."""
    return Side(label, program.graph, values, program, {step.node.index: step for step in program.steps})


def litert_side(graph: Graph, data: bytes | Graph, inputs: Mapping[int, Array], kernels: str, label: str = "") -> Side:
    """What LiteRT computes with the resolver of a kernel set. Raises InputError when it refuses the model.

    A value that LiteRT leaves as it was is left out.
    """
    values = oracle.evaluate(data, inputs, kernels)
    left_over = {index for node in graph.main.nodes for index in node.outputs if _is_left_over(graph, node, index)}
    if kernels == "xnnpack":
        left_over |= _constant_outputs(graph)
    kept = {index: array for index, array in values.items() if index not in left_over}
    return Side(label or f"litert:{kernels}", graph, kept)


def _is_left_over(graph: Graph, node: Node, index: int) -> bool:
    """Whether nobody reads an output of a node that runs subgraphs: LiteRT then leaves its memory as it was."""
    main = graph.main
    op = OPS.get(node.op)
    read = index in main.outputs or any(index in reader.inputs for reader in main.nodes)
    return op is not None and op.control is not None and not read


def _constant_outputs(graph: Graph) -> set[int]:
    """What is made from constants alone, such as unpacked float16 weights: the delegate keeps it to itself."""
    constants = {tensor.index for tensor in graph.main.tensors if tensor.data is not None}
    found: set[int] = set()
    for node in graph.main.nodes:
        if node.inputs and all(index < 0 or index in constants | found for index in node.inputs):
            found |= set(node.outputs)
    return found - set(graph.main.outputs)


def official_copy(graph: Graph, refusal: MiniliteError) -> tuple[Graph, str]:
    """A copy of a model that LiteRT refused and takes after repair, and what was repaired. Raises the refusal again
    when it is about something else.
    """
    if "quantized_dimension" not in str(refusal):
        raise refusal
    repaired = repair_dimensions(graph)
    how = (
        f"LiteRT refuses the file as it is; it was given a copy with quantized_dimension 0 "
        f"on {repaired.tensors} tensors of rank 1"
    )
    return repaired.graph, how


def recompute(side: Side, node: int, values: Mapping[int, Array]) -> tuple[Array, ...] | None:
    """The outputs of one node of `side` from the inputs it has among `values`; variables have their first value.

    None when the side cannot compute it, or an input has no value.
    """
    step, inputs = side.step(node), arguments(side, node, values)
    if step is None or inputs is None or step.op.uses_state:
        return None
    try:
        if step.op.control is not None:
            return _run_subgraphs(side, step, inputs)
        with np.errstate(all="ignore"):
            return step.run(inputs, State()).outputs
    except InputError:  # the other side's values are none that this op takes
        return None


def arguments(side: Side, node: int, values: Mapping[int, Array]) -> list[Array | None] | None:
    """What a node of `side` reads: its constants, variables as they begin, the others from `values`.

    None for a side without a program, or when a value is missing.
    """
    constants = side.program.constants if side.program is not None else {}
    inputs: list[Array | None] = []
    step = side.step(node)
    for index in () if step is None else step.node.inputs:
        if index < 0:
            inputs.append(None)
        elif side.graph.main.tensors[index].is_variable:
            inputs.append(initial(side.graph.main.tensors[index]))
        elif index in constants or index in values:
            inputs.append(constants[index] if index in constants else np.asarray(values[index]))
        else:
            return None
    return None if step is None else inputs


def _run_subgraphs(side: Side, step: Step, inputs: Sequence[Array | None]) -> tuple[Array, ...] | None:
    """The outputs of a node such as WHILE, run as a program of its own; None where state would be missing."""
    assert side.program is not None
    ops = side.program.settings[0]
    if any(ops[node.op].uses_state for subgraph in side.graph.subgraphs for node in subgraph.nodes):
        return None
    given = {i: x for i, x in zip(step.node.inputs, inputs, strict=True) if i >= 0 and x is not None}
    block = replace(side.program.subgraph, inputs=tuple(given), nodes=(step.node,), outputs=step.node.outputs)
    shapes = {index: array.shape for index, array in given.items()}
    values = evaluate(replace(side.program, subgraph=block, steps=(step,), shapes=shapes, runners={}), given)
    return tuple(values[index] for index in step.node.outputs)
