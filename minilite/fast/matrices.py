"""The matrices that BATCH_MATMUL multiplies: broadcast over the axes before the last two, each maybe stored swapped."""

import math
from typing import NamedTuple

import numpy as np

from minilite.ops.call import Array
from minilite.ops.prepare import Prepared


class Matrices(NamedTuple):
    """The matrices that a node multiplies: y[k] of [m,n] = x[x_index[k]] of [m,d] @ w[w_index[k]] of [d,n]."""

    rows: int
    depth: int
    columns: int
    x_index: Array
    w_index: Array
    swaps_x: bool
    swaps_w: bool


def matrices_of(prepared: Prepared) -> Matrices:
    """Those of a node."""
    call, (swaps_x, swaps_w) = prepared.call, (prepared.call.options.adj_x, prepared.call.options.adj_y)
    *lead, rows, columns = call["y"].shape

    def index(name: str) -> Array:
        shape = call[name].shape[:-2]
        return np.broadcast_to(np.arange(math.prod(shape)).reshape(shape), lead).reshape(-1)

    depth = call["x"].shape[-2 if swaps_x else -1]
    return Matrices(rows, depth, columns, index("x"), index("w"), swaps_x, swaps_w)
