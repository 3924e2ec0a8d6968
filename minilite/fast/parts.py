"""Sharing the work of a loop among threads: each part is a loop of its own, on some of the operand and of the output.

What slides a window over images is shared by images, or by rows of the only one: a part reads the rows that its
windows reach, which overlap the next part's. What has one position is shared by output channels.
"""

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from minilite.numerics.geometry import Window
from minilite.ops.signature import Shape

from .float_blocks import FLOAT_BYTES
from .twins import Loop, Part

ALL = slice(None)


class Images(NamedTuple):
    """A share of an operation on 8-bit images x [n,h,w,c]: its shape of x, its window over rows, its bytes of x, y."""

    x_shape: Shape
    rows: Window
    x: slice
    y: slice


def ranges(length: int, count: int, step: int = 1) -> Iterator[tuple[int, int]]:
    """0 to `length` in at most `count` ranges of much the same length, which start at multiples of `step`."""
    steps = -(-length // step)
    ends = [min(steps * i // count * step, length) for i in range(count + 1)]
    yield from ((first, last) for first, last in pairwise(ends) if first < last)


def image_parts(x_shape: Shape, rows: Window, y_image: int, y_row: int, count: int) -> Iterator[Images]:
    """An operation in up to `count` parts, its output images and their rows `y_image` and `y_row` bytes apart."""
    batch, height, width, channels = x_shape
    x_row = width * channels
    if batch > 1:
        x_image = height * x_row
        for first, last in ranges(batch, count):
            shape = (last - first, *x_shape[1:])
            yield Images(shape, rows, slice(first * x_image, last * x_image), slice(first * y_image, last * y_image))
        return
    for first, last in ranges(rows.output, count):
        top = first * rows.stride - rows.before
        bottom = (last - 1) * rows.stride - rows.before + (rows.size - 1) * rows.dilation + 1
        high, low = min(max(top, 0), height), min(max(bottom, 0), height)
        part = rows._replace(output=last - first, before=high - top)
        shape = (1, low - high, width, channels)
        yield Images(shape, part, slice(high * x_row, low * x_row), slice(first * y_row, last * y_row))


def share_images(
    whole: Loop,
    x_shape: Shape,
    rows: Window,
    make: Callable[[Shape, Window], Loop],
    count: int,
    y_row: int | None = None,
) -> list[Part]:
    """The parts of a loop over images, each made by `make` from its shape of x and its window over rows.

    Rows of outputs fill an image one behind the other, or are `y_row` bytes apart.
    """
    y_image = math.prod(whole.shape) // max(x_shape[0], 1)
    y_row = y_image // max(rows.output, 1) if y_row is None else y_row
    shares = image_parts(x_shape, rows, y_image, y_row, count)
    return [Part(with_constants(make(share.x_shape, share.rows), whole), share.x, ALL, share.y) for share in shares]


def share_float_images(
    whole: Loop,
    x_shape: Shape,
    rows: Window,
    make: Callable[[Shape, Window], Loop],
    count: int,
    y_row: int | None = None,
) -> list[Part]:
    """The same for float32."""
    in_bytes = (*x_shape[:3], FLOAT_BYTES * x_shape[3])

    def make_part(shape: Shape, part: Window) -> Loop:
        return make((*shape[:3], x_shape[3]), part)

    return share_images(whole._replace(shape=(*whole.shape, FLOAT_BYTES)), in_bytes, rows, make_part, count, y_row)


def share_scaled_images(
    whole: Loop, x_shape: Shape, rows: Window, make: Callable[[Shape, Window, int], Loop], count: int
) -> list[Part]:
    """The same for float32 images whose scales are found when the loop runs.

    Each part of an only image is given the whole of it, and `make` where in it those rows start that it reads.
    """
    y_image = FLOAT_BYTES * math.prod(whole.shape) // max(x_shape[0], 1)
    parts = []
    for share in image_parts(x_shape, rows, y_image, y_image // max(rows.output, 1), count):
        some, first = slice(FLOAT_BYTES * share.x.start, FLOAT_BYTES * share.x.stop), 0
        if x_shape[0] == 1:
            some, first = ALL, share.x.start
        parts.append(Part(with_constants(make(share.x_shape, share.rows, first), whole), some, ALL, share.y))
    return parts


def with_constants(part: Loop, whole: Loop) -> Loop:
    """A part of a loop, with the same array of constants where they are the same."""
    return part._replace(constants=whole.constants) if np.array_equal(part.constants, whole.constants) else part
