"""How far floats may lie from LiteRT's, by the table of `minilite ops`."""

from collections.abc import Mapping

from minilite.comparing import Comparison
from minilite.comparing.comparison import TensorComparison
from minilite.ops.op import matches
from minilite.program import Program, Step

from .ops import support_table
from .output import Document


def stated_tolerances(program: Program, kernels: str) -> dict[int, float]:
    """The tolerance of each node that has one in this kernel set, as a share of the largest absolute value.

    A node that runs subgraphs has the largest of what is stated of their ops, once the program has run.
    """
    rows: dict[str, list[Document]] = {}
    for row in support_table()["rows"]:
        rows.setdefault(row["op"], []).append(row)
    return _of_program(program, rows, kernels)


def _of_program(program: Program, rows: Mapping[str, list[Document]], kernels: str) -> dict[int, float]:
    found = {}
    for step in program.steps:
        if step.op.control is None:
            stated = _of_step(step, rows.get(step.node.op, []), kernels)
        else:
            callees = step.op.control.callees(step.node)
            inner = [callee for (subgraph, _), callee in program.memory.items() if subgraph in callees]
            stated = max((one for callee in inner for one in _of_program(callee, rows, kernels).values()), default=None)
        if stated is not None:
            found[step.node.index] = stated
    return found


def _of_step(step: Step, rows: list[Document], kernels: str) -> float | None:
    if step.prepared is None:
        return None
    operands = step.prepared.call.operands
    types = {name: [each.tensor.type.name.lower() for each in group] for name, group in operands.items()}
    for row in rows:
        stated = row["sets"].get(kernels)
        if isinstance(stated, float) and row["types"] != "any" and matches(row["types"], step.op.signature, types):
            return stated
    return None


def is_within(entry: TensorComparison, tolerances: dict[int, float]) -> bool:
    """Whether a tensor is equal, or its op, given equal inputs, makes no difference beyond what is stated of it."""
    if entry.is_equal:
        return True
    if entry.mismatch is not None or entry.alone is None:
        return False
    return entry.alone == 0 or entry.alone_share <= tolerances.get(entry.node.index, 0.0)


def add_tolerances(document: Document, found: Comparison, tolerances: dict[int, float]) -> None:
    """Write into the JSON of a comparison what is stated, and what is within it."""
    within = {index: is_within(entry, tolerances) for index, entry in found.tensors.items()}
    for tensor in document["tensors"]:
        tensor["tolerance"] = tolerances.get(tensor["node"])
        tensor["within"] = within[tensor["index"]]
    document["within"] = all(within.values())
