"""Matrix products: exact for integers, in the official order of summation for floats."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def exact_product(x: Array, w: Array) -> NDArray[np.int64]:
    """x @ w for integer matrices [...,n,d] and [...,d,u], exact (eq. 5).

    Every partial sum is a whole number of at most d * max|x| * max|w|. Below 2**24 float32 holds each of them without
    rounding, below 2**53 float64 does, in any order of summation; so a float matrix product gives the exact integers.
    """
    bound = x.shape[-1] * _largest(x) * _largest(w)
    if bound >= 2**53:
        product: NDArray[np.int64] = x.astype(np.int64) @ w.astype(np.int64)
        return product
    exact = np.float32 if bound < 2**24 else np.float64
    floats: Array = x.astype(exact) @ w.astype(exact)
    return floats.astype(np.int64)


def _largest(array: Array) -> int:
    return max(abs(int(array.min())), abs(int(array.max()))) if array.size else 0


def ordered_product(x: Array, w: Array) -> Array:
    """x @ w for float matrices [...,n,d] and [...,d,u], summed over d from first to last with every step rounded.

    One rank-1 update for each d: the sums of all outputs grow side by side, each in the order of the reference kernels.
    """
    stacks = np.broadcast_shapes(x.shape[:-2], w.shape[:-2])
    total = np.zeros((*stacks, x.shape[-2], w.shape[-1]), np.result_type(x, w))
    if total.dtype == np.float64:  # real arithmetic, which no kernel's order binds
        return np.matmul(x, w, out=total)
    for d in range(x.shape[-1]):
        total += x[..., d, None] * w[..., d, None, :]
    return total
