"""The elements that one output element is made of, and their products."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minilite.graph import Tensor
from minilite.interpreter import StepResult
from minilite.ops.call import Array, Call
from minilite.ops.op import Codes, Op, Reads
from minilite.ops.prepare import input_forms

from .values import Element, Index, Term, Value, plain


class Operands:
    """The arrays of a step by their names in the signature, with the tensors they belong to.

    `codes` has those whose codes the kernel found when it ran.
    """

    def __init__(self, result: StepResult, constants: Mapping[str, Value], codes: Mapping[str, Codes]) -> None:
        node, self._tensors = result.step.node, result.step.subgraph.tensors
        forms = input_forms(result.step.op, node)
        given = zip(forms, node.inputs, result.inputs, strict=True)
        self._given = [(form.name, index, array) for form, index, array in given]
        self._positions = {name: position for position, (name, _, _) in enumerate(self._given)}
        self._constants, self._codes = constants, codes

    def element(self, name: str | int, at: Sequence[int]) -> Element:
        """The element `at` of an operand, by name or by the operand's position."""
        position = name if isinstance(name, int) else self._positions[name]
        name, index, array = self._given[position]
        assert array is not None
        place = tuple(int(number) for number in at)
        codes, zero_points = self._codes.get(name) or Codes(array, np.array(_zero_point(name, self._constants)))
        zero_point = int(np.broadcast_to(zero_points, array.shape)[place])
        real = float(array[place]) if array.dtype.kind == "f" else _real(self._tensors[index], codes[place], place)
        return Element(name, index, place, plain(codes[place]), zero_point, real)


def _real(tensor: Tensor, code: Any, place: Index) -> float | None:
    """What a code stands for (eq. 1); None where the tensor has no scale, or several that do not fit."""
    affine = tensor.quantization
    if affine is None or tensor.dtype.kind not in "iu" or affine.scale.size not in (1, *tensor.shape):
        return None
    channel = place[affine.axis] if affine.per_channel else 0
    zero_point = affine.zero_point[channel % affine.zero_point.size]
    return float((int(code) - int(zero_point)) * float(affine.scale[channel]))


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
