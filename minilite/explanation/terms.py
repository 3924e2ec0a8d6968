"""The elements that one output element is made of, and their products."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minilite.interpreter import StepResult
from minilite.numerics.dynamic import DynamicRows
from minilite.ops.call import Array, Call
from minilite.ops.op import Op, Reads
from minilite.ops.prepare import input_forms

from .values import Element, Index, Term, Value, at_element, plain


class Operands:
    """The arrays of a step by their names in the signature, with the tensors they belong to."""

    def __init__(
        self, result: StepResult, constants: Mapping[str, Value], quantized: Mapping[str, DynamicRows]
    ) -> None:
        node, self._tensors = result.step.node, result.step.subgraph.tensors
        forms = input_forms(result.step.op, node)
        given = zip(forms, node.inputs, result.inputs, strict=True)
        self._names = [form.name for form in forms]
        self.found = {form.name: (index, array) for form, index, array in given if array is not None}
        self._quantized = quantized
        self._zero_points = {name: _zero_point(name, constants) for name in self.found}

    def element(self, name: str | int, at: Sequence[int]) -> Element:
        """The element `at` of an operand, by name or by the operand's position."""
        if isinstance(name, int):
            name = self._names[name]
        index, array = self.found[name]
        place = tuple(int(number) for number in at)
        if name in self._quantized:
            return self._at_run_time(name, index, array, place)
        code, tensor = plain(array[place]), self._tensors[index]
        affine, real = tensor.quantization, None
        if array.dtype.kind == "f":
            real = float(array[place])
        elif affine is not None and array.dtype.kind in "iu" and affine.scale.size in (1, *array.shape):
            channel = place[affine.axis] if affine.per_channel else 0
            scale, zero_point = float(affine.scale[channel]), int(affine.zero_point[channel % affine.zero_point.size])
            real = (int(array[place]) - zero_point) * scale
        return Element(name, index, place, code, self._zero_points[name], real)

    def _at_run_time(self, name: str, index: int, array: Array, place: Index) -> Element:
        """An element of a float operand that the kernel found a code for."""
        rows, flat = self._quantized[name], int(np.ravel_multi_index(place, array.shape))
        zero_point = at_element(rows.zero_point, flat, array.size)
        code = plain(rows.codes.reshape(-1)[flat])
        return Element(name, index, place, code, int(zero_point), float(array[place]))  # type: ignore[arg-type]


def _zero_point(name: str, constants: Mapping[str, Value]) -> int:
    """The zero point that the plan has for an operand, 0 where it has none."""
    for path, value in constants.items():
        if path.rpartition(".")[2] == f"{name}_zero" or path == f"{name}.zero":
            return int(value)  # type: ignore[arg-type]
    return 0


def reads_of(op: Op, call: Call[Any], output: Array, at: Index, number: int) -> Reads:
    """What the element is made of: as the op says, else the elements that broadcast to its place."""
    if op.reads is not None and number == 0:
        return op.reads(call, at)
    terms: dict[str, Array] = {}
    for form in op.signature.inputs:
        operand = call.optional(form.name)
        if operand is None or form.is_value or form.is_repeated or len(operand.shape) > len(at):
            continue
        aligned = at[len(at) - len(operand.shape) :]
        lengths = output.shape[len(at) - len(operand.shape) :]
        if all(length in (1, whole) for length, whole in zip(operand.shape, lengths, strict=True)):
            place = [0 if length == 1 else index for index, length in zip(aligned, operand.shape, strict=True)]
            terms[form.name] = np.array([place], np.intp)
    return Reads(terms, added=False)


def make_terms(operands: Operands, reads: Reads) -> tuple[Term, ...]:
    """The terms, in the order in which the op's definition sums them."""
    names = list(reads.terms)
    columns = [reads.terms[name] for name in names]
    found = []
    for places in zip(*columns, strict=True):
        elements = tuple(operands.element(name, place) for name, place in zip(names, places, strict=True))
        found.append(Term(elements, _product(elements) if reads.added else None))
    return tuple(found)


def _product(elements: tuple[Element, ...]) -> Any:
    if any(isinstance(element.code, float) for element in elements):
        return math.prod(0.0 if element.real is None else element.real for element in elements)
    codes: list[Any] = [element.code for element in elements]
    return math.prod(code - element.zero_point for code, element in zip(codes, elements, strict=True))
