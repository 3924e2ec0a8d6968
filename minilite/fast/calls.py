"""Compiled loops called from compiled code: a list of them costs Python one call.

Every loop takes the same six arrays (`twins`), so a call is thirteen numbers: where the loop's machine code is, and
where each array is and how long. `run_calls` goes through a table of these. A call from Python, which has to look at
six arrays, takes about a hundred times as long as one from here.

Several threads go through a table side by side. Each has its own rows, which are parts of the same loops, and waits
for the others behind each: what one loop writes the next reads. The wait is compiled as well, and costs less than a
microsecond, so loops of a few ten microseconds are worth sharing.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.jit import kernel, lowered_in, machine_code
from minilite.ops.call import Array

from .parts import ALL
from .twins import Loop, Part, bytes_of

ARRAYS = 6  # that a loop takes
COLUMNS = 1 + 2 * ARRAYS  # of a table: machine code, 0 for no call, then address and length of each array
ARRIVED, FAILED, GIVE_WAY = range(3)  # of the array where threads meet: a count, whether a loop failed, machine code
PATIENCE = 5000  # looks at the count before others get the CPU


class LoopCall(NamedTuple):
    """A loop and its arrays, all in place: a, b, y, scratch, constants, numbers."""

    function: Callable[..., None]
    arrays: tuple[Array, ...]

    def run(self) -> None:
        """Call it from Python."""
        self.function(*self.arrays)

    def row(self) -> list[int]:
        """The call as a row of a table."""
        places = [number for array in self.arrays for number in (array.ctypes.data, array.size)]
        return [machine_code(self.function, self.arrays), *places]


def loop_calls(loop: Loop, operands: Sequence[Array | None], y: Array, scratch: Sequence[Array]) -> list[LoopCall]:
    """A loop on operands, all the kernel takes, that stay where they are: up to one part for each working memory."""
    a, b = (bytes_of(operands[loop.operands[which]]) for which in (0, -1))
    parts = [Part(loop, ALL, ALL, ALL)]
    if loop.parts is not None and len(scratch) > 1:
        parts = loop.parts(loop, len(scratch))
    made = []
    for part, own in zip(parts, scratch, strict=False):
        arrays = a[part.a], b[part.b], bytes_of(y)[part.y], own, part.loop.constants, part.loop.numbers
        made.append(LoopCall(loop.function, arrays))
    return made


def make_table(calls: Sequence[Sequence[LoopCall]], threads: int) -> Array:
    """int64 [threads, calls, COLUMNS]: what each thread does at each time."""
    table = np.zeros((threads, len(calls), COLUMNS), np.int64)
    for time, at_once in enumerate(calls):
        for thread, call in enumerate(at_once):
            table[thread, time] = call.row()
    return table


@kernel
def run_calls(table: Any, thread: Any, meeting: Any, start: Any) -> None:
    """The calls of one thread. `meeting` is where threads meet, its count `start` before the first call."""
    threads, calls = table.shape[0], table.shape[1]
    for time in range(calls):
        if table[thread, time, 0] != 0 and call_row(table[thread, time]) != 0:
            meeting[FAILED] = 1
        if threads > 1:
            arrive(meeting)
            wait(meeting, start + (time + 1) * threads)


def wait(meeting: Any, count: Any) -> None:
    """Wait until so many have arrived."""
    looks = 0
    while arrived(meeting) < count:
        looks += 1
        if looks > PATIENCE:
            give_way(meeting)


@lowered_in("minilite.fast.lowered.addresses")
def call_row(row: Any) -> int:
    """Call what a row of a table says; 0 unless it fails."""
    raise NotImplementedError("machine code is called by compiled code alone")


@lowered_in("minilite.fast.lowered.addresses")
def arrive(meeting: Any) -> None:
    """Add one to the count, and let the others see all that was written before."""
    meeting[ARRIVED] += 1


@lowered_in("minilite.fast.lowered.addresses")
def arrived(meeting: Any) -> Any:
    """The count; who has read it sees all that those counted have written."""
    return meeting[ARRIVED]


@lowered_in("minilite.fast.lowered.addresses")
def give_way(meeting: Any) -> None:
    """Let another thread have the CPU."""
