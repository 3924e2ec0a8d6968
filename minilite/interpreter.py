"""execute: run a program step by step; every result is handed out and stays valid.

Tracing, profiling, calibrating and comparing are `for` loops over `execute`.
"""

from collections.abc import Generator, Mapping, Sequence
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .errors import InputError, ModelError
from .fast.runner import check_array, check_codes
from .graph import Graph, Tensor, load
from .graph.read import Source
from .names import input_names, output_names
from .ops.control import check_outputs
from .ops.state import State
from .program import NO_NOTES, Kernels, Program, Step, bind

Array = NDArray[Any]
Path = tuple[int, ...]


class StepResult(NamedTuple):
    """What one step did: the arrays it read and made (None for an omitted input), and how long it took.

    `path` is (subgraph, iteration, step), preceded by the path of the step that called the subgraph, if any.
    """

    step: Step
    path: Path
    inputs: tuple[Array | None, ...]
    outputs: tuple[Array, ...]
    notes: Mapping[str, Any]
    seconds: float


Results = Generator[StepResult, None, dict[int, Array]]


def execute(program: Program, inputs: Mapping[int, Array], state: State | None = None, path: Path = (0, 0)) -> Results:
    """Run `program` on inputs by tensor index, yielding each step as it is done; returns every value by index.

    Nothing is ever overwritten. Variables are read from `state` and their next values left there.
    """
    state = State() if state is None else state
    values = {**program.constants, **check_inputs(program, inputs)}
    values.update(_variables(program, state))
    for position, step in enumerate(program.steps):
        arguments = tuple(values[index] if index >= 0 else None for index in step.node.inputs)
        start = perf_counter()
        with np.errstate(all="ignore"):
            if step.op.control is None:
                outputs, notes = step.run(arguments, state)
            else:
                if -1 in step.node.inputs:
                    raise ModelError(f"{step.node.label}: an input is left out; one that runs subgraphs needs them all")
                call = _caller(program, state, (*path, position))
                outputs, notes = (yield from step.op.control.run(step.node, arguments, state, call)), NO_NOTES
                check_outputs(step.node, step.subgraph, outputs)
        seconds = perf_counter() - start
        values.update(zip(step.node.outputs, outputs, strict=True))
        values.update(_variables(program, state))
        yield StepResult(step, (*path, position), arguments, outputs, notes, seconds)
    return values


def _variables(program: Program, state: State) -> dict[int, Array]:
    return {tensor.index: state.variable(program.subgraph, tensor) for tensor in program.variables}


def _caller(program: Program, state: State, path: Path) -> Any:
    """What a control op calls to run a subgraph: a generator of its steps that returns its outputs."""

    def call(
        subgraph: int, arrays: Sequence[Array], iteration: int = 0
    ) -> Generator[StepResult, None, tuple[Array, ...]]:
        callee = program.callee(subgraph, [array.shape for array in arrays])
        inputs = dict(zip(callee.subgraph.inputs, arrays, strict=True))
        values = yield from execute(callee, inputs, state, (*path, subgraph, iteration))
        return tuple(values[index] for index in callee.subgraph.outputs)

    return call


def evaluate(program: Program, inputs: Mapping[int, Array], state: State | None = None) -> dict[int, Array]:
    """Every tensor that has a value after a run, by index: constants, inputs, and all that was computed."""
    steps = execute(program, inputs, state)
    while True:
        try:
            next(steps)
        except StopIteration as finished:
            return finished.value  # type: ignore[no-any-return]


def check_inputs(program: Program, inputs: Mapping[int, Array]) -> dict[int, Array]:
    """`inputs` if they are the program's, of its types and shapes. Raises InputError saying which is not, and why."""
    main = program.subgraph
    for index in main.inputs:
        tensor, shape = main.tensors[index], program.shapes[index]
        if index not in inputs:
            raise InputError(f"input {tensor.label} is missing")
        check_array("input", tensor, inputs[index], shape)
        check_codes(tensor, inputs[index])
    return {index: inputs[index] for index in main.inputs}


def run(
    model: Graph | Source,
    inputs: Mapping[str, Any] | Any,
    kernels: Kernels = "reference",
    engine: str = "auto",
) -> dict[str, Array]:
    """Run a model once: outputs by name, as the model stores them (codes of a quantized output, not real values).

    `inputs` maps input names to arrays; a model with one input takes the array itself. Real values for a quantized
    input are quantized with the model's own scale and zero point, rounded and clamped; the batch may differ from the
    file's. Raises InputError for inputs that do not fit.
    """
    graph = model if isinstance(model, Graph) else load(model)
    codes = to_inputs(graph, inputs)
    program = bind(graph, {index: array.shape for index, array in codes.items()}, kernels=kernels, engine=engine)
    values = evaluate(program, codes)
    return {name: values[index] for name, index in output_names(graph).items()}


def to_inputs(graph: Graph, inputs: Mapping[str, Any] | Any) -> dict[int, Array]:
    """What `execute` takes, by tensor index, from arrays by input name; a model with one input takes the array itself.

    Real values for a quantized input become codes. Raises InputError for names and values that do not fit.
    """
    tensors = graph.main.tensors
    return {index: to_input(tensors[index], np.asarray(array)) for index, array in _by_index(graph, inputs).items()}


def to_input(tensor: Tensor, array: Array) -> Array:
    """`array` as values of an input tensor: floats become its codes, or its float type (eq. 2).

    Raises InputError for NaN into a quantized input, and for integers of another type.
    """
    if array.dtype == tensor.dtype:
        return array
    if array.dtype.kind == "f" and tensor.dtype.kind == "f":
        return array.astype(tensor.dtype)
    if array.dtype.kind != "f" or tensor.quantization is None:
        expected = f"{tensor.dtype}" if tensor.quantization is None else f"{tensor.dtype} or real values"
        raise InputError(f"input {tensor.label}: values are {array.dtype}, expected {expected}")
    if np.isnan(array).any():
        raise InputError(f"input {tensor.label}: the values contain NaN, which has no code")
    return tensor.codes.clamp(tensor.quantization.to_codes(array, tensor.dtype))


def _by_index(graph: Graph, inputs: Mapping[str, Any] | Any) -> dict[int, Any]:
    names = input_names(graph)
    if not isinstance(inputs, Mapping):
        if len(names) != 1:
            raise InputError(f"the model has {len(names)} inputs, give them by name: {', '.join(names)}")
        return dict.fromkeys(names.values(), inputs)
    for name in inputs:
        if name not in names:
            raise InputError(f"no input is called {name!r}; the model has {', '.join(names)}")
    return {names[name]: array for name, array in inputs.items()}
