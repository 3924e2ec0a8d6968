"""Compiled loops called from compiled code: a list of them costs Python one call.

Every loop takes the same six arrays (`twins`), so a call is thirteen numbers: where the loop's machine code is, and
where each array is and how long. `run_calls` goes through a table of these. A call from Python, which has to look at
six arrays, takes about a hundred times as long as one from here.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.jit import kernel, lowered_in, machine_code
from minilite.ops.call import Array

from .twins import Loop, bytes_of

ARRAYS = 6  # that a loop takes


class LoopCall(NamedTuple):
    """A loop and its arrays, all in place: a, b, y, scratch, constants, numbers."""

    function: Callable[..., None]
    arrays: tuple[Array, ...]

    def run(self) -> None:
        """Call it from Python."""
        self.function(*self.arrays)

    def row(self) -> list[int]:
        """The call as numbers."""
        places = [number for array in self.arrays for number in (array.ctypes.data, array.size)]
        return [machine_code(self.function, self.arrays), *places]


def loop_call(loop: Loop, operands: Sequence[Array | None], y: Array, scratch: Array) -> LoopCall:
    """The call of a loop on these operands, all the kernel takes, which stay where they are."""
    a, b = (bytes_of(operands[loop.operands[which]]) for which in (0, -1))
    return LoopCall(loop.function, (a, b, bytes_of(y), scratch, loop.constants, loop.numbers))


class Stretch:
    """Calls that follow each other."""

    def __init__(self, calls: Sequence[LoopCall]) -> None:
        self.calls = calls  # holds on to the arrays, of which the table has mere addresses
        self.table = np.array([call.row() for call in calls], np.int64).reshape(-1, 1 + 2 * ARRAYS)

    def __call__(self) -> None:
        """Make them all. Raises RuntimeError if a loop failed, which it has no reason to."""
        if run_calls(self.table):
            raise RuntimeError("a compiled loop failed")


@kernel
def run_calls(table: Any) -> Any:
    """Calls of a table [call, 1 + 2 * ARRAYS], one after the other; 0 unless one fails."""
    failed = 0
    for k in range(table.shape[0]):
        failed |= call_row(table, k)
    return failed


@lowered_in("minilite.fast.addresses")
def call_row(table: Any, row: Any) -> int:
    """Call what a row of the table says; 0 unless it fails."""
    raise NotImplementedError("machine code is called by compiled code alone")
