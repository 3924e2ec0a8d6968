"""Where the time of a model goes: its compiled loops op by op, alone and in a steady state, beside the CPU's peak.

    python -m tests.benchmarks.where MODEL.tflite... [--output FILE.md]

Each loop runs on its own with everything in cache that fits, the best of several runs counts; so the sum is a little
below the time of a whole run. "of peak" compares multiply-accumulates a second with `peak`, the int8 instruction on
registers, for ops on codes. Ops without a compiled loop are timed as the definitions they are.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np

from minilite import bind, load
from minilite.fast.arena import aligned_bytes
from minilite.fast.calls import loop_calls, make_table, run_calls
from minilite.fast.runner import Task
from minilite.interpreter import execute
from minilite.ops.call import Array
from minilite.ops.state import State, initial

from .peak import peak
from .speed import inputs_for

RUNS = 15
MEETING = np.zeros(3, np.int64)


class Row(NamedTuple):
    """The steps of one op."""

    op: str
    steps: int
    seconds: float
    macs: int


def fastest(call: Callable[[], object]) -> float:
    """Seconds of the best of some runs."""
    call()
    seconds = []
    for _ in range(RUNS):
        start = perf_counter()
        call()
        seconds.append(perf_counter() - start)
    return min(seconds)


def seconds_of(task: Task, arrays: dict[int, Array], scratch: Array) -> float:
    """What a step takes; `arrays` has all its tensors."""
    if task.loop is None or task.has_state:
        inputs = [None if index < 0 else arrays[index] for index in task.inputs]
        return fastest(lambda: task.run(inputs, State()))
    operands, every = [arrays.get(index) for index in task.operands], (task.loop, *task.loop.more)
    made = {loop.output: np.empty(loop.shape, loop.dtype) for loop in every}
    calls = [loop_calls(loop, operands, made[loop.output], [scratch]) for loop in every]
    table = make_table(calls, 1)
    return fastest(lambda: run_calls(table, 0, MEETING, 0))


def rows_of(path: Path) -> list[Row]:
    """A row for each op of a model, the slowest first."""
    graph = load(path)
    program, inputs = bind(graph, engine="jit"), inputs_for(graph)
    variables = (tensor for tensor in graph.main.tensors if tensor.is_variable)
    arrays = {**program.constants, **inputs, **{tensor.index: initial(tensor) for tensor in variables}}
    for result in execute(program, inputs):
        arrays.update(zip(result.step.node.outputs, result.outputs, strict=True))
    steps = [(step.node.op, step.task) for step in program.steps if step.folded is None]
    scratch = aligned_bytes(max((task.loop.scratch for _, task in steps if task.loop is not None), default=0))
    found: dict[str, Row] = {}
    for op, task in steps:
        if not task.is_view:
            name = op if task.loop is not None else f"{op} (no loop)"
            _, count, seconds, macs = found.get(name, Row(name, 0, 0.0, 0))
            seconds += seconds_of(task, arrays, scratch)
            found[name] = Row(name, count + 1, seconds, macs + task.macs)
    return sorted(found.values(), key=lambda row: -row.seconds)


def lines_of(path: Path, limit: float) -> list[str]:
    """A Markdown table of a model."""
    rows = rows_of(path)
    total = sum(row.seconds for row in rows)
    lines = [f"| {path.stem}: {1e6 * total:.0f} us | steps | us | of the time | G multiply-accumulates/s | of peak |"]
    lines.append("|---|---:|---:|---:|---:|---:|")
    for op, steps, seconds, macs in rows:
        rate = macs / seconds
        speed = f"{rate / 1e9:.0f} | {rate / limit:.0%}" if macs else " | "
        lines.append(f"| {op} | {steps} | {1e6 * seconds:.0f} | {seconds / total:.0%} | {speed} |")
    return [*lines, ""]


def main(paths: Sequence[Path], output: Path | None) -> None:
    """Print the tables, and write them."""
    limit, lines = peak(), []
    print(f"peak: {limit / 1e9:.0f} G multiply-accumulates a second")
    for path in paths:
        lines += lines_of(path, limit)
    print("\n".join(lines))
    if output is not None:
        output.write_text("\n".join(lines))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--output", type=Path, help="a Markdown file")
    given = parser.parse_args()
    main(given.models, given.output)
