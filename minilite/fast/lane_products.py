"""Float products of recurrent cells, each sum in the official order. The definition is numerics/eigen_product.py.

A product of rows and units falls into segments, whose sums are formed alike: with so many accumulators, which take d
in turn, over whole groups of d, then added up, then the last d one by one.
"""

from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.eigen_product import LANES, PEELED, ROWS, SMALL, UNITS, first_cache, piece
from minilite.ops.call import Array

from .blocks import as_tuple, round_up, viewed
from .float_blocks import WIDTH, lane_block
from .twins import join

HEADER = 4  # int64 numbers: where sections of a packed matrix start, its end, its depth


class Segment(NamedTuple):
    """Units of some rows, and how they are summed."""

    row: int  # the first, and the one behind the last
    row_end: int
    column: int  # of the weights
    units: int
    out: int  # where the first row starts among the totals
    out_step: int  # and how far the next is
    lanes: int
    group: int  # d that fall short of it are added one by one
    across: int  # lanes are added first and third, second and fourth; else neighbours
    piece: int  # d that are summed apart, then added up
    place: int = 0  # where its weights start


FIELDS = len(Segment._fields)


class Matrix(NamedTuple):
    """Weights of gates side by side, as segments take them one after the other."""

    weights: Any  # float32, flat: for each piece of d the blocks [column / WIDTH][d, WIDTH], then the d left over
    segments: Any  # int64, flat
    depth: Any


def pack(w: Array, rows: int, gates: int) -> Array | None:
    """A matrix in one piece, uint8, for w [gates * units, d] and totals [gates,rows,units].

    None for a product of one row and one unit, whose order is another.
    """
    units, depth = len(w) // gates, w.shape[1]
    if rows == units == 1:
        return None
    packed, segments = [np.zeros(0, np.float32)], []
    for s in segments_of(rows, units, depth, gates):
        segments.append(s._replace(place=sum(map(len, packed))))
        part = np.zeros((depth, round_up(s.units, WIDTH)), np.float32)
        part[:, : s.units] = w[s.column : s.column + s.units].T
        for start in range(0, depth, s.piece):
            stop = min(start + s.piece, depth)
            body = start + (stop - start) // s.group * s.group
            packed += [part[start:body, u : u + WIDTH].reshape(-1) for u in range(0, s.units, WIDTH)]
            packed.append(part[body:stop].reshape(-1))
    sections = np.concatenate(packed), np.array(segments, np.int64)
    joint, starts = join(np.zeros(HEADER, np.int64), *sections)
    joint[: 8 * HEADER] = np.array([*starts[1:], starts[2] + sections[1].nbytes, depth], np.int64).view(np.uint8)
    return joint


def matrix_at(packed: Any) -> Any:
    """The matrix that `pack` made; there may be something behind it."""
    at = viewed(packed[: 8 * HEADER], np.int64)
    return Matrix(viewed(packed[at[0] : at[1]], np.float32), viewed(packed[at[1] : at[2]], np.int64), at[3])


def memory_for(columns: int) -> int:
    """How many floats of working memory products of so many columns at most need."""
    return 2 * round_up(columns, WIDTH)


def segments_of(rows: int, units: int, depth: int, gates: int) -> list[Segment]:
    """The segments of x [n,d] times the weights of several gates."""
    if rows == 1:  # the gates' totals lie side by side
        return [Segment(0, 1, 0, gates * units, 0, 0, LANES, LANES, 1, depth)]
    found = []
    for gate in range(gates):
        for row, row_end, unit, end, *order in _orders(rows, units, depth):
            place = gate * units + unit, end - unit, (gate * rows + row) * units + unit, units
            if row < row_end and unit < end:
                found.append(Segment(row, row_end, *place, *order))
    return found


def _orders(rows: int, units: int, depth: int) -> list[tuple[int, ...]]:
    """Rows and units from where to where, and the fields of their segments from `lanes` on."""
    if units == 1 or rows + units + depth < SMALL:
        return [(0, rows, 0, units, LANES, LANES, 1, depth)]
    blocked, eights, size = rows // ROWS * ROWS, units // UNITS * UNITS, piece(depth, first_cache())
    fours = eights + (units - eights) // LANES * LANES
    return [
        (0, blocked, 0, eights, 1, 1, 0, size),
        (0, blocked, eights, fours, 2, PEELED, 0, size),
        (0, blocked, fours, units, LANES, LANES, 0, size),
        (blocked, rows, 0, units, 1, 1, 0, size),
    ]


def add_products(x: Any, matrix: Any, totals: Any, memory: Any) -> None:
    """Add the products of all rows of x to the totals; the working memory is that of `memory_for`."""
    for first in range(0, matrix.segments.shape[0] // FIELDS * FIELDS, FIELDS):
        s = Segment(*as_tuple(matrix.segments[first:], FIELDS))
        for row in range(s.row, s.row_end):
            out = s.out + (row - s.row) * s.out_step
            add_product(x, row * matrix.depth, matrix, totals[out : out + s.units], memory, s)


def add_product(x: Any, x_start: Any, matrix: Any, total: Any, memory: Any, s: Any) -> None:
    """Add the product of one row, which starts at x_start, to the totals of a segment."""
    width, place = (s.units + WIDTH - 1) // WIDTH * WIDTH, s.place
    sums, product = memory[:width], memory[width : 2 * width]
    for start in range(0, matrix.depth, s.piece):
        stop = min(start + s.piece, matrix.depth)
        steps = (stop - start) // s.group * s.group // s.lanes
        for u in range(0, s.units, WIDTH):
            sum_block(x, x_start + start, matrix.weights, place, steps, sums, u, s)
            place += steps * s.lanes * WIDTH
        for d in range(start + steps * s.lanes, stop):
            factor, row = x[x_start + d], matrix.weights[place : place + width]
            for k in range(width):
                sums[k] += factor * row[k]
            place += width
        if stop < matrix.depth or start > 0:
            for k in range(width):
                product[k] = sums[k] if start == 0 else product[k] + sums[k]
                sums[k] = product[k]
    for k in range(s.units):
        total[k] += sums[k]


def sum_block(x: Any, start: Any, w: Any, place: Any, steps: Any, sums: Any, column: Any, s: Any) -> None:
    """The sums of WIDTH columns in the order of the segment."""
    if steps == 0:
        sums[column : column + WIDTH] = np.float32(0)
    elif s.lanes == 1:
        lane_block(x, start, w, place, steps, sums, column, 1, 0)
    elif s.lanes == 2:
        lane_block(x, start, w, place, steps, sums, column, 2, 0)
    elif s.across == 0:
        lane_block(x, start, w, place, steps, sums, column, 4, 0)
    else:
        lane_block(x, start, w, place, steps, sums, column, 4, 1)
