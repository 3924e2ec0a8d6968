"""PAD, CONCATENATION and STRIDED_SLICE in a compiled loop: all copy boxes of elements from one array to another.

A box is rows of bytes that lie together in both arrays; where they start follows steps along a few axes.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.jit import kernel
from minilite.ops import OPS
from minilite.ops.call import Array
from minilite.ops.prepare import Prepared
from minilite.ops.signature import Shape

from .blocks import copy_bytes
from .twins import Loop, Make, Twins, looped

AXES = 5  # that rows start along
NOTHING = np.zeros(0, np.uint8)


class Axis(NamedTuple):
    """How often, and how many bytes apart."""

    times: int
    x_step: int
    y_step: int


class Box(NamedTuple):
    """A box of bytes: where it starts in x and y, its rows, and how they follow each other, slowest axis first."""

    x_start: int
    y_start: int
    row: int
    axes: tuple[Axis, ...]


def make_box(size: int, x: Shape, y: Shape, taken: Sequence[slice], put: Sequence[slice]) -> Box:
    """The box `taken` of x with steps from 1 on, put into y without steps; elements have `size` bytes."""
    axes: list[Axis] = []
    x_start, y_start, x_step, y_step = 0, 0, size, size
    for x_length, y_length, source, target in reversed(list(zip(x, y, taken, put, strict=True))):
        start, _, step = source.indices(x_length)
        first, last, _ = target.indices(y_length)
        axes.insert(0, Axis(last - first, x_step * step, y_step))
        x_start, y_start = x_start + start * x_step, y_start + first * y_step
        x_step, y_step = x_step * x_length, y_step * y_length
    joined: list[Axis] = []
    row = size
    for axis in reversed(axes):
        if axis.x_step == axis.y_step == row and not joined:
            row *= axis.times
        elif joined and axis.x_step == joined[0].x_step * joined[0].times and is_next(axis, joined[0]):
            joined[0] = joined[0]._replace(times=joined[0].times * axis.times)
        elif axis.times != 1:
            joined.insert(0, axis)
    return Box(x_start, y_start, row, tuple(joined))


def is_next(axis: Axis, inner: Axis) -> bool:
    """Whether steps along y go on where those of the axis inside end."""
    return axis.y_step == inner.y_step * inner.times


def make_loop(box: Box, operand: int, y: tuple[Shape, np.dtype[Any]], fill: Array | None = None) -> Loop | None:
    """The loop that copies a box, and before fills y with one element if there is any; None for too many axes."""
    if len(box.axes) > AXES:
        return None
    axes = [*[Axis(1, 0, 0)] * (AXES - len(box.axes)), *box.axes]
    constants = NOTHING if fill is None else fill.reshape(1).view(np.uint8).copy()
    steps = [number for axis in axes for number in axis]
    numbers = np.array([box.x_start, box.y_start, box.row, constants.size, *steps], np.int64)
    return Loop(box_loop, (operand,), constants, numbers, 0, *y)


@kernel
def box_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y = x, a box of it; both bytes."""
    if numbers[3] != 0:
        fill(y, constants)
    row, axes = numbers[2], numbers[4:].reshape(AXES, 3)
    inner = axes[AXES - 1]
    rows = axes[0, 0] * axes[1, 0] * axes[2, 0] * axes[3, 0]
    for k in range(rows):
        source, target, rest = numbers[0], numbers[1], k
        for axis in range(AXES - 2, -1, -1):
            place = rest % axes[axis, 0]
            rest //= axes[axis, 0]
            source, target = source + place * axes[axis, 1], target + place * axes[axis, 2]
        for _k in range(inner[0]):
            copy_bytes(y, target, x, source, row, 0)
            source, target = source + inner[1], target + inner[2]


def fill(y: Any, element: Any) -> None:
    """Every element of y, bytes, is this one of 1, 2, 4 or 8 bytes."""
    if element.shape[0] == 1:
        y[:] = element[0]
    elif element.shape[0] == 2:
        y.view(np.int16)[:] = element.view(np.int16)[0]
    elif element.shape[0] == 4:
        y.view(np.int32)[:] = element.view(np.int32)[0]
    else:
        y.view(np.int64)[:] = element.view(np.int64)[0]


def pad(prepared: Prepared, x: Array | None, value: Array | None = None) -> Loop | None:
    """The loop of PAD and PADV2, None for a value that is not constant."""
    plan, call = prepared.plan, prepared.call
    x_shape, dtype = call["x"].shape, call["x"].dtype
    if (value is None) != (call.optional("value") is None):
        return None
    everything = [slice(None)] * len(x_shape)
    box = make_box(dtype.itemsize, x_shape, plan.shape, everything, plan.inside)
    zero = np.array(plan.zero if value is None else value.reshape(()), dtype)
    return make_loop(box, 0, (plan.shape, dtype), zero)


def concatenate(prepared: Prepared, *arrays: Array | None) -> Loop | None:
    """The loops of CONCATENATION, None for codes that change and for scalars."""
    plan, y, every = prepared.plan, prepared.call["y"], prepared.call.every("x")
    if any(recode is not None for recode in plan.recodes) or any(not x.shape for x in every):
        return None
    loops, first = [], 0
    for position, x in enumerate(every):
        put, length = [slice(None)] * len(y.shape), x.shape[plan.axis]
        put[plan.axis] = slice(first, first + length)
        first += length
        box = make_box(y.dtype.itemsize, x.shape, y.shape, [slice(None)] * len(put), put)
        loops.append(make_loop(box, position, (y.shape, y.dtype)))
    known = [loop for loop in loops if loop is not None]
    return known[0]._replace(more=tuple(known[1:])) if len(known) == len(loops) else None


def strided_slice(prepared: Prepared, *arrays: Array | None) -> Loop | None:
    """The loop of STRIDED_SLICE, None where it goes backward."""
    plan, dtype = prepared.plan, prepared.call["x"].dtype
    if dtype.hasobject or any(taken.step is not None and taken.step < 0 for taken in plan.taken):
        return None
    lengths = tuple(
        len(range(*taken.indices(length))) for taken, length in zip(plan.taken, plan.expanded, strict=False)
    )
    rest = plan.expanded[len(lengths) :]
    everything = [slice(None)] * len(plan.expanded)
    taken = [*plan.taken, *everything[len(lengths) :]]
    box = make_box(dtype.itemsize, plan.expanded, (*lengths, *rest), taken, everything)
    return make_loop(box, 0, (plan.shape, dtype)) if math.prod(plan.shape) else None


MAKERS: dict[str, Make] = {"PAD": pad, "PADV2": pad, "CONCATENATION": concatenate, "STRIDED_SLICE": strided_slice}
TWINS: Twins = {variant: looped(make) for name, make in MAKERS.items() for variant in OPS[name].variants}
