"""Which input element a kernel copies, found by running it on numbered elements.

A kernel that only moves elements moves any elements. So it runs again with the elements' numbers in place of their
values, digit by digit since codes are small, and once more with other digits: what comes out both times is the number.
"""

from collections.abc import Sequence
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


def source(result: StepResult, output: int, at: Index) -> tuple[int, Index] | None:
    """The input (its position in the node) and the place in it that the element `at` is a copy of, else None."""
    made = result.outputs[output]
    forms = input_forms(result.step.op, result.step.node)
    movable = [
        position
        for position, (form, array) in enumerate(zip(forms, result.inputs, strict=True))
        if array is not None and array.dtype == made.dtype and array.size and not form.is_value
    ]
    total = sum(_size(result.inputs[position]) for position in movable)
    if result.step.op.uses_state or not movable or made.dtype.kind not in "iuf" or made.dtype.itemsize > 8:
        return None
    found = [_number(result, movable, total, output, at, mirrored) for mirrored in (False, True)]
    if found[0] is None or found[0] != found[1] or not 0 <= found[0] < total:
        return None
    number = found[0]
    for position in movable:
        array = result.inputs[position]
        assert array is not None
        if number < array.size:
            place = tuple(int(index) for index in np.unravel_index(number, array.shape))
            return (position, place) if _same(array[place], made[at]) else None
        number -= array.size
    return None


def compute(step: ProgramStep, planned_for: Sequence[Array | None], inputs: Sequence[Array | None]) -> Sequence[Array]:
    """The outputs of a step's kernel, planned for some inputs, on other ones."""
    prepared = step.prepare_for(planned_for)
    with np.errstate(all="ignore"):
        made = prepared.variant.run(prepared.plan, *step.operands(inputs))
    outputs = made.outputs if isinstance(made, Noted) else made
    return outputs if isinstance(outputs, tuple) else (outputs,)


def _size(array: Array | None) -> int:
    return 0 if array is None else array.size


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) or bool(one != one and other != other)


def _number(
    result: StepResult, movable: Sequence[int], total: int, output: int, at: Index, mirrored: bool
) -> int | None:
    """The number that comes out at `at`; `mirrored` digits run the other way, from -1 down or from 255 down."""
    number, place = 0, 1
    while place < total:
        digits = np.arange(total) // place % BASE
        inputs, start = list(result.inputs), 0
        for position in movable:
            array = inputs[position]
            assert array is not None
            part = digits[start : start + array.size].reshape(array.shape)
            inputs[position] = _coded(part, array.dtype, mirrored)
            start += array.size
        try:
            made = compute(result.step, result.inputs, inputs)[output]
        except (MiniliteError, ValueError, IndexError):
            return None
        if made.shape != result.outputs[output].shape:
            return None
        digit = _digit(made[at], mirrored)
        if not 0 <= digit < BASE:
            return None
        number, place = number + place * digit, place * BASE
    return number


def _coded(digits: Array, dtype: Any, mirrored: bool) -> Array:
    if not mirrored:
        return (digits + 1).astype(dtype)
    return (255 - digits if dtype.kind == "u" else -1 - digits).astype(dtype)


def _digit(value: Any, mirrored: bool) -> int:
    if not np.isfinite(value):
        return -1
    number = int(value)
    if not mirrored:
        return number - 1
    return 255 - number if value.dtype.kind == "u" else -1 - number
