"""trace: run a model and keep account of every tensor. Loops over `execute`; nothing is computed in another way."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minilite.errors import UnsupportedError
from minilite.graph import Graph, load, write
from minilite.graph.read import Source
from minilite.interpreter import StepResult, execute
from minilite.program import Kernels, Program, Step, bind
from minilite.real import RealModel, is_real, make_real, to_real

from .pairing import pair_models
from .record import Accumulators, TensorRecord, make_record
from .reference import FloatReference, RealReference, Reference, Sample, make_sample
from .result import Key, Trace
from .sums import Errors

Array = NDArray[Any]


def trace(
    model: Graph | Source,
    inputs: Any,
    float_model: Graph | Source | None = None,
    kernels: Kernels = "reference",
    engine: str = "auto",
    accumulators: bool = False,
) -> Trace:
    """Run a model and keep what happened: every tensor, its statistics, its error against real arithmetic.

    `inputs` is what `minilite.run` takes, or a list or another iterable of such, a dataset. Of one run the trace has
    every tensor, with `accumulators` also those of kernels that rescale; over a dataset it has the statistics alone,
    in memory that does not grow. Each run starts without state. The propagated error is that against the whole model
    in real arithmetic, or against `float_model`, whose tensors are paired (tracing/pairing.py).
    Raises InputError for inputs that do not fit, ModelError and UnsupportedError as `minilite.run` does.
    """
    graph = model if isinstance(model, Graph) else load(model)
    floats = float_model if isinstance(float_model, Graph) or float_model is None else load(float_model)
    is_dataset = not isinstance(inputs, (Mapping, np.ndarray)) and isinstance(inputs, Iterable)
    tracer = Tracer(graph, floats, kernels, engine, not is_dataset, accumulators and not is_dataset)
    for one in inputs if is_dataset else (inputs,):
        tracer.add(make_sample(graph, one))
    return tracer.result(hash_of(model))


def hash_of(model: Graph | Source) -> str:
    """The SHA-256 of a model file; of a graph, that of the file it would be written to."""
    if isinstance(model, (str, Path)):
        return sha256(Path(model).read_bytes()).hexdigest()
    return sha256(model if isinstance(model, (bytes, bytearray)) else write(_graph(model))).hexdigest()


def _graph(model: Any) -> Graph:
    return model if isinstance(model, Graph) else load(model)


@dataclass
class Tracer:
    """Collects runs of one model. `keep` keeps the tensors of the last run, `accumulators` also what was rescaled."""

    graph: Graph
    floats: Graph | None = None
    kernels: Kernels = "reference"
    engine: str = "auto"
    keep: bool = True
    accumulators: bool = False
    runs: int = 0
    records: dict[Key, TensorRecord] = field(default_factory=dict)
    arrays: dict[Key, Array] = field(default_factory=dict)
    kept_accumulators: dict[Key, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.real: RealModel = make_real(self.graph)
        self.reference: Reference = RealReference(self.real)
        self.unpaired: dict[int, str] = {}
        if self.floats is not None:
            pairing = pair_models(self.graph, self.floats)
            self.unpaired = pairing.unpaired
            self.reference = FloatReference(self.floats, pairing, self.kernels, self.engine)
        self.inputs_hash = sha256()
        self.programs: dict[Any, Program] = {}

    def add(self, sample: Sample) -> None:
        """Run one sample. Raises InputError for inputs that do not fit."""
        program = self._program(sample)
        self.arrays.clear()
        self.kept_accumulators.clear()
        self.reference.start(sample)
        results = execute(program, sample.codes)
        for index, array in sample.codes.items():
            self.inputs_hash.update(f"{array.dtype}{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
            record, reals = self._record((0, index), array, None)
            self._compare(record, "propagated", reals, sample.reals[index])
        for result in results:
            self._add_step(result)
        self.runs += 1

    def result(self, model_hash: str) -> Trace:
        """The trace of all runs so far."""
        return Trace(
            tuple(self.records.values()),
            self.runs,
            self.kernels,
            self.engine_used,
            self.reference.name,
            {"model": model_hash, "inputs": self.inputs_hash.hexdigest()},
            dict(self.arrays),
            dict(self.kept_accumulators),
            {key: self.graph.subgraphs[key[0]].tensors[key[1]].quantization for key in self.arrays},
        )

    @property
    def engine_used(self) -> str:
        """The engine of the last run; the one asked for before the first."""
        return next(reversed(self.programs.values())).engine if self.programs else self.engine

    def _program(self, sample: Sample) -> Program:
        shapes = {index: array.shape for index, array in sample.codes.items()}
        key = tuple(shapes.items())
        if key not in self.programs:
            self.programs[key] = bind(self.graph, shapes, kernels=self.kernels, engine=self.engine)
        return self.programs[key]

    def _add_step(self, result: StepResult) -> None:
        step = result.step
        expected = self.reference.outputs(result)
        local = self._local(result)
        head = self._accumulators(result)
        for position, (index, array) in enumerate(zip(step.node.outputs, result.outputs, strict=True)):
            record, reals = self._record((step.subgraph.index, index), array, step)
            if head is not None:
                record.accumulators = record.accumulators or Accumulators(head[1])
                record.accumulators.largest = max(record.accumulators.largest, head[0])
            for kind, arrays in (("local", local), ("propagated", expected)):
                found = arrays if isinstance(arrays, str) else arrays[position]
                self._compare(record, kind, reals, "it has no pair" if found is None else found)

    def _record(self, key: Key, array: Array, step: Step | None) -> tuple[TensorRecord, Array]:
        """The record that the array was counted in, and its real values; itself where it does not stand for numbers."""
        tensor = self.graph.subgraphs[key[0]].tensors[key[1]]
        if key not in self.records:
            node = (None, None) if step is None else (step.node.index, step.node.op)
            self.records[key] = make_record(key[0], tensor, array.shape, *node)
        record = self.records[key]
        if self.keep:
            self.arrays[key] = array
        if array.dtype.kind not in "biuf":
            return record, array
        reals = to_real(tensor, array)
        record.values.add(array, reals)
        return record, reals

    def _compare(self, record: TensorRecord, kind: str, reals: Array, expected: Array | str) -> None:
        tensor = self.graph.subgraphs[record.subgraph].tensors[record.index]
        if not is_real(tensor):
            expected = "it does not stand for real numbers"
        elif not isinstance(expected, str) and expected.shape != reals.shape:
            expected = f"its shape is {list(reals.shape)}, in the {self.reference.name} {list(expected.shape)}"
        if isinstance(expected, str):
            record.without[kind] = expected
            return
        errors = getattr(record, kind) or Errors()
        errors.add(reals, expected)
        setattr(record, kind, errors)

    def _local(self, result: StepResult) -> tuple[Array, ...] | str:
        if result.step.op.control is not None:
            return "its steps are traced one by one"
        try:
            return self.real.outputs(result)
        except UnsupportedError as error:
            return str(error)

    def _accumulators(self, result: StepResult) -> tuple[int, int] | None:
        """The largest absolute accumulator of a step that rescales, and the bits of its accumulators."""
        step = result.step
        if step.op.control is not None or step.folded is not None:
            return None
        prepared = step.prepare_for(result.inputs)
        if prepared.variant.accumulate is None:
            return None
        with np.errstate(all="ignore"):
            sums = prepared.variant.accumulate(prepared.plan, *step.operands(result.inputs))
        if self.accumulators:
            self.kept_accumulators[step.subgraph.index, step.node.outputs[0]] = sums
        narrow = sums.dtype.itemsize == 4 or result.outputs[0].dtype.itemsize == 1
        largest = max(abs(int(sums.min())), abs(int(sums.max()))) if sums.size else 0
        return largest, 32 if narrow else 64
