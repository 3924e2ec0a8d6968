"""PAD, CONCATENATION, PACK, slices and SPLIT in a compiled loop: all copy boxes of elements from one array to another.

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

from .blocks import as_tuple, copy_bytes, viewed
from .twins import Loop, Make, Twins, looped

AXES = 5  # that rows start along
PART = 32  # numbers along an axis
UNITS = (1, 2, 4, 8)  # bytes of a row that are moved as one number
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


class Numbers(NamedTuple):
    """What the loop needs to know, before the axes of the box."""

    x_start: int
    y_start: int
    row: int
    is_number: int  # whether a row can be moved as one number
    fills: int


NUMBERS = len(Numbers._fields)


def make_loop(box: Box, operand: int, y: tuple[Shape, np.dtype[Any]], fill: Array | None = None) -> Loop | None:
    """The loop that copies a box, and before fills y with one element if there is any; None for too many axes."""
    if len(box.axes) > AXES:
        return None
    axes = [*[Axis(1, 0, 0)] * (AXES - len(box.axes)), *box.axes]
    constants = NOTHING if fill is None else fill.reshape(1).view(np.uint8).copy()
    places = [box.x_start, box.y_start, *(step for axis in axes for step in axis[1:])]
    is_number = box.row in UNITS and not any(place % box.row for place in places)
    numbers = Numbers(box.x_start, box.y_start, box.row, int(is_number), int(fill is not None))
    steps = [number for axis in axes for number in axis]
    return Loop(box_loop, (operand,), constants, np.array([*numbers, *steps], np.int64), 0, *y)


@kernel
def box_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y = x, a box of it; both bytes."""
    n, axes = Numbers(*as_tuple(numbers, NUMBERS)), numbers[NUMBERS:].reshape(AXES, 3)
    if n.fills != 0:
        fill(y, constants)
    inner = axes[AXES - 2 :]
    for k in range(axes[0, 0] * axes[1, 0] * axes[2, 0]):
        source, target, rest = n.x_start, n.y_start, k
        for axis in range(AXES - 3, -1, -1):
            if rest != 0:
                place = rest % axes[axis, 0]
                rest //= axes[axis, 0]
                source, target = source + place * axes[axis, 1], target + place * axes[axis, 2]
        if n.is_number == 0:
            copy_rows(y, target, x, source, n.row, inner)
        elif n.row == 1:
            copy_numbers(y, target, x, source, inner, 1)
        elif n.row == 2:
            copy_numbers(viewed(whole(y, 2), np.int16), target, viewed(whole(x, 2), np.int16), source, inner, 2)
        elif n.row == 4:
            copy_numbers(viewed(whole(y, 4), np.int32), target, viewed(whole(x, 4), np.int32), source, inner, 4)
        else:
            copy_numbers(viewed(whole(y, 8), np.int64), target, viewed(whole(x, 8), np.int64), source, inner, 8)


def copy_rows(y: Any, target: Any, x: Any, source: Any, row: Any, axes: Any) -> None:
    """Rows of so many bytes along two axes."""
    for _k in range(axes[0, 0]):
        for k in range(axes[1, 0]):
            copy_bytes(y, target + k * axes[1, 2], x, source + k * axes[1, 1], row, 0)
        source, target = source + axes[0, 1], target + axes[0, 2]


