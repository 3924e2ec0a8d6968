"""The live arrays of one subgraph between the calls on an Interpreter."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minilite.errors import InputError, InputRunError, ModelError, ModelRunError, NoValueError, StateError
from minilite.graph import Graph, Tensor
from minilite.graph.model import Shape
from minilite.interpreter import execute
from minilite.ops.prepare import MAX_ELEMENTS
from minilite.ops.state import State
from minilite.program import Kernels, Program, bind

Array = NDArray[Any]
KEEP = "to keep those, use Interpreter(..., experimental_preserve_all_tensors=True)"


@dataclass(frozen=True)
class Settings:
    """What all subgraphs of an Interpreter share. `inner` keeps what subgraphs that a step called computed last."""

    graph: Graph
    kernels: Kernels
    engine: str
    keep_all: bool
    state: State
    threads: int
    inner: dict[tuple[int, int], Array] = field(default_factory=dict)  # by subgraph and tensor


class Memory:
    """Inputs, and what the last run left; the program is bound on `allocate`, again after a resize."""

    def __init__(self, settings: Settings, index: int) -> None:
        self.settings = settings
        self.subgraph = settings.graph.subgraphs[index]
        self._shapes = {tensor.index: tensor.shape for tensor in self.subgraph.tensors}
        self._program: Program | None = None
        self._arrays: dict[int, Array] = {}

    def tensor(self, index: int) -> Tensor:
        """The tensor of this index. Raises InputError when there is none."""
        count = len(self.subgraph.tensors)
        if not 0 <= index < count:
            raise InputError(
                f"tensor index {index} is out of range, subgraph {self.subgraph.index} has {count} tensors"
            )
        return self.subgraph.tensors[index]

    def shape(self, index: int) -> Shape:
        """The shape of a tensor as far as it is known: of the last run, else as prepared, else as in the file."""
        inner = self.settings.inner.get((self.subgraph.index, index))
        return self._shapes[index] if inner is None else inner.shape

    def resize(self, index: int, shape: Shape, strict: bool) -> None:
        """Ask for another shape; it holds from the next `allocate`. Raises InputRunError when it cannot be."""
        with as_official():
            tensor = self.tensor(index)
        current = self.shape(index)
        if strict:
            _check_strict(tensor, tensor.shape_signature or current, shape)
        if shape == current and (self._program is not None or tensor.data is not None):
            return
        if tensor.data is not None:
            raise InputRunError(f"{tensor.label} is a constant, its shape {list(current)} cannot change")
        if any(length < 0 for length in shape) or math.prod(shape) > MAX_ELEMENTS:
            raise InputRunError(f"{tensor.label}: {list(shape)} is not a possible shape")
        self._shapes[index] = shape
        self._arrays.pop(index, None)
        self._program = None

    def allocate(self) -> None:
        """Bind the program for the shapes asked for, and make room for inputs. Raises RuntimeErrors as `as_official`.

        Inputs of unchanged shape keep their values, others become zeros; results are gone. Variables and random numbers
        start anew.
        """
        if self._program is not None:
            return
        index, settings = self.subgraph.index, self.settings
        shapes = {i: self.shape(i) for i in self.subgraph.inputs}
        with as_official():
            program = bind(settings.graph, shapes, kernels=settings.kernels, engine=settings.engine, subgraph=index)
        self._arrays = {i: self._arrays[i] if i in self._arrays else self._new_input(i) for i in shapes}
        settings.state.prepare(self.subgraph)
        settings.inner.clear()
        self._shapes = {tensor.index: tensor.shape for tensor in self.subgraph.tensors} | dict(program.shapes)
        self._program = program

    def _new_input(self, index: int) -> Array:
        tensor = self.tensor(index)
        return np.zeros(self.shape(index), tensor.dtype) if tensor.value is None else tensor.value.copy()

    def run(self) -> None:
        """Run the subgraph on its inputs. Raises StateError before `allocate`, RuntimeErrors as `as_official`."""
        if self._program is None:
            raise StateError("call allocate_tensors() before invoke(), and again after resize_tensor_input()")
        program, state = self._program, self.settings.state
        inputs = {i: self._arrays[i] for i in self.subgraph.inputs}
        with as_official():
            if program.is_static and not self.settings.keep_all:
                computed = [i for i in self.subgraph.outputs if i not in inputs and not self._is_stored(i)]
                results = {i: self._arrays[i] if i in self._arrays else self._new_output(i) for i in computed}
                program.run(inputs, results, state, self.settings.threads)
            else:
                # Copies on both sides: results and variables may be views of inputs, constants or each other.
                values = self._execute(program, {i: array.copy() for i, array in inputs.items()})
                self._shapes.update({i: value.shape for i, value in values.items()})
                kept = values if self.settings.keep_all else self.subgraph.outputs
                results = {i: values[i].copy() for i in kept if i not in inputs and not self._is_stored(i)}
        self._arrays = inputs | self._overwritten() | results

    def _execute(self, program: Program, inputs: dict[int, Array]) -> dict[int, Array]:
        """Every value of the subgraph. Those of the subgraphs it calls go to `inner` where all are kept."""
        steps = execute(program, inputs, self.settings.state)
        while True:
            try:
                result = next(steps)
            except StopIteration as finished:
                return finished.value  # type: ignore[no-any-return]
            called, node = result.step.subgraph, result.step.node
            if self.settings.keep_all and called is not self.subgraph:
                indices, arrays = (*node.inputs, *node.outputs), (*result.inputs, *result.outputs)
                for index, array in zip(indices, arrays, strict=True):
                    if array is not None:
                        self.settings.inner[called.index, index] = array

    def _overwritten(self) -> dict[int, Array]:
        """Next values of states that the caller gives as inputs: the official kernels leave them there."""
        next_values = self.settings.state.variables
        states = {i: next_values.get((self.subgraph.index, i)) for i in self.subgraph.inputs}
        return {i: value.copy() for i, value in states.items() if value is not None and not self._is_stored(i)}

    def _new_output(self, index: int) -> Array:
        return np.empty(self.shape(index), self.tensor(index).dtype)

    def _is_stored(self, index: int) -> bool:
        tensor = self.tensor(index)
        return tensor.is_variable or tensor.data is not None

    def write(self, index: int, value: Any) -> None:
        """Copy `value` into an input or a variable. Raises InputError for another type, shape or tensor."""
        tensor = self.tensor(index)
        array = _array(tensor, value)
        if array.dtype.newbyteorder("<") != tensor.dtype:
            raise InputError(f"cannot set {tensor.label}: values are {array.dtype}, expected {tensor.dtype}")
        if array.shape != self.shape(index):
            raise InputError(
                f"cannot set {tensor.label}: shape is {list(array.shape)}, expected {list(self.shape(index))}; "
                "resize_tensor_input() changes it"
            )
        if tensor.data is not None or not (index in self.subgraph.inputs or tensor.is_variable):
            what = "a constant of the file" if tensor.data is not None else "computed by invoke()"
            raise InputError(f"cannot set {tensor.label}: it is {what}, only inputs and variables can be set")
        self.live(index)  # raises when it is too early
        if tensor.is_variable:
            self.settings.state.variables[self.subgraph.index, index] = np.array(array, tensor.dtype)
        else:
            np.copyto(self.live(index), array)

    def live(self, index: int) -> Array:
        """The array that holds a tensor's value now. Raises NoValueError where there is none."""
        tensor = self.tensor(index)
        if index in self._arrays:
            return self._arrays[index]
        if tensor.is_variable and self._program is not None:
            state = self.settings.state
            key = (self.subgraph.index, index)
            return state.variables.setdefault(key, state.variable(self.subgraph, tensor))
        if tensor.value is not None and index not in self.subgraph.inputs:
            return tensor.value
        if (self.subgraph.index, index) in self.settings.inner:
            return self.settings.inner[self.subgraph.index, index]
        raise NoValueError(f"{tensor.label} has no value: {self._reason(index)}")

    def _reason(self, index: int) -> str:
        subgraph = self.subgraph.index
        if self._program is None and subgraph == 0:
            return "call allocate_tensors() first"
        if self._program is None and any(subgraph == each.subgraph for each in self.settings.graph.signatures):
            return f"call the signature that runs subgraph {subgraph} first"
        if self._program is None and self.settings.keep_all:
            return f"subgraph {subgraph} has not run, or no node of it uses the tensor"
        if self._program is None:
            return f"it is of a subgraph that nodes call; {KEEP}"
        if not any(index in node.outputs for node in self.subgraph.nodes):
            return "no node computes it"
        if self.settings.keep_all or index in self.subgraph.outputs:
            return "call invoke() first"
        return f"it is an intermediate; {KEEP}"


@contextmanager
def as_official() -> Iterator[None]:
    """Raise errors of the model and of inputs as the official interpreter does: also as RuntimeError."""
    try:
        yield
    except ModelError as error:
        raise ModelRunError(str(error)) from error
    except InputError as error:
        raise InputRunError(str(error)) from error


def _array(tensor: Tensor, value: Any) -> Array:
    try:
        return np.asarray(value)
    except ValueError as error:
        raise InputError(f"cannot set {tensor.label}: the value is no array: {error}") from None


def _check_strict(tensor: Tensor, allowed: Sequence[int], shape: Shape) -> None:
    fits = len(shape) == len(allowed) and all(a in (-1, b) for a, b in zip(allowed, shape, strict=True))
    if not fits:
        raise InputRunError(
            f"{tensor.label}: {list(shape)} does not fit {list(allowed)}; with strict only dimensions of -1 may change"
        )
