"""One block of memory for all tensors of a run: two share bytes where none is needed while the other is."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from minilite.ops.call import Array
from minilite.ops.signature import Shape

ALIGNMENT = 64  # bytes: a cache line, and the widest vector register


class Need(NamedTuple):
    """A tensor's shape and type, and the first and last step that needs it."""

    shape: Shape
    dtype: np.dtype[Any]
    first: int
    last: int

    @property
    def size(self) -> int:
        """Bytes."""
        return math.prod(self.shape) * self.dtype.itemsize


def allocate(needs: Sequence[Need]) -> list[Array]:
    """An array for each, not set to anything; arrays of Python objects lie elsewhere."""
    pieces = layout(needs)
    block = aligned_bytes(max((piece.stop for piece in pieces), default=0))
    return [
        np.empty(need.shape, need.dtype) if need.dtype.hasobject else block[piece].view(need.dtype).reshape(need.shape)
        for need, piece in zip(needs, pieces, strict=True)
    ]


def layout(needs: Sequence[Need]) -> list[slice]:
    """Bytes for each. The largest choose first; each takes the lowest gap between those needed at the same time."""
    pieces = [slice(0, 0)] * len(needs)
    placed: list[int] = []
    for one in sorted(range(len(needs)), key=lambda i: -needs[i].size):
        need, start = needs[one], 0
        for other in sorted(placed, key=lambda i: pieces[i].start):
            at_once = needs[other].first <= need.last and need.first <= needs[other].last
            if at_once and start < pieces[other].stop and pieces[other].start < start + need.size:
                start = -(-pieces[other].stop // ALIGNMENT) * ALIGNMENT
        pieces[one] = slice(start, start + need.size)
        placed.append(one)
    return pieces


def aligned_bytes(size: int) -> Array:
    """uint8 [size] from an aligned address on."""
    block = np.empty(size + ALIGNMENT, np.uint8)
    start = -block.ctypes.data % ALIGNMENT
    return block[start : start + size]
