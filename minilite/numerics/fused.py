"""Fused multiply-add of float32 numbers: a * b + c rounded once, which NumPy does not offer.

The product is exact in float64. The sum is rounded to odd there: where it is not exact, the last bit is set, so that
rounding it to float32 cannot meet a false tie (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums").
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def fused_multiply_add(a: Array, b: Array, c: Array) -> NDArray[np.float32]:
    """a * b + c for float32 arrays that broadcast, rounded once; float64 operands make it plain."""
    if np.result_type(a, b, c) == np.float64:
        return a * b + c
    product, start = a.astype(np.float64) * b, c.astype(np.float64)
    total = product + start
    shadow = total - product  # the part of c that arrived in the sum, so that the rest is the error (Knuth)
    error = (product - (total - shadow)) + (start - shadow)
    bits = np.atleast_1d(total).view(np.int64)
    inexact = (np.atleast_1d(error) != 0) & (bits & 1 == 0) & np.atleast_1d(np.isfinite(total))
    away = (np.atleast_1d(error) > 0) == (np.atleast_1d(total) > 0)
    bits += inexact * np.where(away, 1, -1)
    return bits.view(np.float64).reshape(total.shape).astype(np.float32)
