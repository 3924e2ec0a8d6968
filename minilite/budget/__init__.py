"""The error budget of a quantized model beside its float twin: what each layer inherits and what it adds.

Every tensor is compared with the one it is paired with (tracing/pairing.py), node by node, in one run or many; the
parts and what a share is are defined in parts.py. The float model runs in float64 for the parts, so that nothing but
quantization is in them, and as it is for the measured error beside them.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minilite.errors import UnsupportedError
from minilite.graph import Graph, Tensor, load
from minilite.graph.read import Source
from minilite.interpreter import StepResult, execute
from minilite.program import Kernels, Program, bind
from minilite.real import is_real, make_real, to_real
from minilite.tracing.pairing import Pair, pair_models
from minilite.tracing.reference import FloatReference, Sample, make_sample
from minilite.tracing.sums import Errors

from .parts import PARTS as PARTS
from .parts import Parts as Parts
from .parts import end_of_path, path_of_conversion, path_of_step

Array = NDArray[Any]
NEGLIGIBLE = 1e-6  # of the signal: what the float model's float32 loses


@dataclass
class TensorBudget:
    """One tensor: its parts, and the error measured between the two models as they are. Errors are real values."""

    tensor: Tensor
    node: int | None
    op: str | None
    pair: Pair
    paired_name: str
    parts: Parts = field(default_factory=Parts)
    measured: Errors = field(default_factory=Errors)

    @property
    def scale(self) -> float | None:
        """The one scale of the codes; None for a tensor without."""
        affine = self.tensor.quantization if self.tensor.dtype.kind in "iu" else None
        return None if affine is None or affine.scale.size != 1 else float(affine.scale.flat[0])

    @property
    def gap(self) -> float:
        """How far the parts are from adding up to the measured RMSE, as a share of it; 0 within float32's rounding."""
        measured, difference = self.measured.rmse or 0.0, abs(self.parts.rmse - (self.measured.rmse or 0.0))
        signal = math.sqrt(self.parts.expected_squares / self.parts.elements) if self.parts.elements else 0.0
        return difference / measured if measured and difference > NEGLIGIBLE * signal else 0.0

    def row(self) -> dict[str, Any]:
        """Everything in one flat row; `rms_...` and `..._steps` are in steps of the scale, None without one."""
        scale, parts = self.scale, self.parts
        return {
            "node": self.node,
            "op": self.op,
            "tensor": self.tensor.index,
            "name": self.tensor.name,
            "paired_with": self.paired_name,
            "paired_by": self.pair.how,
            "elements": parts.elements,
            "scale": scale,
            "sqnr_db": parts.sqnr_db,
            "rmse": parts.rmse,
            "rmse_steps": None if scale is None else parts.rmse / scale,
            "measured_rmse": self.measured.rmse,
            "gap": self.gap,
            **{f"share_{name}": parts.share(name) for name in PARTS},
            **{f"rms_{name}": None if scale is None else parts.rms(name) / scale for name in PARTS},
        }


@dataclass(frozen=True)
class Unpaired:
    """A node that has no budget, and why."""

    node: int
    op: str
    name: str
    reason: str


@dataclass(frozen=True, eq=False)
class ErrorBudget:
    """The budgets of all paired tensors in the order computed, over `runs` runs, and the nodes that have none."""

    tensors: tuple[TensorBudget, ...]
    unpaired: tuple[Unpaired, ...]
    runs: int

    def rows(self) -> list[dict[str, Any]]:
        """One flat row for each tensor, see TensorBudget.row."""
        return [tensor.row() for tensor in self.tensors]


def error_budget(
    model: Graph | Source,
    float_model: Graph | Source,
    inputs: Any,
    kernels: Kernels = "reference",
    engine: str = "auto",
) -> ErrorBudget:
    """Where the error of a quantized model comes from, layer by layer.

    `inputs` is what `minilite.run` takes for the quantized model, or an iterable of such. Raises InputError for inputs
    that do not fit and for models whose inputs are no pair, UnsupportedError when the float model cannot be computed
    in real arithmetic.
    """
    graph, floats = (one if isinstance(one, Graph) else load(one) for one in (model, float_model))
    is_dataset = not isinstance(inputs, (Mapping, np.ndarray)) and isinstance(inputs, Iterable)
    accountant = Accountant(graph, floats, kernels, engine)
    for one in inputs if is_dataset else (inputs,):
        accountant.add(make_sample(graph, one))
    return accountant.result()


