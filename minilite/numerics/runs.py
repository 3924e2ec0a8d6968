"""Stretches of memory that vector code of element-wise kernels goes through in blocks, and what is left over behind.

Two operands that stretch to one shape are taken in runs: as long as both lie in memory one behind the other, or one
number against many. Inside a run, whole blocks go through vector registers; the rest through scalar code, whose
rounding may differ. Follows ProcessBroadcastShapes in tflite/kernels/internal/reference/process_broadcast_shapes.h and
BinaryBroadcastFiveFold in internal/optimized/optimized_ops.h.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Run(NamedTuple):
    """How many elements of the result are made at once; whether from one number of an operand, and whether from all."""

    length: int
    one_to_many: bool = False
    whole: bool = False


NO_RUN = Run(0)  # everything goes through scalar code


def run_of(a_shape: tuple[int, ...], b_shape: tuple[int, ...]) -> Run:
    """The run of two shapes that stretch to a common one; NO_RUN where the pattern of stretched axes is too long."""
    rank = max(len(a_shape), len(b_shape))
    a, b = ((1,) * (rank - len(shape)) + tuple(shape) for shape in (a_shape, b_shape))
    if a == b:
        return Run(math.prod(a), whole=True)
    pairs = list(zip(a, b, strict=True))
    innermost = next(pair for pair in reversed(pairs) if pair[0] != pair[1])
    if innermost[0] != 1:
        pairs = [(second, first) for first, second in pairs]
    lengths = []
    for wanted in (_same, _first_is_one, _same, _second_is_one, _same):
        length = 1
        while pairs and wanted(pairs[-1]):
            length *= max(pairs.pop())
        lengths.append(length)
    if pairs:
        return NO_RUN
    return Run(lengths[0]) if lengths[0] > 1 else Run(lengths[1], one_to_many=True)


def _same(pair: tuple[int, int]) -> bool:
    return pair[0] == pair[1]


def _first_is_one(pair: tuple[int, int]) -> bool:
    return pair[0] == 1


def _second_is_one(pair: tuple[int, int]) -> bool:
    return pair[1] == 1


class Blocks(NamedTuple):
    """Elements in runs one behind the other, each taken in blocks from its start, as far as whole blocks go."""

    run: int
    block: int

    def choose(self, vector: NDArray[Any], scalar: NDArray[Any]) -> NDArray[Any]:
        """The elements of `vector` within whole blocks, those of `scalar` behind them; same shape."""
        inside = np.arange(scalar.size) % max(self.run, 1) < self.run // self.block * self.block
        return np.where(inside.reshape(scalar.shape), vector, scalar)


NO_BLOCKS = Blocks(0, 1)
