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

from .packed import unpack

Array = np.ndarray[Any, Any]
HERE = Path(__file__).parent
SHARED, SELECTION = HERE.parents[2] / "shared", HERE / "selection"
ALL_VECTORS, ALL_MODELS = SHARED / "golden" / "tflm", SHARED / "models"
IS_COMPLETE = ALL_VECTORS.exists() and ALL_MODELS.exists()  # otherwise there is the selection alone
VECTORS, MODELS = (ALL_VECTORS, ALL_MODELS) if IS_COMPLETE else (SELECTION, SELECTION / "models")
RECORDED = HERE / "recorded.npz"  # cases of what the vectors lack
CASE_FILES = (VECTORS / "one_op.npz", RECORDED)
BUILDS = {"tflm": "A", "tflm-single": "B", "cmsis-nn": "C", "cmsis-nn-single": "D"}
EQUAL_TO = {"A": "A", "B": "BA", "C": "CA", "D": "DBA"}  # a build's file that is not stored equals the next one's
# CMSIS-NN reads pairs of 32-bit biases as one of 64 bits, past the end; minilite refuses instead.
FAULTY = {("fully_connected_i16_bias_i32_per_tensor", build) for build in ("C", "D")}


class Compared(NamedTuple):
    """A recorded tensor, and in how many elements what minilite gives differs from it."""

    label: str
    elements: int
    differing: int


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

    def is_refused(self, kernels: str) -> bool:
        """Whether this kernel set takes the model in no way that could be followed."""
        return BUILDS[kernels] in self.refused or (self.label, BUILDS[kernels]) in FAULTY

    def compare(self, kernels: str, engine: str) -> Iterator[Compared]:
        """Each output that the build gave, beside minilite's."""
        pairs = zip(self.outputs[BUILDS[kernels]], self.run(kernels, engine=engine), strict=True)
        for number, pair in enumerate(pairs):
            yield Compared(f"{self.name}, run {number}", pair[0].size, differences(*pair))

    def run(self, kernels: str, ops: Mapping[str, Op] = OPS, engine: str = "numpy") -> list[Array]:
        """What minilite gives for the same invocations."""
        graph, state = self.graph(), State()
        program = bind(graph, ops=ops, kernels=kernels, engine=engine)
        values = [evaluate(program, dict(zip(graph.main.inputs, given, strict=True)), state) for given in self.inputs]
        return [each[graph.main.outputs[0]] for each in values]


def one_op_cases(path: Path) -> dict[str, OneOpCase]:
    """All cases of a file, by name."""
    stored: dict[str, dict[str, Array]] = defaultdict(dict)
    for key, array in case_arrays(path).items():
        name, _, rest = key.rpartition("/")
        stored[name][rest] = array
    return {name: _one_op_case(name, arrays) for name, arrays in stored.items()}


def case_arrays(path: Path) -> dict[str, Array]:
    """Every array of a file of cases, by its key."""
    if path == RECORDED:
        return unpack(path)
    with np.load(path) as archive:
        return {key: archive[key] for key in archive.files}


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


def stored_under(model: str, kernels: str) -> Path:
    """The file of a model under a kernel set: that of an equal build where the build itself is not stored."""
    candidates = (VECTORS / build / f"{model}.npz" for build in EQUAL_TO[BUILDS[kernels]])
    return next(path for path in candidates if path.exists())


def all_cases() -> list[OneOpCase]:
    """Every case of one op."""
    return [case for path in CASE_FILES for case in one_op_cases(path).values()]


def model_names() -> list[str]:
    """The models whose tensors were recorded."""
    return sorted(path.stem for path in (VECTORS / "A").glob("*.npz"))


def model_path(model: str) -> Path:
    """The file of a model."""
    return next(MODELS.rglob(f"{model}.tflite"))


def compare_model(model: str, kernels: str, engine: str) -> Iterator[Compared]:
    """Each tensor that was recorded of a model, beside minilite's: of fresh runs, then of runs in a row."""
    graph, runs = load(model_path(model)), model_runs(stored_under(model, kernels))
    program = bind(graph, kernels=kernels, engine=engine)
    for row in (*((run,) for run in runs.fresh), runs.stream):
        state = State()
        for number, run in enumerate(row):
            values = evaluate(program, run.inputs, state)
            for index, expected in run.tensors.items():
                label = f"{model}, run {number} of {len(row)}, {graph.main.tensors[index].label}"
                yield Compared(label, expected.size, differences(expected, values[index]))


def differences(expected: Array, found: Array) -> int:
    """How many elements differ in any bit. Raises AssertionError for another type or shape."""
    assert found.dtype == expected.dtype, (found.dtype, expected.dtype)
    assert found.shape == expected.shape, (found.shape, expected.shape)
    bits = [np.ascontiguousarray(array).reshape(-1, 1).view(np.uint8) for array in (expected, found)]
    return int((bits[0] != bits[1]).any(axis=1).sum()) if expected.size else 0