class Accountant:
    """Collects the budgets of a pair of models over runs."""

    def __init__(self, graph: Graph, floats: Graph, kernels: Kernels = "reference", engine: str = "auto") -> None:
        self.graph, self.settings = graph, (kernels, engine)
        self.pairing = pair_models(graph, floats)
        self.real, self.real_floats = make_real(graph), make_real(floats)
        self.reference = FloatReference(floats, self.pairing, kernels, engine)
        self.programs: dict[Any, tuple[Program, Program]] = {}
        self.found: dict[int, TensorBudget] = {}
        self.without: dict[int, str] = dict(self.pairing.unpaired)
        self.runs = 0

    def add(self, sample: Sample) -> None:
        """Run one sample through both models. Raises InputError for inputs that do not fit."""
        program, twin = self._programs(sample)
        self.reference.start(sample)
        values, results = self._run_floats(twin, sample)
        for index, array in sample.codes.items():
            self._add(index, None, [sample.reals[index]] * 4, array)
        for result in execute(program, sample.codes):
            if result.step.subgraph.index == 0 and result.step.folded is None:
                self._add_step(result, values, results)
        self.runs += 1

    def result(self) -> ErrorBudget:
        """The budgets of all runs so far."""
        nodes = {node.index: node for node in self.graph.main.nodes}
        names = {node.index: self.graph.main.tensors[i].name for node in nodes.values() for i in node.outputs[:1]}
        unpaired = (
            Unpaired(index, nodes[index].op, names.get(index, ""), why) for index, why in sorted(self.without.items())
        )
        return ErrorBudget(tuple(self.found.values()), tuple(unpaired), self.runs)

    def _programs(self, sample: Sample) -> tuple[Program, Program]:
        key = tuple((index, array.shape) for index, array in sample.codes.items())
        if key not in self.programs:
            shapes = {index: array.shape for index, array in sample.codes.items()}
            program = bind(self.graph, shapes, kernels=self.settings[0], engine=self.settings[1])
            of_floats = {self.pairing.tensors[index].tensor: shape for index, shape in shapes.items()}
            self.programs[key] = program, self.real_floats.program(of_floats)
        return self.programs[key]

    def _run_floats(self, twin: Program, sample: Sample) -> tuple[dict[int, Array], dict[int, StepResult]]:
        """Every real value of the float model by tensor index, and its steps by node."""
        inputs = {self.pairing.tensors[index].tensor: array for index, array in sample.reals.items()}
        values, results = dict(inputs), {}
        for result in execute(twin, inputs):
            if result.step.subgraph.index == 0:
                results[result.step.node.index] = result
                values.update(zip(result.step.node.outputs, result.outputs, strict=True))
        return values, results

    def _add_step(self, result: StepResult, values: dict[int, Array], results: dict[int, StepResult]) -> None:
        node = result.step.node
        if result.step.op.control is not None:
            self.without[node.index] = "it runs subgraphs"
            return
        pair = next((self.pairing.tensors[index] for index in node.outputs if index in self.pairing.tensors), None)
        if pair is None:
            self.without.setdefault(node.index, "no tensor of the float model is paired with it")
            return
        try:
            if pair.node is None:
                paths = path_of_conversion(self.real, result, values[pair.tensor])
            else:
                twin = results[pair.node]
                paths = path_of_step(self.real, result, twin.outputs, twin.inputs)
        except UnsupportedError as error:
            self.without[node.index] = str(error)
            return
        for index, array, path in zip(node.outputs, result.outputs, paths, strict=True):
            self._add(index, result, path[:4], array)

    def _add(self, index: int, result: StepResult | None, path: list[Array], stored: Array) -> None:
        tensor, pair = self.graph.main.tensors[index], self.pairing.tensors[index]
        if not is_real(tensor):
            return
        if index not in self.found:
            node, op = (None, None) if result is None else (result.step.node.index, result.step.node.op)
            name = self.reference.graph.main.tensors[pair.tensor].name
            self.found[index] = TensorBudget(tensor, node, op, pair, name)
        self.found[index].parts.add([*path, *end_of_path(tensor, path[-1], stored)])
        expected = self.reference.values[pair.tensor]
        self.found[index].measured.add(to_real(tensor, stored), expected)
