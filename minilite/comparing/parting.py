"""Where two sides part: the first op that answers differently when both are given the same inputs.

Differences accumulate: after the first differing tensor nearly every tensor differs. So each op of the one side is also
run on the other side's own inputs; what then differs is this op's doing.
"""

from typing import Any, NamedTuple

from numpy.typing import NDArray

from minilite import oracle
from minilite.errors import InputError
from minilite.oracle import Difference
from minilite.program import Step

from .side import Side, arguments, recompute

Array = NDArray[Any]


class Parting(NamedTuple):
    """An output of a node that differs although the inputs are equal, and the rule each side follows there."""

    node: int
    op: str
    tensor: int
    difference: Difference
    rules: tuple[str, str]


def first_parting(one: Side, other: Side) -> Parting | None:
    """The first node of `one` that, run on the inputs `other` had, differs from what `other` made of them.

    None when there is none. Nodes that neither side can compute alone are passed over.
    """
    for node in one.graph.main.nodes:
        for index, found in alone(one, other, node.index).items():
            if found.differing:
                rules = rule_text(one, node.index), rule_text(other, node.index)
                return Parting(node.index, node.op, index, found, rules)
    return None


def alone(one: Side, other: Side, node: int) -> dict[int, Difference]:
    """How the outputs of a node differ, by tensor index, when `one` is given the inputs that `other` had.

    The other way round when only `other` can compute. Empty when neither can, or a value is missing.
    """
    ours, theirs = one.step(node), other.step(node)
    outputs = one.graph.main.nodes[node].outputs
    if ours is not None and theirs is not None and same_kernel(ours, theirs):
        return {index: Difference(int(one.values[index].size), 0, 0.0, None) for index in outputs if index >= 0}
    computing, given = (one, other) if ours is not None else (other, one)
    made = recompute(computing, node, given.values)
    if made is None:
        return {}
    pairs = zip(outputs, made, strict=True)
    return {index: _difference(mine, given.values[index]) for index, mine in pairs if index in given.values}


def _difference(ours: Array, theirs: Array) -> Difference:
    try:
        return oracle.difference(ours, theirs)
    except InputError:  # another shape or type: all of it differs
        return Difference(int(ours.size), int(ours.size), float("nan"), None)


def same_kernel(one: Step, other: Step) -> bool:
    """Whether two steps of one node compute by the same kernel and rule, so that equal inputs give equal outputs."""
    if one.prepared is None or other.prepared is None:
        return one.kernel_set == other.kernel_set
    same = one.prepared.variant is other.prepared.variant
    return same and one.prepared.call.rule == other.prepared.call.rule


def rule_text(side: Side, node: int) -> str:
    """Whose kernel a side uses for a node, and by which rule it rounds."""
    step, inputs = side.step(node), arguments(side, node, side.values)
    if step is None or inputs is None:
        return side.label
    if step.op.control is not None:
        return "in its subgraphs"
    prepared = step.prepare_for(inputs)
    rule = f", rounds by {prepared.call.rule}" if prepared.call.rule else ""
    return f"{prepared.variant.name} kernel of {prepared.kernel_set}{rule}"
