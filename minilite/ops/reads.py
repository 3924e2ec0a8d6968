"""Which elements of the operands one output element is made of: the parts that several ops share."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from minilite.numerics.geometry import Window

from .call import Array, Call
from .op import Reads
from .signature import Shape

Index = tuple[int, ...]
Pairs = list[tuple[int, int]]


def grid(*axes: Iterable[int]) -> Array:
    """All indices [k,axes] with one number from each of `axes`, the last changing fastest."""
    lists = [list(axis) for axis in axes]
    picked = np.meshgrid(*lists, indexing="ij") if lists else []
    return np.stack(picked, axis=-1).reshape(-1, len(lists)).astype(np.intp) if lists else np.zeros((1, 0), np.intp)


def reached_by(window: Window, length: int, position: int) -> Pairs:
    """The taps, and the positions of the window, that fall on `position` of an axis of `length`."""
    pairs = ((tap, p, q) for p in range(window.output) for tap, q in window.taps(p, length))
    return [(tap, p) for tap, p, q in pairs if q == position]


def taps_and_pixels(image: int, rows: Pairs, columns: Pairs, channels: Iterable[int]) -> tuple[Array, Array]:
    """Indices [k,3] of taps (i, j, d) and [k,4] of pixels (n, row, column, channel), side by side."""
    order = grid(range(len(rows)), range(len(columns)), range(len(pixel_channels := list(channels))))
    i, row = np.array(rows, np.intp).reshape(-1, 2)[order[:, 0]].T
    j, column = np.array(columns, np.intp).reshape(-1, 2)[order[:, 1]].T
    depth = order[:, 2]
    pixels = [np.full_like(row, image), row, column, np.array(pixel_channels, np.intp)[depth]]
    return np.stack([i, j, depth], axis=-1), np.stack(pixels, axis=-1)


def bias(call: Call[Any], unit: int) -> dict[str, Array]:
    """The bias of a unit, where the node has one."""
    return {} if call.optional("b") is None else {"b": grid([unit])}


def whole_row(call: Call[Any], at: Index) -> Reads:
    """The row of x along the last axis that the element is in."""
    return Reads({"x": grid(*([index] for index in at[:-1]), range(call["x"].shape[-1]))}, added=False)


def whole_window(slide_over: Callable[[Call[Any]], tuple[Window, Window]], added: bool) -> Callable[..., Reads]:
    """What pooling reads: the taps of a window of x that are inside the image."""

    def reads(call: Call[Any], at: Index) -> Reads:
        rows, columns = slide_over(call)
        _, height, width, _ = call["x"].shape
        found = list(rows.taps(at[1], height)), list(columns.taps(at[2], width))
        return Reads({"x": taps_and_pixels(at[0], *found, [at[3]])[1]}, added=added)

    return reads


def numbered(shape: Shape) -> Array:
    """An array of `shape` that has in each place the number of the place, in row-major order."""
    return np.arange(math.prod(shape)).reshape(shape)


def places(shape: Shape, numbers: Array) -> Array:
    """The indices [k,rank] of numbered places of an array of `shape`."""
    return np.stack(np.unravel_index(numbers, shape), axis=-1) if shape else grid()
