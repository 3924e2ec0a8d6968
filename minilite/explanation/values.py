"""What an explanation is made of: plain values, which print and go into JSON as they are."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

Index = tuple[int, ...]
Number = int | float | bool
Value = Number | str | tuple[Any, ...]  # several numbers where a step has several for one element


class Element(NamedTuple):
    """One element of an operand: its name in the op's signature, tensor, place, code or value, zero point.

    `real` is what the code stands for, None where the tensor has no scale and is not float.
    """

    operand: str
    tensor: int
    at: Index
    code: Value
    zero_point: int
    real: float | None


class Term(NamedTuple):
    """Elements that stand side by side; `value` is the product of their codes less zero points, where it is added."""

    elements: tuple[Element, ...]
    value: Number | None


class Step(NamedTuple):
    """One step: what is done, to which numbers, and what comes out. `part` names the field of the plan that does it."""

    part: str
    name: str
    operands: Mapping[str, Value]
    result: Value


class Other(NamedTuple):
    """What another kernel set gives for the same inputs, or why it gives nothing."""

    kernels: str
    code: Value | None
    real: float | None
    refused: str | None


def plain(value: Any) -> Value:
    """A NumPy number, or an array of several, as Python has it."""
    if isinstance(value, np.ndarray):
        return plain(value.reshape(-1)[0]) if value.size == 1 else tuple(plain(one) for one in value.reshape(-1))
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, complex):
        return value.real, value.imag
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return value  # type: ignore[no-any-return]


def at_element(array: Any, at: Index, shape: Index) -> Value:
    """What `array` has for the element `at` of an output of `shape`.

    It may have as many values as the output, stretch to its shape, or have equally many values for each of equal runs
    of elements, or for each element. An array that fits in no way is given whole.
    """
    values, size = np.asarray(array), math.prod(shape)
    flat = int(np.ravel_multi_index(at, shape)) if shape else 0
    if values.size != size and stretches(values.shape, shape):
        return plain(np.broadcast_to(values, shape)[at])
    values = values.reshape(-1)
    if values.size == 0 or (size % values.size and values.size % size):
        return plain(values)
    if values.size <= size:
        return plain(values[flat * values.size // size])
    return plain(values.reshape(size, -1)[flat])


def stretches(one: Index, shape: Index) -> bool:
    """Whether an array of shape `one` broadcasts to `shape`."""
    aligned = zip(reversed(one), reversed(shape), strict=False)
    return len(one) <= len(shape) and all(length in (1, whole) for length, whole in aligned)
