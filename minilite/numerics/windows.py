"""Sliding windows over images [n,h,w,...]: what each tap reads, and sums over taps (eq. 9)."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minilite.errors import ModelError

from .fused import fused_multiply_add
from .geometry import Window

Array = NDArray[Any]
MAX_ELEMENTS = 2**31 - 1  # of an image with its padding


def inside(window: Window, tap: int, length: int) -> tuple[slice, slice]:
    """The output positions whose `tap` falls inside an axis of `length`, and the inputs they read there."""
    offset = tap * window.dilation - window.before
    first = max(0, -(offset // window.stride))
    last = min(window.output - 1, (length - 1 - offset) // window.stride)
    if last < first:
        return slice(0, 0), slice(0, 0)
    start = first * window.stride + offset
    return slice(first, last + 1), slice(start, last * window.stride + offset + 1, window.stride)


def taps_inside(window: Window, length: int) -> range:
    """The taps that fall inside an axis of `length` at some position; all others only ever read padding."""
    first = (window.before - (window.output - 1) * window.stride) // window.dilation
    last = (window.before + length - 1) // window.dilation
    return range(max(0, first), min(window.size, last + 1))


def gather(x: Array, rows: Window, columns: Window) -> Array:
    """A read-only view [n,output rows,output columns,taps,taps,...] of x [n,h,w,...], zero outside the image."""
    padded = _pad(x, rows, columns)
    batch, row, column, *rest = padded.strides
    return np.lib.stride_tricks.as_strided(
        padded,
        (x.shape[0], rows.output, columns.output, rows.size, columns.size, *x.shape[3:]),
        (
            batch,
            row * rows.stride,
            column * columns.stride,
            row * rows.dilation,
            column * columns.dilation,
            *rest,
        ),
        writeable=False,
    )


def _pad(x: Array, rows: Window, columns: Window) -> Array:
    ends = [(window.before, window.reach(length)) for window, length in ((rows, x.shape[1]), (columns, x.shape[2]))]
    if not np.any(ends):
        return x
    around = [(0, 0), *ends, *[(0, 0)] * (x.ndim - 3)]
    elements = math.prod(sum(pair, length) for pair, length in zip(around, x.shape, strict=True))
    if elements > MAX_ELEMENTS:
        raise ModelError(f"windows so large or far apart need an image of {elements:,} elements with its padding")
    return np.pad(x, around)


def sum_taps(x: Array, w: Array, rows: Window, columns: Window, start: Array | None = None) -> Array:
    """Sums [n,output rows,output columns,g,v] of x [n,h,w,g,d] times w [i,j,d,g,v] over i, j, d.

    Every sum starts at 0, or at `start` [g,v], and grows tap by tap, rows first, then columns, then d, rounded to the
    type of x and w at each product and each addition; taps outside the image are left out. This is the order of the
    reference kernels.
    """
    batch, height, width, groups, depth = x.shape
    total = np.zeros((batch, rows.output, columns.output, groups, w.shape[-1]), np.result_type(x, w))
    if start is not None:
        total += start
    in_any_order = total.dtype == np.float64 and depth > 1  # real arithmetic, which no kernel's order binds
    planes = x if in_any_order else np.ascontiguousarray(np.moveaxis(x, 4, 0))[..., None]
    for i, j in np.ndindex(rows.size, columns.size):
        (out_rows, in_rows), (out_columns, in_columns) = inside(rows, i, height), inside(columns, j, width)
        target = total[:, out_rows, out_columns]
        if in_any_order:
            target += _product(x[:, in_rows, in_columns], w[i, j])
            continue
        for d in range(depth):
            target += planes[d, :, in_rows, in_columns] * w[i, j, d]
    return total


def fuse_taps(x: Array, w: Array, start: Array, rows: Window, columns: Window, columns_first: bool = False) -> Array:
    """start plus the sums of `sum_taps`, the product and the addition of each step rounded once, as XNNPACK does.

    Taps outside the image count as zeros: a weight that is not finite makes NaN of them. `start` [g,v]. With
    `columns_first` the taps come column by column.
    """
    patches = gather(x, rows, columns)
    total = np.broadcast_to(start, (*patches.shape[:3], *w.shape[3:])).astype(np.result_type(x, w))
    taps = np.ndindex(columns.size, rows.size) if columns_first else np.ndindex(rows.size, columns.size)
    for i, j in (tap[::-1] if columns_first else tap for tap in taps):
        for d in range(w.shape[2]):
            total = fused_multiply_add(patches[:, :, :, i, j, :, d, None], w[i, j, d], total)
    return total


def _product(x: Array, w: Array) -> Array:
    """Sums [n,h,w,g,v] of x [n,h,w,g,d] times w [d,g,v] over d, in any order."""
    groups = np.matmul(np.moveaxis(x, 3, 0).reshape(x.shape[3], -1, x.shape[4]), np.moveaxis(w, 1, 0))
    sums: Array = np.moveaxis(groups, 0, 1).reshape(*x.shape[:4], w.shape[2])
    return sums
