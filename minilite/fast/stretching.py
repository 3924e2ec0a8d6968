"""Two operands of element-wise loops, stretched to one shape: which elements meet.

A stretch is what has one pattern: both operands go on element by element, or one of them repeats. There, its elements
are laid out a few times over first, so that rows are long. What is left of the shape are axes around stretches.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from minilite.ops.call import Array, Call
from minilite.ops.signature import Shape

ROW = 256  # elements that a row has about, where an operand is laid out
NONE, FIRST, SECOND = range(3)  # operands that repeat
AXES = 4  # around stretches


class Stretch(NamedTuple):
    """How a loop goes through two operands."""

    times: int  # stretches that follow each other in the output
    elements: int  # of a stretch
    repeats: int  # NONE, FIRST or SECOND
    period: int  # elements after which the operand that repeats begins anew
    row: int  # elements that are taken at once


class Axis(NamedTuple):
    """How often, and how many elements apart."""

    times: int
    a_step: int
    b_step: int


FIELDS = len(Stretch._fields)
COUNT = FIELDS + AXES * len(Axis._fields)  # of the numbers


class Start(NamedTuple):
    """Where a stretch starts in both operands."""

    a: Any
    b: Any


def stretch(call: Call[Any], names: tuple[str, str] = ("a", "b")) -> tuple[Stretch, Array] | None:
    """How two operands are gone through, None for too many axes.

    The array int64 [COUNT] has all of it: a Stretch, and the axes around it, the outermost first.
    """
    pairs = aligned(*(call[name].shape for name in names))
    repeats, period, elements = NONE, 1, 1
    while pairs:
        a, b = pairs[-1]
        wanted = NONE if a == b else FIRST if a == 1 else SECOND
        if repeats not in (NONE, wanted):
            break
        repeats, elements = wanted, elements * max(a, b)
        period = elements if repeats == NONE else period
        pairs.pop()
    axes = around(pairs, *(period if repeats == which else elements for which in (FIRST, SECOND)))
    if len(axes) > AXES:
        return None
    row = period * -(-min(ROW, elements) // max(period, 1)) if repeats != NONE else elements
    whole = Stretch(math.prod(axis.times for axis in axes), elements, repeats, period, row)
    padded = [*[Axis(1, 0, 0)] * (AXES - len(axes)), *axes]
    return whole, np.array([*whole, *(number for axis in padded for number in axis)], np.int64)


def aligned(a: Shape, b: Shape) -> list[tuple[int, int]]:
    """The lengths of both along each axis, but those where both have 1."""
    rank = max(len(a), len(b))
    longer = ((1,) * (rank - len(shape)) + tuple(shape) for shape in (a, b))
    return [pair for pair in zip(*longer, strict=True) if pair != (1, 1)]


def around(pairs: list[tuple[int, int]], a_size: int, b_size: int) -> list[Axis]:
    """The axes of these lengths, the last ones in steps of these sizes; neighbours that go on as one are joined."""
    axes: list[Axis] = []
    for a, b in reversed(pairs):
        axis = Axis(max(a, b), a_size if a != 1 else 0, b_size if b != 1 else 0)
        a_size, b_size = a_size * a, b_size * b
        inner = axes[0] if axes else axis
        goes_on = (axis.a_step, axis.b_step) == (inner.a_step * inner.times, inner.b_step * inner.times)
        if axes and goes_on:
            axes[0] = inner._replace(times=inner.times * axis.times)
        else:
            axes.insert(0, axis)
    return axes


def laid_out(s: Stretch) -> Any:
    """Elements that are laid out."""
    return 0 if s.repeats == NONE else s.row


def start_of(numbers: Any, k: Any) -> Start:
    """Where stretch number k starts."""
    a, b, rest = np.int64(0), np.int64(0), k
    for axis in range(AXES - 1, -1, -1):
        here = FIELDS + 3 * axis
        if rest != 0:
            place = rest % numbers[here]
            rest //= numbers[here]
            a, b = a + place * numbers[here + 1], b + place * numbers[here + 2]
    return Start(a, b)


def lay_out(a: Any, b: Any, start: Start, laid: Any, s: Stretch) -> None:
    """The operand that repeats, if any, a few times over."""
    if s.repeats != NONE:
        few = a[start.a : start.a + s.period] if s.repeats == FIRST else b[start.b : start.b + s.period]
        if s.period == 1:
            laid[: s.row] = few[0]
        else:
            for place in range(0, s.row, s.period):
                laid[place : place + s.period] = few


def parts_at(a: Any, b: Any, start: Start, laid: Any, s: Stretch, place: Any) -> Any:
    """What meets from a place of the stretch on, a row of both operands."""
    count = min(s.row, s.elements - place)
    first = laid[:count] if s.repeats == FIRST else a[start.a + place : start.a + place + count]
    second = laid[:count] if s.repeats == SECOND else b[start.b + place : start.b + place + count]
    return first, second
