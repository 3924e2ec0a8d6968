"""Binding and running a model for a command."""

from typing import Any

from numpy.typing import NDArray

from minilite.errors import InputError, ModelError, UnsupportedError
from minilite.graph import Graph
from minilite.interpreter import execute
from minilite.program import Program, bind

from .inputs import Input
from .output import Progress

Array = NDArray[Any]


def bind_for(graph: Graph, given: list[Input], kernels: str, engine: str, partial: bool = False) -> Program:
    """The program for inputs of these shapes. Raises InputError when the model cannot be resized to them."""
    shapes = {item.tensor.index: item.array.shape for item in given}
    resized = [item for item in given if item.array.shape != item.tensor.shape]
    try:
        return bind(graph, shapes, kernels=kernels, engine=engine, partial=partial)
    except (ModelError, InputError) as error:
        if not resized:
            raise
        shape = list(resized[0].array.shape)
        raise InputError(f"input {resized[0].tensor.label} cannot be resized to {shape}: {error}") from None


def run_program(program: Program, given: list[Input], progress: Progress) -> dict[int, Array]:
    """Every value of the main subgraph, by tensor index."""
    steps = execute(program, {item.tensor.index: item.array for item in given})
    total = len(program.steps)
    while True:
        try:
            result = next(steps)
        except StopIteration as finished:
            return finished.value  # type: ignore[no-any-return]
        progress.say(f"minilite: done with {result.step.node.label} of {total}")


def run_partly(program: Program, given: list[Input], progress: Progress) -> tuple[dict[int, Array], str | None]:
    """What the steps computed, by tensor index, and why they stopped early, None if they did not."""
    computed: dict[int, Array] = {}
    try:
        for result in execute(program, {item.tensor.index: item.array for item in given}):
            if result.step.subgraph is program.subgraph:
                computed.update(zip(result.step.node.outputs, result.outputs, strict=True))
            progress.say(f"minilite: done with {result.step.node.label}")
    except UnsupportedError as error:
        return computed, str(error)
    return computed, program.stopped
