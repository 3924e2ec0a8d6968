"""What the tensors of a run should have been: the whole model in real arithmetic, or another, float model."""

from collections.abc import Generator, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from minilite.errors import MiniliteError, UnsupportedError
from minilite.graph import Graph
from minilite.interpreter import StepResult, evaluate, execute, to_inputs
from minilite.names import input_names
from minilite.program import Kernels, Program, bind
from minilite.real import RealModel, is_real, to_real

from .pairing import Pairing

Array = NDArray[Any]


class Sample(NamedTuple):
    """The inputs of one run by tensor index: as the model takes them, and the real values they stand for."""

    codes: dict[int, Array]
    reals: dict[int, Array]


def make_sample(graph: Graph, inputs: Any) -> Sample:
    """From what `minilite.run` takes. Real values for a quantized input stay known beside its codes."""
    codes = to_inputs(graph, inputs)
    names = input_names(graph)
    given = inputs if isinstance(inputs, Mapping) else dict.fromkeys(names, inputs)
    return with_reals(graph, codes, {names[name]: np.asarray(array) for name, array in given.items()})


def with_reals(graph: Graph, codes: dict[int, Array], given: Mapping[int, Array]) -> Sample:
    """The sample of these codes, of which some were `given` as real values."""
    reals = {}
    for index, array in codes.items():
        tensor, original = graph.main.tensors[index], given.get(index, array)
        is_given = original.dtype.kind == "f" and array.dtype.kind != "f"
        reals[index] = original.astype(np.float64) if is_given else to_real(tensor, array) if is_real(tensor) else array
    return Sample(codes, reals)


class Reference(Protocol):
    """Where the values come from that a run is compared with."""

    name: str

    def start(self, sample: Sample) -> None:
        """Begin with the next run."""

    def outputs(self, result: StepResult) -> tuple[Array | None, ...] | str:
        """What the outputs of a step should have been, or why nobody knows."""


class RealReference:
    """The same model in real arithmetic, run side by side, step by step."""

    name = "real arithmetic"

    def __init__(self, model: RealModel) -> None:
        self.model = model
        self.programs: dict[Any, Program | str] = {}
        self.steps: Generator[StepResult, None, Any] | str = ""

    def start(self, sample: Sample) -> None:
        """Begin with the real inputs of a sample."""
        key = tuple(array.shape for array in sample.reals.values())
        if key not in self.programs:
            try:
                self.programs[key] = self.model.program({i: array.shape for i, array in sample.reals.items()})
            except UnsupportedError as error:
                self.programs[key] = str(error)
        program = self.programs[key]
        self.steps = program if isinstance(program, str) else execute(program, sample.reals)

    def outputs(self, result: StepResult) -> tuple[Array | None, ...] | str:
        """The outputs of the same step."""
        if isinstance(self.steps, str):
            return self.steps
        try:
            twin = next(self.steps, None)
        except MiniliteError as error:
            self.steps = f"no real arithmetic: {error}"
            return self.steps
        if twin is None or twin.path != result.path:
            self.steps = "real arithmetic took another branch"
            return self.steps
        return twin.outputs


class FloatReference:
    """A float model whose tensors are paired with those of the one that runs."""

    name = "float model"

    def __init__(self, graph: Graph, pairing: Pairing, kernels: Kernels, engine: str) -> None:
        self.graph, self.pairing = graph, pairing
        self.settings: tuple[Kernels, str] = (kernels, engine)
        self.programs: dict[Any, Program] = {}
        self.values: dict[int, Array] = {}

    def start(self, sample: Sample) -> None:
        """Run the float model on the real inputs of a sample."""
        inputs = self.pairing.inputs_of(self.graph, sample.reals)
        key = tuple(array.shape for array in inputs.values())
        if key not in self.programs:
            shapes = {index: array.shape for index, array in inputs.items()}
            self.programs[key] = bind(self.graph, shapes, kernels=self.settings[0], engine=self.settings[1])
        self.values = evaluate(self.programs[key], inputs)

    def outputs(self, result: StepResult) -> tuple[Array | None, ...] | str:
        """The values of the paired tensors."""
        if result.step.subgraph.index != 0:
            return "it is in a subgraph, which has no pairs"
        node = result.step.node
        pairs = [self.pairing.tensors.get(index) for index in node.outputs]
        if not any(pairs):
            return self.pairing.unpaired.get(node.index, "no tensor of the float model is paired with it")
        return tuple(None if pair is None else self.values[pair.tensor] for pair in pairs)
