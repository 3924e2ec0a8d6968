"""From real numbers to integers: the three ways of rounding that the official kernels use.

All take NumPy float arrays or, inside a compiled kernel, float scalars, and return floats of whole value.
"""

from typing import Any

import numpy as np

Real = Any  # a float array, or a float scalar inside a compiled kernel


def round_half_away(value: Real) -> Real:
    """Nearest whole number, ties away from zero: C `round`."""
    whole = np.trunc(value)
    return whole + np.copysign(1.0, value) * (np.abs(value - whole) >= 0.5)


def round_half_even(value: Real) -> Real:
    """Nearest whole number, ties to even: C `rint`, and the x86 float-to-integer conversion."""
    return np.rint(value)


def round_half_added(value: Real) -> Real:
    """The whole part of value + 0.5, or of value - 0.5 when it is negative; the sum itself is rounded to its type.

    Vector code rounds so. It differs from `round_half_away` just below a tie, where the sum rounds up to it.
    """
    return np.trunc(value + np.copysign(np.float32(0.5), value))


def to_int32(whole: Real) -> Any:
    """Whole numbers as int32 values in int64, as x86 converts: NaN and what does not fit become -2**31. Arrays only."""
    fits = (whole >= -(2.0**31)) & (whole < 2.0**31)
    return np.where(fits, whole, -(2.0**31)).astype(np.int64)


def saturating_cast(value: Any, dtype: np.dtype[Any]) -> Any:
    """Floats cut to integers of a type: the nearest one for what does not fit, the largest for NaN. Arrays only."""
    info = np.iinfo(dtype)
    low, high = float(info.min), float(info.max)  # 2**63 for int64, which has to stay out
    whole = np.trunc(value.astype(np.float64))
    fits = (whole > low) & (whole < high)
    inside = np.where(fits, whole, 0).astype(dtype)
    return np.where(fits, inside, np.where(whole <= low, dtype.type(info.min), dtype.type(info.max)))


def round_to_bfloat16(value: Any) -> Any:
    """Finite float32 values cut to the 8 significant bits of bfloat16, the nearest, ties to even. Arrays only."""
    bits = np.ascontiguousarray(value, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) & np.uint32(0xFFFF0000)).astype(np.uint32).view(np.float32)
