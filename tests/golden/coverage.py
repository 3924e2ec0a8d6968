"""Which ops and element types the recorded tensors cover, by kernel set.

    python -m tests.golden.coverage     writes tests/golden/coverage.json

A node covers its types when an output of it was recorded of a build and the build took it. The list is kept for where
the complete vectors (../shared/golden) are not.
"""

import json
from collections.abc import Iterator, Mapping

from minilite.graph import Graph, load
from minilite.ops.op import matches
from minilite.program import Step, bind

from .vectors import BUILDS, HERE, all_cases, model_names, model_path, model_runs, stored_under

LIST = HERE / "coverage.json"
Coverage = Mapping[tuple[str, str], tuple[str, ...]]  # kernel sets by op and element types


def recorded() -> Coverage:
    """What the stored list says."""
    entries = json.loads(LIST.read_text(encoding="utf-8"))
    return {(entry["op"], entry["types"]): tuple(entry["sets"]) for entry in entries}


def covered() -> Coverage:
    """What the vectors at hand cover."""
    found: dict[tuple[str, str], list[str]] = {}
    for kernels in BUILDS:
        keys = {key for graph, tensors in _graphs(kernels) for key in _covered_by(graph, tensors, kernels)}
        for key in sorted(keys):
            found.setdefault(key, []).append(kernels)
    return {key: tuple(found[key]) for key in sorted(found)}


def _graphs(kernels: str) -> Iterator[tuple[Graph, set[int]]]:
    """Each model that a set takes, with the indices of its recorded tensors."""
    for model in model_names():
        runs = model_runs(stored_under(model, kernels))
        yield load(model_path(model)), {index for run in (*runs.fresh, *runs.stream) for index in run.tensors}
    for case in all_cases():
        if not case.is_refused(kernels):
            graph = case.graph()
            yield graph, set(graph.main.outputs)


def _covered_by(graph: Graph, tensors: set[int], kernels: str) -> Iterator[tuple[str, str]]:
    for step in bind(graph, kernels=kernels).steps:
        types = types_of(step)
        if len(types) == 1 and not tensors.isdisjoint(step.node.outputs):
            yield step.op.code, types[0]


def types_of(step: Step) -> list[str]:
    """The element types of a step as its variant lists them; several where operands left out leave it open."""
    prepared = step.prepared
    if prepared is None:
        return []
    given = {name: [one.tensor.type.name.lower() for one in group] for name, group in prepared.call.operands.items()}
    return [text for text in prepared.variant.types if matches(text, prepared.call.signature, given)]


if __name__ == "__main__":
    entries = [{"op": op, "types": types, "sets": sets} for (op, types), sets in covered().items()]
    LIST.write_text("[\n" + ",\n".join(f"  {json.dumps(entry)}" for entry in entries) + "\n]\n", encoding="utf-8")
