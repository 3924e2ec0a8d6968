"""Where the outputs of a window lie in y: mostly one behind the other, or spread out among those of other windows."""

from typing import NamedTuple

from minilite.numerics.geometry import Window


class Places(NamedTuple):
    """Where the first position's channels start, and how far apart those of images, rows and columns are."""

    first: int
    image: int
    row: int
    column: int


def in_order(rows: Window, columns: Window, units: int) -> Places:
    """Outputs one behind the other."""
    row = columns.output * units
    return Places(0, rows.output * row, row, units)


def are_one_row(columns: Window, places: Places, row_step: int, column_step: int) -> bool:
    """Whether one row of positions, at equal steps of x and of y, goes through all of an image's."""
    return row_step == columns.output * column_step and places.row == columns.output * places.column
