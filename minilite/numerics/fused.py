"""Fused multiply-add of float32 numbers: a * b + c rounded once, which NumPy does not offer.

The product is exact in float64. Rounding the sum to float64 and then to float32 gives the wrong neighbour only where
the float64 is a tie of float32 and not exact, or so small that float32 has fewer bits. There the sum is rounded to odd
first: the last bit is set where it is not exact (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums").
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
BELOW, TIE = 2**29 - 1, 2**28  # the bits of a float64 that float32 lacks, and these bits of a tie
SMALLEST = float(np.finfo(np.float32).tiny)  # below it float32 has fewer bits


def fused_multiply_add(a: Array, b: Array, c: Array) -> Array:
    """a * b + c for float32 arrays that broadcast, rounded once; float64 operands make it plain."""
    if np.result_type(a, b, c) == np.float64:
        return np.asarray(a * b + c)
    with np.errstate(all="ignore"):
        product = a.astype(np.float64) * b
        total = np.asarray(product + c)
        doubtful = ((total.view(np.int64) & BELOW) == TIE) | ((np.abs(total) < SMALLEST) & (total != 0))
        if doubtful.any():
            start = np.broadcast_to(c, total.shape).astype(np.float64)
            total[doubtful] = _to_odd(np.broadcast_to(product, total.shape)[doubtful], start[doubtful])
        return total.astype(np.float32)


def _to_odd(product: Array, start: Array) -> Array:
    """product + start, float64 [n], truncated, with the last bit set where that is not exact."""
    total = product + start
    shadow = total - product  # the part of start that arrived in the sum, so that the rest is the error (Knuth)
    error = (product - (total - shadow)) + (start - shadow)
    bits = total.view(np.int64)
    inexact = (error != 0) & (bits & 1 == 0)
    away = (error > 0) == (total > 0)
    bits += inexact * np.where(away, 1, -1)
    return bits.view(np.float64)


def fused_product(x: Array, w: Array, start: Array) -> Array:
    """start + x @ w for float matrices [...,n,d] and [...,d,u], from the first d to the last, each step fused."""
    stacks = np.broadcast_shapes(x.shape[:-2], w.shape[:-2])
    total = np.broadcast_to(start, (*stacks, x.shape[-2], w.shape[-1])).astype(np.result_type(x, w))
    for d in range(x.shape[-1]):
        total = fused_multiply_add(x[..., d, None], w[..., d, None, :], total)
    return total
