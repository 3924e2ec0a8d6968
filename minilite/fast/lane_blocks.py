"""The block that float products of recurrent cells are made of, as NumPy says it; `lane_intrinsics` compiles it."""

from typing import Any

import numpy as np

from minilite.numerics.jit import lowered_in

from .blocks import LANES

VECTORS = 2
WIDTH = VECTORS * LANES  # columns that a block takes at once


@lowered_in("minilite.fast.lane_intrinsics")
def lane_block(
    x: Any, start: Any, w: Any, place: Any, steps: Any, sums: Any, column: Any, lanes: int, across: int
) -> None:
    """sums[column + c] for the c < WIDTH, of x[start + k] * w[place + k * WIDTH + c] for k < lanes * steps, float32.

    Each of `lanes` accumulators takes k in turn. They are added up in neighbours, or `across`: first and third, second
    and fourth. Products and sums are rounded apart. There is at least one step; `lanes` and `across` are constants.
    """
    total = np.zeros((lanes, WIDTH), np.float32)
    weights = w[place : place + lanes * steps * WIDTH].reshape(steps, lanes, WIDTH)
    for k in range(steps):
        for lane in range(lanes):
            total[lane] += x[start + k * lanes + lane] * weights[k, lane]
    if across:
        total = np.stack([total[0] + total[2], total[1] + total[3]])
    while len(total) > 1:
        total = total[0::2] + total[1::2]
    sums[column : column + WIDTH] = total[0]
