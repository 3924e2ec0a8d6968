"""Matrices packed when a loop runs, as products take their weights: `products.in_lanes`, `float_products.in_lanes`."""

from typing import Any

import numpy as np

from .blocks import CHUNK, GROUP, viewed
from .products import block_width


def swap(x: Any, y: Any, rows: Any) -> None:
    """y[r,c] = x[c,r], both flat, with so many rows of y."""
    columns = x.shape[0] // max(rows, 1)
    for r in range(rows):
        row = y[r * columns : (r + 1) * columns]
        for c in range(columns):
            row[c] = x[c * rows + r]


def pack_codes(w: Any, packed: Any, depth: Any, columns: Any, is_swapped: Any) -> None:
    """Packed codes of w [d,n], or [n,d] if it is swapped. What w does not fill of lanes and groups stays as it is."""
    groups = (depth + GROUP - 1) // GROUP
    for u in range(0, columns, CHUNK):
        units = min(columns - u, CHUNK)
        step = block_width(units) * GROUP
        chunk = packed[u * groups * GROUP : u * groups * GROUP + groups * step]
        if is_swapped != 0:
            for v in range(units):
                pack_column(w[(u + v) * depth : (u + v + 1) * depth], chunk[v * GROUP :], step)
        else:
            for g in range(groups):
                pack_group(
                    w[g * GROUP * columns + u :], chunk[g * step : (g + 1) * step], units, columns, depth - g * GROUP
                )


def pack_column(column: Any, chunk: Any, step: Any) -> None:
    """The codes of a lane, whose groups are `step` bytes apart."""
    whole = column.shape[0] // GROUP
    groups, lanes = viewed(column[: whole * GROUP], np.int32), viewed(chunk[: whole * step], np.int32)
    for g in range(whole):
        lanes[g * (step // GROUP)] = groups[g]
    for d in range(column.shape[0] // GROUP * GROUP, column.shape[0]):
        chunk[d // GROUP * step + d % GROUP] = column[d]


def pack_group(w: Any, lanes: Any, units: Any, columns: Any, left: Any) -> None:
    """The codes of a group, up to `left` of each lane: rows of w, `columns` bytes apart."""
    if left >= GROUP:
        first, second = w[:units], w[columns : columns + units]
        third, fourth = w[2 * columns : 2 * columns + units], w[3 * columns : 3 * columns + units]
        for v in range(units):
            lanes[GROUP * v] = first[v]
            lanes[GROUP * v + 1] = second[v]
            lanes[GROUP * v + 2] = third[v]
            lanes[GROUP * v + 3] = fourth[v]
    else:
        for k in range(left):
            for v in range(units):
                lanes[GROUP * v + k] = w[k * columns + v]


def sum_columns(w: Any, sums: Any, columns: Any, is_swapped: Any) -> None:
    """int32 sums[n] of int8 codes w [d,n], or [n,d] if it is swapped."""
    depth = w.shape[0] // columns
    sums[:columns] = 0
    if is_swapped != 0:
        for u in range(columns):
            total = np.int32(0)
            column = w[u * depth : (u + 1) * depth]
            for d in range(depth):
                total += np.int32(column[d])
            sums[u] = total
    else:
        row_sums = sums[:columns]
        for d in range(depth):
            row = w[d * columns : (d + 1) * columns]
            for u in range(columns):
                row_sums[u] += np.int32(row[u])


def pack_floats(w: Any, packed: Any, depth: Any, columns: Any, is_swapped: Any) -> None:
    """Packed float32 numbers of w [d,n], or [n,d] if it is swapped."""
    for u in range(0, columns, CHUNK):
        units = min(columns - u, CHUNK)
        width = block_width(units)
        for d in range(depth):
            lanes = packed[u * depth + d * width : u * depth + d * width + units]
            if is_swapped != 0:
                for v in range(units):
                    lanes[v] = w[(u + v) * depth + d]
            else:
                lanes[:] = w[d * columns + u : d * columns + u + units]
