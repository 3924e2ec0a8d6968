"""Which input element a kernel copies, found by running it on numbered elements.

A kernel that only moves elements moves any elements. So it runs again with the elements' numbers in place of their
values, digit by digit since codes are small, and then in two other codings: what comes out alike is the number.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minilite.errors import MiniliteError
from minilite.interpreter import StepResult
from minilite.ops.call import Array
from minilite.ops.op import Noted
from minilite.ops.prepare import input_forms
from minilite.program import Step as ProgramStep

from .values import Index

BASE = 100  # digits that every type of elements can hold
Coding = Callable[[Any, bool], Any]  # of digits, or back; for unsigned types or not
CODINGS: tuple[tuple[Coding, Coding], ...] = (
    (lambda digits, unsigned: digits + 1, lambda code, unsigned: code - 1),
    (lambda digits, unsigned: BASE - digits, lambda code, unsigned: BASE - code),
    (
        lambda digits, unsigned: 255 - digits if unsigned else -1 - digits,
        lambda code, unsigned: 255 - code if unsigned else -1 - code,
    ),
)


def source(result: StepResult, output: int, at: Index) -> tuple[int, Index] | None:
    """The input (its position in the node) and the place in it that the element `at` is a copy of, else None."""
    made = result.outputs[output]
    if result.step.op.uses_state or made.dtype.kind not in "iuf":
        return None
    forms = input_forms(result.step.op, result.step.node)
    movable = [
        position
        for position, (form, array) in enumerate(zip(forms, result.inputs, strict=True))
        if array is not None and array.dtype == made.dtype and array.size and not form.is_value
    ]
    tried = [movable, *([position] for position in movable)]  # indices may have the type of what they choose
    places = (_place(result, positions, output, at) for positions in tried if positions)
    return next((place for place in places if place is not None), None)


def _place(result: StepResult, positions: Sequence[int], output: int, at: Index) -> tuple[int, Index] | None:
    """The source among some inputs, whose elements are numbered one input after the other."""
    arrays = [array for position in positions if (array := result.inputs[position]) is not None]
    found = {_number(result, positions, output, at, *coding) for coding in CODINGS}
    number = found.pop()
    if found or number is None:
        return None
    for position, array in zip(positions, arrays, strict=True):
        if number < array.size:
            place = tuple(int(index) for index in np.unravel_index(number, array.shape))
            return (position, place) if _same(array[place], result.outputs[output][at]) else None
        number -= array.size
    return None


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) or bool(one != one and other != other)


def _number(
    result: StepResult, positions: Sequence[int], output: int, at: Index, code: Coding, decode: Coding
) -> int | None:
    """The number that comes out at `at` when elements have their numbers in a coding; None when none does."""
    arrays = [array for position in positions if (array := result.inputs[position]) is not None]
    unsigned, total = arrays[0].dtype.kind == "u", sum(array.size for array in arrays)
    number, place = 0, 1
    while place == 1 or place < total:
        digits = code(np.arange(total) // place % BASE, unsigned).astype(arrays[0].dtype)
        parts = np.split(digits, np.cumsum([array.size for array in arrays])[:-1])
        inputs = list(result.inputs)
        for position, array, part in zip(positions, arrays, parts, strict=True):
            inputs[position] = part.reshape(array.shape)
        try:
            made = _compute(result.step, result.inputs, inputs)[output]
        except (MiniliteError, ValueError, IndexError):
            return None
        if made.shape != result.outputs[output].shape or not np.isfinite(made[at]):
            return None
        digit = int(decode(float(made[at]), unsigned))
        if not 0 <= digit < BASE:
            return None
        number, place = number + place * digit, place * BASE
    return number if number < total else None


def _compute(step: ProgramStep, planned_for: Sequence[Array | None], inputs: Sequence[Array | None]) -> Sequence[Array]:
    """The outputs of a step's kernel, planned for some inputs, on other ones."""
    prepared = step.prepare_for(planned_for)
    with np.errstate(all="ignore"):
        made = prepared.variant.run(prepared.plan, *step.operands(inputs))
    outputs = made.outputs if isinstance(made, Noted) else made
    return outputs if isinstance(outputs, tuple) else (outputs,)
