"""Where windows fall on an image, and how shapes broadcast (eq. 9). Follows tflite/kernels/padding.h."""

from collections.abc import Iterator
from typing import NamedTuple

Shape = tuple[int, ...]
SAME, VALID = 0, 1  # Padding of the schema


class Window(NamedTuple):
    """A sliding window along one axis: position `p` of the output reads `p * stride - before + tap * dilation`."""

    output: int
    before: int
    size: int
    stride: int
    dilation: int

    def taps(self, position: int, length: int) -> Iterator[tuple[int, int]]:
        """Each tap at an output position, and the input it reads there, inside an axis of `length`."""
        start = position * self.stride - self.before
        for tap in range(self.size):
            if 0 <= start + tap * self.dilation < length:
                yield tap, start + tap * self.dilation

    def reach(self, length: int) -> int:
        """Padding needed behind an input of `length` so that every tap of every position is inside."""
        last = (self.output - 1) * self.stride - self.before + (self.size - 1) * self.dilation
        return max(0, last - length + 1)


def slide(length: int, size: int, stride: int, dilation: int, padding: int) -> Window:
    """The window over an axis of `length` (eq. 9).

    A VALID window larger than the axis by up to a stride gives an output of 0, a larger one a negative output: the
    quotient is cut off toward 0, as upstream divides.
    """
    effective = (size - 1) * dilation + 1
    room = length + stride - (1 if padding == SAME else effective)
    output = room // stride if room >= 0 else -(-room // stride)
    total = max(0, (output - 1) * stride + effective - length)
    return Window(output, total // 2, size, stride, dilation)


def broadcast_shapes(*shapes: Shape) -> Shape | None:
    """The shape all of `shapes` stretch to, aligned right; None when two lengths differ and neither is 1."""
    rank = max(map(len, shapes))
    result = []
    for lengths in zip(*((1,) * (rank - len(shape)) + shape for shape in shapes), strict=True):
        stretched = set(lengths) - {1}
        if len(stretched) > 1:
            return None
        result.append(stretched.pop() if stretched else 1)
    return tuple(result)
