"""Ops that move elements of x and look at none, in a compiled loop: TRANSPOSE, GATHER, TILE and their like.

The definition itself says where each element comes from: it moves the numbers of the elements. Where these follow steps
along a few axes, they are a box (see `boxes`). Elsewhere a table has where each row of bytes starts.
"""

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minilite.errors import InputError
from minilite.numerics.jit import kernel
from minilite.ops import OPS
from minilite.ops.call import Array
from minilite.ops.prepare import Prepared
from minilite.ops.signature import Shape

from .blocks import as_tuple, copy_bytes, viewed
from .boxes import UNITS, Axis, Box, fill, make_loop, whole
from .twins import Kernel, Loop, Looped, Twins, join, looped

MOVES = (
    "TRANSPOSE",
    "RESIZE_NEAREST_NEIGHBOR",
    "MIRROR_PAD",
    "TILE",
    "BROADCAST_TO",
    "REVERSE_V2",
    "SPACE_TO_DEPTH",
    "DEPTH_TO_SPACE",
    "SPACE_TO_BATCH_ND",
    "BATCH_TO_SPACE_ND",
)
BY_VALUES = ("GATHER", "GATHER_ND", "REVERSE_SEQUENCE")  # of their second operand
NOWHERE = -(2**31)  # elements that come from nowhere have numbers from here on
MOST = 2**25  # elements that are worth a table


class Numbers(NamedTuple):
    """What the loop of rows needs to know."""

    rows: int
    row: int  # bytes
    is_number: int  # whether a row is moved as one number, and starts count rows, not bytes
    element: int  # bytes of the one that fills what comes from nowhere, first of the constants
    starts: int  # where the starts of rows begin among the constants


NUMBERS = len(Numbers._fields)


def moves(prepared: Prepared, x: Array | None, *others: Array | None) -> Loop | None:
    """The loop, None for elements that are no numbers and where the definition refuses an operand."""
    call, y, plan = prepared.call, prepared.call["y"], prepared.plan
    sizes, dtype = (math.prod(call["x"].shape), math.prod(y.shape)), call["x"].dtype
    if dtype.hasobject or min(sizes) == 0 or max(sizes) > MOST:
        return None
    zero = getattr(plan, "zero", None)
    if zero is not None:
        plan = plan._replace(zero=-1)
    numbered = np.arange(sizes[0], dtype=np.int32).reshape(call["x"].shape)
    try:
        came_from = np.asarray(prepared.variant.run(plan, numbered, *others)).reshape(-1)
    except InputError:
        return None
    box = find_box(came_from, dtype.itemsize)
    loop = None if box is None else make_loop(box, 0, (y.shape, dtype))
    return loop or rows_of(came_from, np.array(zero or 0, dtype), (y.shape, dtype))


def find_box(came_from: Array, size: int) -> Box | None:
    """The box of elements of `size` bytes that these numbers stand for, None where they follow no axes."""
    axes: list[Axis] = []
    rest, y_step = came_from, 1
    while len(rest) > 1:
        step = int(rest[1]) - int(rest[0])
        breaks = np.flatnonzero(np.diff(rest) != step)
        times = int(breaks[0]) + 1 if len(breaks) else len(rest)
        if len(rest) % times:
            return None
        rows = rest.reshape(-1, times)
        if np.any(np.diff(rows, axis=1) != step):
            return None
        axes.insert(0, Axis(times, step * size, y_step * size))
        rest, y_step = rows[:, 0], y_step * times
    row = size
    if axes and axes[-1].x_step == size:
        row *= axes.pop().times
    return Box(int(rest[0]) * size, 0, row, tuple(axes)) if came_from.min() >= 0 else None


def rows_of(came_from: Array, zero: Array, y: tuple[Shape, np.dtype[Any]]) -> Loop:
    """The loop for any numbers of elements, those below 0 standing for `zero`."""
    places = np.arange(len(came_from), dtype=np.int64)
    came_from = np.where(came_from < 0, NOWHERE + places, came_from)  # what comes from nowhere lies side by side
    breaks = np.flatnonzero(np.diff(came_from) != 1) + 1
    count = math.gcd(len(came_from), *breaks.tolist())
    starts, row = came_from[::count], count * zero.itemsize
    is_number = row in UNITS and bool(np.all((starts >= 0) & (starts % count == 0)))
    constants, begins = join(zero, starts // count if is_number else starts * zero.itemsize)
    numbers = Numbers(len(starts), row, int(is_number), zero.itemsize, begins[1])
    return Loop(rows_loop, (0,), constants, np.array(numbers, np.int64), 0, *y)


@kernel
def rows_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y = rows of x, both bytes, or the element that fills."""
    n = Numbers(*as_tuple(numbers, NUMBERS))
    starts = viewed(constants[n.starts : n.starts + 8 * n.rows], np.int64)
    if n.is_number == 0:
        for k in range(n.rows):
            if starts[k] < 0:
                fill(y[k * n.row : (k + 1) * n.row], constants[: n.element])
            else:
                copy_bytes(y, k * n.row, x, starts[k], n.row, 0)
    elif n.row == 1:
        look_up(y, x, starts)
    elif n.row == 2:
        look_up(viewed(y, np.int16), viewed(whole(x, 2), np.int16), starts)
    elif n.row == 4:
        look_up(viewed(y, np.int32), viewed(whole(x, 4), np.int32), starts)
    else:
        look_up(viewed(y, np.int64), viewed(whole(x, 8), np.int64), starts)


def look_up(y: Any, x: Any, starts: Any) -> None:
    """y[k] = x[starts[k]]."""
    for k in range(y.shape[0]):
        y[k] = x[starts[k]]


def by_values(prepared: Prepared, *constants: Array | None) -> Kernel:
    """The twin where the second operand is constant."""
    definition = partial(prepared.variant.run, prepared.plan)
    return definition if constants[1] is None else Looped(partial(moves, prepared), definition, constants)


TWINS: Twins = {
    **{variant: looped(moves) for name in MOVES for variant in OPS[name].variants},
    **{variant: by_values for name in BY_VALUES for variant in OPS[name].variants},
}
