"""One output element of one node, step by step: what it is made of, every rounding, what else it could have been.

The node's own plan and kernel take the steps (watch.py), so nothing is computed in a second way: `accumulate` the
accumulator, the rescale rule's own named steps its rounding, and the kernel the stages that it names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from minilite.errors import MiniliteError, UnsupportedError
from minilite.graph import Graph, Tensor, load
from minilite.graph.read import Source
from minilite.interpreter import StepResult, to_inputs
from minilite.ops.call import Array
from minilite.ops.prepare import Prepared
from minilite.program import Kernels
from minilite.real import is_real, make_real, to_real

from .copies import source
from .explanation import Explanation as Explanation
from .node import check_output, check_position, run_to, worst
from .others import others
from .steps import Steps, Taken
from .terms import Operands, make_terms, reads_of
from .values import plain
from .watch import numbers


def explain(
    model: Graph | Source,
    inputs: Mapping[str, Any] | Any,
    node: int,
    at: Sequence[int] | None = None,
    *,
    output: int = 0,
    subgraph: int = 0,
    kernels: Kernels = "reference",
) -> Explanation:
    """How one element of what a node makes comes about; print it.

    `inputs` are those of `run`. `node` counts the nodes of the main subgraph, or of `subgraph`, where the first run of
    the node is explained. `at` is the index of the element in output number `output`; without it, the element with the
    largest error against real arithmetic. Raises InputError for a node or an element that does not exist,
    UnsupportedError when there is no real arithmetic to find the largest error with.
    """
    graph = model if isinstance(model, Graph) else load(model)
    result = run_to(graph, to_inputs(graph, inputs), node, subgraph, kernels)
    return explain_step(graph, result, at, output)


def explain_step(graph: Graph, result: StepResult, at: Sequence[int] | None, output: int = 0) -> Explanation:
    """The same for a step that has run."""
    made = check_output(result, output)
    tensor = result.step.subgraph.tensors[result.step.node.outputs[output]]
    exact, reason = real_arithmetic(graph, result, output)
    if at is not None:
        place = check_position(result, output, at)
    elif exact is None:
        raise UnsupportedError(f"{result.step.node.label}: no largest error to look for: {reason}")
    else:
        place = worst(to_real(tensor, made), exact)
    prepared = result.step.prepare_for(result.inputs)
    constants = {path: plain(value) for path, value in numbers(prepared.plan)}
    op, moves = result.step.op, may_move(result, prepared)
    taken = None if op.uses_state or output else Taken(prepared, result.step.operands(result.inputs))
    copied = source(result, output, place) if moves and (taken is None or taken.is_plain) else None
    operands = Operands(result, constants, {} if taken is None else taken.codes)
    reads = reads_of(op, prepared.call, made, place, output)
    terms = () if copied is not None else make_terms(operands, reads)
    start = tuple(operands.element(name, index[0]) for name, index in reads.start.items())
    real = real_values(tensor, made)
    return Explanation(
        step=replace(result.step, prepared=prepared),
        tensor=tensor,
        at=place,
        constants=constants,
        copied_from=None if copied is None else operands.element(*copied),
        terms=terms,
        start=start,
        steps=() if taken is None or copied else Steps(place, made.shape).take(taken, terms, start),
        code=plain(made[place]),
        real=None if real is None else float(real[place]),
        exact=None if exact is None else float(exact[place]),
        no_exact=reason,
        others=tuple(others(graph, result, output, place)),
    )


def may_move(result: StepResult, prepared: Prepared) -> bool:
    """Whether the kernel may be one that moves elements: one that neither rescales nor reads windows or rows."""
    return prepared.variant.accumulate is None and result.step.op.reads is None


def real_values(tensor: Tensor, array: Array) -> Array | None:
    """What the values of a tensor stand for, float64; None when they are no real numbers."""
    return to_real(tensor, array) if is_real(tensor) else None


def real_arithmetic(graph: Graph, result: StepResult, output: int) -> tuple[Array | None, str | None]:
    """The output in real arithmetic of the same inputs, or why there is none."""
    made = result.outputs[output]
    try:
        exact = make_real(graph).outputs(result)[output]
    except MiniliteError as error:
        return None, str(error)
    return (exact, None) if exact.shape == made.shape and exact.dtype.kind == "f" else (None, "it is no real number")
