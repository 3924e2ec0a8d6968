"""Boxes and how much they overlap; the queue that hands out the best candidate.

Follows tflite/kernels/internal/reference/non_max_suppression.h. Among equal scores the order is that of the C++
library's binary heap, which `MaxHeap` repeats move by move.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Sides(NamedTuple):
    """The edges of boxes."""

    top: Array
    left: Array
    bottom: Array
    right: Array

    def area(self) -> Array:
        """The product of the sides, each rounded to float32."""
        area: Array = (self.bottom - self.top) * (self.right - self.left)
        return area


def _smaller(a: Array, b: Array) -> Array:
    return np.where(b < a, b, a)


def _greater(a: Array, b: Array) -> Array:
    return np.where(a < b, b, a)


def _sides(boxes: Array) -> Sides:
    y1, x1, y2, x2 = np.moveaxis(boxes, -1, 0)
    return Sides(_smaller(y1, y2), _smaller(x1, x2), _greater(y1, y2), _greater(x1, x2))


def intersection_over_union(box: Array, others: Array) -> Array:
    """The share [k] of the union that the intersection is, float32, for a box [4] and others [k,4].

    Two opposite corners y, x, y, x in any order. 0 where a box has no area.
    """
    one, many = _sides(box), _sides(others)
    zero = np.zeros((), np.float32)
    height = _greater(_smaller(one.bottom, many.bottom) - _greater(one.top, many.top), zero)
    width = _greater(_smaller(one.right, many.right) - _greater(one.left, many.left), zero)
    common = height * width
    areas = one.area(), many.area()
    share = common / (areas[0] + areas[1] - common)
    return np.where((areas[0] <= 0) | (areas[1] <= 0), zero, share)


class MaxHeap:
    """A queue of tuples that gives the one with the greatest first number."""

    def __init__(self, items: list[Any]) -> None:
        self._items: list[Any] = []
        for item in items:
            self.push(item)

    def __len__(self) -> int:
        return len(self._items)

    def push(self, item: Any) -> None:
        """Put in at the end, moved up past smaller parents."""
        self._items.append(item)
        self._move_up(len(self._items) - 1, item)

    def pop(self) -> Any:
        """Take out the greatest: the hole goes down to a leaf, the last item is put there and moved up."""
        top, last = self._items[0], self._items.pop()
        if self._items:
            self._move_up(self._sink(), last)
        return top

    def _sink(self) -> int:
        items, hole = self._items, 0
        while 2 * hole + 1 < len(items):
            child = 2 * hole + 2
            if child == len(items) or items[child][0] < items[child - 1][0]:
                child -= 1
            items[hole] = items[child]
            hole = child
        return hole

    def _move_up(self, place: int, item: Any) -> None:
        items = self._items
        while place and items[(place - 1) // 2][0] < item[0]:
            items[place] = items[(place - 1) // 2]
            place = (place - 1) // 2
        items[place] = item
