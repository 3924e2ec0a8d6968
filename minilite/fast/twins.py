"""What a fast module exports: for each variant it has one for, what makes the compiled kernel of a step.

`twin(prepared, *constants)` is called once per step, with an array for each operand that is constant and None for the
others. It gives the kernel, which takes all the arrays: `kernel(x, w, b)`. So weights are packed once.

Compiled loops take flat arrays of one type each, always the same six: `function(a, b, y, scratch, constants,
numbers)`. a, b and y are the bytes of two operands and the output, `scratch` is working memory, `constants` the bytes
of packed weights and tables, `numbers` int64 shapes, zero points and the like. So every function is compiled just once,
a call costs little, and a kernel whose `loop` is known ahead can be run from a list, on memory of the caller's choice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from minilite.ops import Variant
from minilite.ops.call import Array
from minilite.ops.prepare import Prepared

from .arena import ALIGNMENT, aligned_bytes

Kernel: TypeAlias = Callable[..., Any]
Twin: TypeAlias = Callable[..., Kernel]
Twins: TypeAlias = Mapping[Variant, Twin]


class Loop(NamedTuple):
    """A compiled loop with all its arguments but the operands' bytes."""

    function: Callable[..., None]
    operands: tuple[int, ...]  # the positions of a and b among the kernel's arrays; b may be left out
    constants: Array  # uint8
    numbers: Array  # int64
    scratch: int  # bytes of working memory
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    parts: "Callable[[Loop, int], list[Part]] | None" = None  # from the loop and a number: up to so many parts of it
    more: "tuple[Loop, ...]" = ()  # others that fill the rest of the output, or other outputs, without working memory
    output: int = 0  # the number of the output it fills

    def run(self, arrays: Sequence[Array | None], scratch: Array | None = None) -> tuple[Array, ...]:
        """The outputs for the kernel's arrays, with a working memory of its own or this one."""
        every = (self, *self.more)
        made = {loop.output: np.empty(loop.shape, loop.dtype) for loop in every}
        scratch = np.empty(self.scratch, np.uint8) if scratch is None else scratch
        for loop in every:
            y = made[loop.output]
            if y.size:
                operands = [bytes_of(arrays[position]) for position in loop.operands]
                loop.function(operands[0], operands[-1], bytes_of(y), scratch, loop.constants, loop.numbers)
        return tuple(made[number] for number in range(len(made)))


class Part(NamedTuple):
    """A share of the work of a loop, which can be done beside the others: a loop on some bytes of a, b and y."""

    loop: Loop
    a: slice
    b: slice
    y: slice


Make: TypeAlias = Callable[..., Loop | None]


@dataclass(frozen=True)
class Looped:
    """The kernel of a step: one compiled loop. `loop` is None where operands are not constant, or it cannot be used."""

    make: Callable[..., Loop | None]  # from the arrays of constants
    otherwise: Kernel
    constants: tuple[Array | None, ...]
    loop: Loop | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "loop", self.make(*self.constants))

    def __call__(self, *arrays: Array | None) -> Any:
        """The output for all the arrays, which may be others than the constants."""
        same = all(known is None or known is given for known, given in zip(self.constants, arrays, strict=False))
        loop = self.loop if same and self.loop is not None else self.make(*arrays)
        return self.otherwise(*arrays) if loop is None else self.run(loop, arrays)

    def run(self, loop: Loop, arrays: Sequence[Array | None]) -> Any:
        """What the step gives by this loop: its outputs."""
        return loop.run(arrays)


def looped(
    make: Callable[..., Loop | None], kind: type[Looped] = Looped, otherwise: Callable[..., Any] | None = None
) -> Twin:
    """The twin that runs make(prepared, *arrays) as `kind` does.

    Wherever that gives None it is `otherwise`, a function of the plan and all the arrays, or the variant's definition.
    """

    def twin(prepared: Prepared, *constants: Array | None) -> Kernel:
        plain = prepared.variant.run if otherwise is None else otherwise
        return kind(partial(make, prepared), partial(plain, prepared.plan), constants)

    return twin


def either(*makes: Make) -> Make:
    """The first loop that one of these gives: for a variant of several element types."""

    def make(prepared: Prepared, *arrays: Array | None) -> Loop | None:
        return next((loop for one in makes if (loop := one(prepared, *arrays)) is not None), None)

    return make


def unpacked(function: Callable[..., Any]) -> Twin:
    """The twin of a function of the plan and all the arrays, which prepares nothing from constants."""

    def twin(prepared: Prepared, *constants: Array | None) -> Kernel:
        return partial(function, prepared.plan)

    return twin


def writable(array: Array) -> Array:
    """The array itself or a copy, such that loops need not be compiled again for a layout or for read-only data."""
    return array if array.flags.carray else array.copy()


def bytes_of(array: Array | None) -> Array:
    """The elements as flat uint8."""
    assert array is not None
    return writable(array).reshape(-1).view(np.uint8)


def join(*sections: Array) -> tuple[Array, list[int]]:
    """The bytes of some arrays one behind the other, each aligned, and where each starts."""
    starts, end = [], 0
    for section in sections:
        starts.append(end)
        end += -(-section.nbytes // ALIGNMENT) * ALIGNMENT
    joint = aligned_bytes(end)
    joint[:] = 0
    for start, section in zip(starts, sections, strict=True):
        joint[start : start + section.nbytes] = np.ascontiguousarray(section).reshape(-1).view(np.uint8)
    return joint, starts
