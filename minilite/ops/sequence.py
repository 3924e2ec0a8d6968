"""Running a recurrent cell along the time axis, as the sequence ops do."""

from collections.abc import Callable

import numpy as np

from .call import Array

States = tuple[Array, ...]
Inputs = tuple[Array | None, ...]
Step = Callable[[Inputs, States, int], tuple[Array, States]]


def run_sequence(
    step: Step, inputs: Inputs, states: States, time_major: bool, backwards: bool = False
) -> tuple[Array, States]:
    """All outputs, and the states after the last step.

    `inputs` are [time,n,d] when `time_major`, else [n,time,d]; `states` are [n,c]. `step` takes the inputs of one
    moment [n,d], the states and the first row's place in the batch. The official kernels run all rows of a
    time-major batch together, and every row of any other alone, which matters to the order of float sums.
    """
    if time_major:
        return _run(step, inputs, states, backwards, 0)
    rows = len(next(array for array in inputs if array is not None))
    outputs, ends = [], []
    for row in range(rows):
        own = tuple(None if array is None else array[row][:, None] for array in inputs)
        y, end = _run(step, own, tuple(state[row : row + 1] for state in states), backwards, row)
        outputs.append(y[:, 0])
        ends.append(end)
    last = tuple(np.concatenate(parts) for parts in zip(*ends, strict=True))
    return np.stack(outputs), last


def _run(step: Step, inputs: Inputs, states: States, backwards: bool, row: int) -> tuple[Array, States]:
    times = range(len(next(array for array in inputs if array is not None)))
    outputs = []
    for time in reversed(times) if backwards else times:
        y, states = step(tuple(None if array is None else array[time] for array in inputs), states, row)
        outputs.append(y)
    return np.stack(outputs[::-1] if backwards else outputs), states
