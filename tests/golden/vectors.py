"""Reading the golden vectors: one-op cases that carry their models, and runs of whole models."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from minilite.graph import Graph, load
from minilite.interpreter import evaluate
from minilite.ops import OPS, Op
from minilite.ops.state import State
from minilite.program import bind

Array = np.ndarray[Any, Any]
HERE = Path(__file__).parent
SHARED = HERE.parents[2] / "shared"
ORACLE, MODELS = SHARED / "golden" / "tflm", SHARED / "models"
SELECTION = HERE / "selection.npz"
BUILDS = {"tflm": "A", "tflm-single": "B", "cmsis-nn": "C", "cmsis-nn-single": "D"}


@dataclass(frozen=True, eq=False)
class OneOpCase:
    """A model of one node, invoked once or several times in a row, and what each build gave."""

    name: str
    model: bytes
    inputs: tuple[tuple[Array, ...], ...]  # of each invocation
    outputs: Mapping[str, tuple[Array, ...]]  # by build
    refused: frozenset[str]  # the builds that did not take the model

    @property
    def label(self) -> str:
        """The name without the number that tells cases of one kind apart."""
        return self.name.rpartition("_")[0]

    def graph(self) -> Graph:
        return load(self.model)

    def expected(self, kernels: str) -> tuple[Array, ...]:
        """The output of each invocation under this kernel set."""
        return self.outputs[BUILDS[kernels]]

    def run(self, kernels: str, ops: Mapping[str, Op] = OPS, engine: str = "numpy") -> list[Array]:
        """What minilite gives for the same invocations."""
        graph, state = self.graph(), State()
        program = bind(graph, ops=ops, kernels=kernels, engine=engine)
        values = [evaluate(program, dict(zip(graph.main.inputs, given, strict=True)), state) for given in self.inputs]
        return [each[graph.main.outputs[0]] for each in values]


def one_op_cases(path: Path) -> dict[str, OneOpCase]:
    """All cases of a file, by name."""
    with np.load(path) as archive:
        stored: dict[str, dict[str, Array]] = defaultdict(dict)
        for key in archive.files:
            name, _, rest = key.rpartition("/")
            stored[name][rest] = archive[key]
    return {name: _one_op_case(name, arrays) for name, arrays in stored.items()}


def _one_op_case(name: str, arrays: dict[str, Array]) -> OneOpCase:
    count = sum(key.startswith("out_A_") for key in arrays)
    inputs = []
    for run in range(count):
        operands = sum(key.startswith(f"in_{run}_") for key in arrays)
        inputs.append(tuple(arrays[f"in_{run}_{operand}"] for operand in range(operands)))
    outputs = {
        build: tuple(arrays.get(f"out_{build}_{run}", arrays[f"out_A_{run}"]) for run in range(count))
        for build in BUILDS.values()
    }
    refused = frozenset(build for build in BUILDS.values() if f"refused_{build}" in arrays)
    return OneOpCase(name, arrays["model"].tobytes(), tuple(inputs), outputs, refused)


class Run(NamedTuple):
    """One invocation of a model: inputs, and the tensors that were stored of it, by index."""

    inputs: dict[int, Array]
    tensors: dict[int, Array]


class ModelRuns(NamedTuple):
    """What a build gave for a model: invocations of fresh interpreters, and a row of invocations of one."""

    fresh: tuple[Run, ...]
    stream: tuple[Run, ...]


def model_runs(path: Path) -> ModelRuns:
    """The content of a per-model file."""
    fresh: dict[int, Run] = defaultdict(lambda: Run({}, {}))
    stream: dict[int, Run] = defaultdict(lambda: Run({}, {}))
    with np.load(path) as archive:
        for key in archive.files:
            *kind, number, tensor = key.split("_")
            run = (stream if kind[0] == "stream" else fresh)[int(number)]
            (run.inputs if kind[-1] == "in" else run.tensors)[int(tensor)] = archive[key]
    return ModelRuns(*(tuple(runs[number] for number in sorted(runs)) for runs in (fresh, stream)))


def stored_under(model: str, kernels: str, folder: Path = ORACLE) -> Path:
    """The file of a model under a kernel set: that of an equal build where the build itself is not stored."""
    build = BUILDS[kernels]
    candidates = {"A": "A", "B": "BA", "C": "CA", "D": "DBA"}[build]
    return next(path for each in candidates if (path := folder / each / f"{model}.npz").exists())


def differences(expected: Array, found: Array) -> int:
    """How many elements differ in any bit. Raises AssertionError for another type or shape."""
    assert found.dtype == expected.dtype, (found.dtype, expected.dtype)
    assert found.shape == expected.shape, (found.shape, expected.shape)
    bits = [np.ascontiguousarray(array).reshape(-1, 1).view(np.uint8) for array in (expected, found)]
    return int((bits[0] != bits[1]).any(axis=1).sum()) if expected.size else 0


def differing_tensors(runs: tuple[Run, ...], graph: Graph, kernels: str, engine: str) -> Iterator[str]:
    """Each tensor that differs, as text, over invocations in a row of one program."""
    program, state = bind(graph, kernels=kernels, engine=engine), State()
    for number, run in enumerate(runs):
        values = evaluate(program, run.inputs, state)
        for index, expected in run.tensors.items():
            count = differences(expected, values[index])
            if count:
                yield f"run {number}, {graph.main.tensors[index].label}: {count} of {expected.size} differ"
