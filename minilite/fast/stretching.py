"""Two operands of element-wise loops: where one stretches along leading axes, its elements repeat.

They are laid out a few times over first, so that rows are long.
"""

import math
from typing import Any, NamedTuple

from minilite.ops.call import Call

ROW = 256  # elements that a row has at least


class Stretch(NamedTuple):
    """How a loop goes through two operands."""

    elements: int
    period: int  # elements after which the repeated operand begins anew; all of them where none is
    row: int  # elements of it that are laid out
    first_repeats: int  # a is repeated, not b


FIELDS = len(Stretch._fields)


def stretch(call: Call[Any], names: tuple[str, str] = ("a", "b")) -> Stretch | None:
    """How two operands are gone through, None for shapes that stretch otherwise."""
    shape = call["y"].shape
    repeated = [position for position, name in enumerate(names) if call[name].shape != shape]
    small = call[names[repeated != [0]]].shape
    small = small[next((axis for axis, length in enumerate(small) if length != 1), len(small)) :]
    if len(repeated) > 1 or small != shape[len(shape) - len(small) :]:
        return None
    period, elements = math.prod(small), math.prod(shape)
    row = period * -(-ROW // max(period, 1)) if repeated else 0
    return Stretch(elements, period if repeated else elements, row, int(repeated == [0]))


def lay_out(few: Any, row: Any, s: Any) -> None:
    """The repeated operand a few times over."""
    for start in range(0, s.row, s.period):
        row[start : start + s.period] = few
