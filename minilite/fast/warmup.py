"""Compiling ahead: every loop takes the same six arrays, so its code can be made without a model."""

from collections.abc import Iterator
from time import perf_counter

import numpy as np

from minilite.numerics.jit import KERNELS, machine_code

from .calls import ARRAYS, COLUMNS, run_calls

LOOP = ("scratch", "constants", "numbers")  # how the arguments of a loop end


def compile_all() -> Iterator[tuple[str, float]]:
    """Compile each loop, or load it where it has been compiled before; its name, and how many seconds it took."""
    arrays = (*[np.zeros(0, np.uint8)] * (ARRAYS - 1), np.zeros(0, np.int64))
    for function in KERNELS:
        code = function.__wrapped__.__code__  # type: ignore[attr-defined]
        if code.co_varnames[: code.co_argcount][-len(LOOP) :] == LOOP:
            start = perf_counter()
            machine_code(function, arrays)
            yield f"{function.__module__.rpartition('.')[2]}.{function.__name__}", perf_counter() - start
    start = perf_counter()
    machine_code(run_calls, (np.zeros((1, 0, COLUMNS), np.int64), 0, np.zeros(3, np.int64), 0))
    yield "calls.run_calls", perf_counter() - start
