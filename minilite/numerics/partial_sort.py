"""The order in which C++'s std::partial_sort leaves equal values: it is not stable, and outputs show it.

Follows the heap of the GNU library, which the official build uses: a heap of the first k, every later value that comes
before its top replaces it, then the heap is taken apart.
"""

from collections.abc import Sequence
from typing import Any


def largest_first(values: Sequence[Any], count: int) -> list[int]:
    """The indices of the `count` largest values, the largest first, equal ones as std::partial_sort leaves them."""
    heap = list(range(count))
    for root in reversed(range(count // 2)):
        _sift(values, heap, root, count, heap[root])
    for index in range(count, len(values)):
        if count and values[index] > values[heap[0]]:
            _sift(values, heap, 0, count, index)
    for end in reversed(range(1, count)):
        last, heap[end] = heap[end], heap[0]
        _sift(values, heap, 0, end, last)
    return heap


def _sift(values: Sequence[Any], heap: list[int], hole: int, size: int, index: int) -> None:
    """Put `index` into the heap of `size`, whose place `hole` is free: down to a leaf, then up again."""
    top = hole
    while 2 * hole + 2 < size:
        child = 2 * hole + 2
        if values[heap[child]] > values[heap[child - 1]]:
            child -= 1
        heap[hole], hole = heap[child], child
    if 2 * hole + 2 == size:
        heap[hole], hole = heap[size - 1], size - 1
    while hole > top and values[heap[(hole - 1) // 2]] > values[index]:
        heap[hole], hole = heap[(hole - 1) // 2], (hole - 1) // 2
    heap[hole] = index
