"""A static program as a list of calls on memory that is laid out once: all that a steady run takes.

A task is a step of the program, a call is a task that has its arrays: a function of nothing but the state. Calls are
made once, `run` goes through them. There are three kinds of tasks. One that only gives a tensor another shape needs no
call, both tensors have the same bytes. A compiled loop reads and writes fixed places of the arena; loops in a row are
one call, see `calls`. Any other step runs its kernel, and the results are copied to their places.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from threading import Lock
from typing import NamedTuple

import numpy as np

from minilite.errors import InputError
from minilite.graph import Subgraph, Tensor
from minilite.graph.packed import PACKED_BITS
from minilite.ops.call import Array
from minilite.ops.signature import Shape
from minilite.ops.state import State

from .arena import Need, aligned_bytes, allocate
from .calls import loop_calls
from .threads import Stretch, Team
from .twins import Loop

Call = Callable[[State], None]
SHARED_FROM = 300_000  # multiply-accumulates of a step, a few microseconds, from which threads share it
WAKE_FROM = 20_000_000  # of all steps to share in a row, from which it is worth waking threads
ELEMENT = 32  # multiply-accumulates that take as long as an output element of a step without any


class Task(NamedTuple):
    """One step, as far as running it takes: outputs = run(inputs, state)."""

    run: Callable[[Sequence[Array | None], State], Sequence[Array]]
    loop: Loop | None  # what the kernel is, if it is one compiled loop; its b are the states of a step that has them
    operands: tuple[int, ...]  # tensor indices that the kernel takes
    inputs: tuple[int, ...]  # all, -1 for one left out
    outputs: tuple[int, ...]
    is_view: bool  # the output has the elements of the first input in the same order
    has_state: bool  # it uses what outlives a run
    macs: int  # multiply-accumulates


class Runner:
    """The calls of a program, and their memory. One run at a time: another thread waits."""

    def __init__(
        self,
        subgraph: Subgraph,
        tasks: Sequence[Task],
        shapes: Mapping[int, Shape],
        constants: Mapping[int, Array],
        threads: int = 1,
    ) -> None:
        self._subgraph = subgraph
        self._lock = Lock()
        self._variables = {tensor.index: tensor for tensor in subgraph.tensors if tensor.is_variable}
        self._inputs = [index for index in subgraph.inputs if index not in self._variables]
        self._constants = constants
        homes = find_homes(self._inputs, tasks)
        self._arrays = {**constants, **lay_out(subgraph, tasks, homes, shapes)}
        self._team = Team(threads)
        scratch = max((task.loop.scratch for task in tasks if task.loop is not None), default=0)
        self._scratch = [aligned_bytes(scratch) for _ in range(threads)]
        self._calls = self._make_calls([task for task in tasks if all(homes[i] == i for i in task.outputs)])

    def run(self, inputs: Mapping[int, Array], outputs: Mapping[int, Array], state: State | None = None) -> None:
        """Compute `outputs`, arrays to be filled, from `inputs`, both by tensor index. Variables are read from `state`.

        Raises InputError for an array that is missing, or of another type or shape.
        """
        state = State() if state is None else state
        with self._lock:
            for index in self._inputs:
                if index not in inputs:
                    raise InputError(f"input {self._subgraph.tensors[index].label} is missing")
                self._check("input", index, inputs[index], self._arrays[index])
                check_codes(self._subgraph.tensors[index], inputs[index])
                np.copyto(self._arrays[index], inputs[index])
            for call in self._calls:
                call(state)
            for index, array in outputs.items():
                value = self._output(index, state)
                self._check("output", index, array, value)
                np.copyto(array, value)

    def call(self, arrays: Sequence[Array], state: State) -> tuple[Array, ...]:
        """All outputs, from all inputs: `run` for a subgraph that a step calls."""
        with self._lock:
            for index, array in zip(self._subgraph.inputs, arrays, strict=True):
                if index not in self._variables:
                    self._check("input", index, array, self._arrays[index])
                    np.copyto(self._arrays[index], array)
            for call in self._calls:
                call(state)
            return tuple(self._value(index, state).copy() for index in self._subgraph.outputs)

    def _check(self, what: str, index: int, array: Array, place: Array) -> None:
        if array.dtype != place.dtype or array.shape != place.shape:
            check_array(what, self._subgraph.tensors[index], array, place.shape)

    def _value(self, index: int, state: State) -> Array:
        """What a tensor holds now."""
        if index in self._variables:
            return state.variable(self._subgraph, self._variables[index])
        return self._arrays[index]

    def _output(self, index: int, state: State) -> Array:
        if index not in self._subgraph.outputs:
            raise InputError(f"{self._subgraph.tensors[index].label} is no output")
        return self._value(index, state)

    def _make_calls(self, tasks: Sequence[Task]) -> list[Call]:
        calls: list[Call] = []
        for is_loop, group in groupby(tasks, self._is_loop):
            if is_loop:
                calls.append(self._stretch(list(group)))
            else:
                calls.extend(map(self._step, group))
        return calls

    def _is_loop(self, task: Task) -> bool:
        """Whether a task can be a compiled call: all its arrays stay where they are."""
        fixed = self._variables.keys().isdisjoint(task.operands)
        return task.loop is not None and fixed and not task.has_state

    def _stretch(self, tasks: Sequence[Task]) -> Call:
        """Loops in a row."""
        works = [max(task.macs, ELEMENT * self._arrays[task.outputs[0]].size) for task in tasks]
        is_worth_it = sum(work for work in works if work >= SHARED_FROM) >= WAKE_FROM
        calls = []
        for task, work in zip(tasks, works, strict=True):
            operands, ys = [self._arrays.get(index) for index in task.operands], [self._arrays[i] for i in task.outputs]
            if task.loop is not None and ys[0].size:
                is_shared = is_worth_it and work >= SHARED_FROM
                scratch = self._scratch if is_shared else self._scratch[:1]
                every = (task.loop, *task.loop.more)
                calls += [loop_calls(loop, operands, ys[loop.output], scratch) for loop in every]
        return Stretch(calls, self._team)

    def _step(self, task: Task) -> Call:
        """Any other task."""
        places = [self._arrays[index] for index in task.outputs]
        if task.has_state or not self._variables.keys().isdisjoint(task.inputs):
            known = [self._constants.get(index) for index in task.inputs]
            changing = [(k, index) for k, index in enumerate(task.inputs) if index >= 0 and known[k] is None]

            def inputs_now(state: State) -> list[Array | None]:
                # Copies: what a kernel keeps for later runs must not be a part of the arena.
                inputs = known.copy()
                for k, index in changing:
                    inputs[k] = self._value(index, state).copy()
                return inputs
        else:
            inputs = [None if index < 0 else self._arrays[index] for index in task.inputs]

            def inputs_now(state: State) -> list[Array | None]:
                return inputs

        @np.errstate(all="ignore")
        def call(state: State) -> None:
            for place, made in zip(places, task.run(inputs_now(state), state), strict=True):
                np.copyto(place, made)

        return call


def find_homes(inputs: Sequence[int], tasks: Sequence[Task]) -> dict[int, int]:
    """For each tensor with a place in the arena, the tensor whose place that is: mostly itself."""
    homes = {index: index for index in inputs}
    for task in tasks:
        shares = task.is_view and task.inputs[0] in homes
        homes.update((index, homes[task.inputs[0]] if shares else index) for index in task.outputs)
    return homes


def lay_out(
    subgraph: Subgraph, tasks: Sequence[Task], homes: Mapping[int, int], shapes: Mapping[int, Shape]
) -> dict[int, Array]:
    """The arrays of an arena. Inputs are needed from the start, outputs to the end."""
    needed: dict[int, list[int]] = {home: [] for home in homes.values()}
    uses = [subgraph.inputs, *((*task.inputs, *task.outputs) for task in tasks), subgraph.outputs]
    for position, indices in enumerate(uses):
        for index in indices:
            if index in homes:
                needed[homes[index]].append(position)
    needs = [Need(shapes[home], subgraph.tensors[home].dtype, min(at), max(at)) for home, at in needed.items()]
    places = dict(zip(needed, allocate(needs), strict=True))
    return {index: places[home].reshape(shapes[index]) for index, home in homes.items()}


def check_array(what: str, tensor: Tensor, array: Array, shape: Shape) -> None:
    """Raise InputError unless `array` has the tensor's type, and this shape."""
    if array.dtype != tensor.dtype:
        raise InputError(f"{what} {tensor.label}: values are {array.dtype}, expected {tensor.dtype}")
    if array.shape != tuple(shape):
        raise InputError(f"{what} {tensor.label}: shape is {list(array.shape)}, expected {list(shape)}")


def check_codes(tensor: Tensor, array: Array) -> None:
    """Raise InputError unless values of a type smaller than a byte, which stand in bytes, are codes of that type."""
    if tensor.type in PACKED_BITS and not np.array_equal(tensor.codes.clamp(array), array):
        low, high = tensor.codes
        raise InputError(f"input {tensor.label}: {tensor.type.name} values lie between {low} and {high}")
