"""What compiled recurrent cells share: their states, and operands that are weights.

A loop of a cell takes x as its first operand and its states as the second: the bytes of all of them one behind the
other, in place of which it leaves the next ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minilite.numerics.jit import lowered_in
from minilite.ops.call import Array, Call

from .twins import Loop, Looped, bytes_of


@dataclass(frozen=True)
class Recurrent(Looped):
    """The kernel of a step with states: it gives their next values behind the output, in the order of the operands."""

    states: tuple[int, ...] = ()  # their positions among the operands, in the order of the loop's memory
    lasting: bool = True  # else they stay as they are

    def run(self, loop: Loop, arrays: Sequence[Array | None]) -> Any:
        """y, then the next states."""
        states = {place: array for place in self.states if (array := arrays[place]) is not None}
        memory = np.concatenate([bytes_of(state) for state in states.values()])
        y, scratch = np.empty(loop.shape, loop.dtype), np.empty(loop.scratch, np.uint8)
        x = bytes_of(arrays[loop.operands[0]])
        loop.function(x, memory, bytes_of(y), scratch, loop.constants, loop.numbers)
        made, end = {}, 0
        for place, state in states.items():
            start, end = end, end + state.nbytes
            made[place] = memory[start:end].view(state.dtype).reshape(state.shape) if self.lasting else state
        return (y, *(made[place] for place in sorted(made)))


def are_known(call: Call[Any], arrays: Sequence[Array | None]) -> bool:
    """Whether all operands but x, the first, and the states are at hand, of those that the node has."""
    forms = [form for form in call.signature.inputs if not form.is_value]
    pairs = list(zip(forms, arrays, strict=True))[1:]
    return all((array is None) == (call.optional(form.name) is None) for form, array in pairs if not form.is_state)


@lowered_in("minilite.fast.lowered.addresses")
def borrowed(array: Any) -> Any:
    """The array without a share in its memory, which someone else keeps: nobody counts who uses its parts."""
    return array