def whole(x: Any, size: Any) -> Any:
    """The bytes of whole numbers of this size."""
    return x[: x.shape[0] // size * size]


def copy_numbers(y: Any, target: Any, x: Any, source: Any, axes: Any, size: Any) -> None:
    """Numbers of so many bytes along two axes, in parts of the inner one: a line in the cache serves often."""
    x_step, y_step = axes[1, 1] // size, axes[1, 2] // size
    for start in range(0, axes[1, 0], PART):
        first, last = source // size + start * x_step, target // size + start * y_step
        for _k in range(axes[0, 0]):
            for k in range(min(PART, axes[1, 0] - start)):
                y[np.uint64(last + k * y_step)] = x[np.uint64(first + k * x_step)]  # unsigned: not from the end
            first, last = first + axes[0, 1] // size, last + axes[0, 2] // size


def fill(y: Any, element: Any) -> None:
    """Every element of y, bytes, is this one of 1, 2, 4 or 8 bytes."""
    if element.shape[0] == 1:
        y[:] = element[0]
    elif element.shape[0] == 2:
        viewed(y, np.int16)[:] = viewed(element, np.int16)[0]
    elif element.shape[0] == 4:
        viewed(y, np.int32)[:] = viewed(element, np.int32)[0]
    else:
        viewed(y, np.int64)[:] = viewed(element, np.int64)[0]


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
    return all_of(loops)


def pack(prepared: Prepared, *arrays: Array | None) -> Loop | None:
    """The loops of PACK."""
    axis, y, loops = prepared.plan.axis, prepared.call["y"], []
    for position, x in enumerate(prepared.call.every("x")):
        shape, put = (*x.shape[:axis], 1, *x.shape[axis:]), [slice(None)] * len(y.shape)
        put[axis] = slice(position, position + 1)
        box = make_box(y.dtype.itemsize, shape, y.shape, [slice(None)] * len(put), put)
        loops.append(make_loop(box, position, (y.shape, y.dtype)))
    return all_of(loops)


def all_of(loops: Sequence[Loop | None]) -> Loop | None:
    """Loops as one, None where one of them is missing."""
    known = [loop for loop in loops if loop is not None]
    return known[0]._replace(more=tuple(known[1:])) if len(known) == len(loops) else None


def strided_slice(prepared: Prepared, *arrays: Array | None) -> Loop | None:
    """The loop of STRIDED_SLICE, None where it goes backward."""
    plan = prepared.plan
    if any(taken.step is not None and taken.step < 0 for taken in plan.taken):
        return None
    return take(prepared, plan.expanded, plan.taken, plan.shape)


def block(prepared: Prepared, *arrays: Array | None) -> Loop | None:
    """The loop of SLICE."""
    return take(prepared, prepared.call["x"].shape, prepared.plan.block, prepared.call["y"].shape)


def take(prepared: Prepared, x: Shape, taken: Sequence[slice], shape: Shape, output: int = 0) -> Loop | None:
    """The loop for a part of x, of this shape."""
    dtype = prepared.call["x"].dtype
    if dtype.hasobject or not math.prod(shape):
        return None
    taken = [*taken, *[slice(None)] * (len(x) - len(taken))]
    lengths = tuple(len(range(*part.indices(length))) for part, length in zip(taken, x, strict=True))
    box = make_box(dtype.itemsize, x, lengths, taken, [slice(None)] * len(x))
    loop = make_loop(box, 0, (shape, dtype))
    return None if loop is None else loop._replace(output=output)


def split(prepared: Prepared, *arrays: Array | None) -> Loop | None:
    """The loops of SPLIT and SPLIT_V, one for each output."""
    x, every = prepared.call["x"].shape, prepared.call.every("y")
    pairs = zip(prepared.plan.parts, every, strict=True)
    return all_of([take(prepared, x, part, y.shape, output) for output, (part, y) in enumerate(pairs)])


def unpack(prepared: Prepared, *arrays: Array | None) -> Loop | None:
    """The loops of UNPACK, one for each output."""
    x, every, before = prepared.call["x"].shape, prepared.call.every("y"), [slice(None)] * prepared.plan.axis
    return all_of([take(prepared, x, [*before, slice(k, k + 1)], y.shape, k) for k, y in enumerate(every)])


MAKERS: dict[str, Make] = {
    "PAD": pad,
    "PADV2": pad,
    "CONCATENATION": concatenate,
    "PACK": pack,
    "STRIDED_SLICE": strided_slice,
    "SLICE": block,
    "SPLIT": split,
    "SPLIT_V": split,
    "UNPACK": unpack,
}
TWINS: Twins = {variant: looped(make) for name, make in MAKERS.items() for variant in OPS[name].variants}
