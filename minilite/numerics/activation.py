"""Fused activations as ranges: of output codes for integer kernels (eq. 8), of real values for float kernels.

Follows CalculateActivationRangeQuantized in tflite/kernels/kernel_util.cc, and XNNPACK's src/xnnpack/requantization.h.
"""

from typing import Any

import numpy as np

from minilite.errors import ModelError

from .affine import Range, code_range
from .rounding import round_half_away, round_half_even

NONE, RELU, RELU_N1_TO_1, RELU6, TANH, SIGN_BIT = range(6)  # ActivationFunctionType of the schema

LARGEST = np.finfo(np.float32).max
_REAL: dict[int, tuple[float | None, float | None]] = {
    NONE: (None, None),
    RELU: (0.0, None),
    RELU_N1_TO_1: (-1.0, 1.0),
    RELU6: (0.0, 6.0),
    TANH: (None, None),  # the official integer and float kernels ignore these two
    SIGN_BIT: (None, None),
}


def nearest_code(value: float, scale: np.float32, zero_point: int) -> int:
    """The code of a real value, not clamped: zero_point + round(value / scale), the quotient in float32 (eq. 2).

    Raises ModelError where the official kernels do: when the scale is so small that the code needs over 32 bits, or 0.
    """
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        steps = round_half_away(np.float32(value) / scale)
    if not -(2.0**31) <= steps <= 2.0**31:
        raise ModelError(f"the limit {value:g} of the fused activation has no 32-bit code at output scale {scale}")
    return zero_point + int(steps)


def activation_codes(activation: int, scale: np.float32, zero_point: int, dtype: np.dtype[Any]) -> Range:
    """The output codes that a fused activation leaves (eq. 8)."""
    return codes_between(*_REAL[activation], scale, zero_point, dtype)


def activation_codes_even(activation: int, scale: np.float32, zero_point: int, dtype: np.dtype[Any]) -> Range:
    """The same by XNNPACK: value / scale + zero_point in float32, clamped to the type, rounded with ties to even."""
    limits = code_range(dtype)

    def code(value: float) -> int:
        with np.errstate(over="ignore"):
            step = np.float32(value) / scale + np.float32(zero_point)
        return int(round_half_even(np.clip(step, limits.low, limits.high)))

    low, high = _REAL[activation]
    return Range(limits.low if low is None else code(low), limits.high if high is None else code(high))


def codes_between(
    real_low: float | None, real_high: float | None, scale: np.float32, zero_point: int, dtype: np.dtype[Any]
) -> Range:
    """The codes of a type between those of two real values; None for no limit (eq. 8)."""
    low, high = code_range(dtype)

    def code(real: float) -> int:
        return int(min(max(nearest_code(real, scale, zero_point), low), high))

    return Range(low if real_low is None else code(real_low), high if real_high is None else code(real_high))


def activation_reals(activation: int) -> Range:
    """The float32 values that a fused activation leaves."""
    low, high = _REAL[activation]
    return Range(np.float32(-LARGEST if low is None else low), np.float32(LARGEST if high is None else high))


def unbounded(reals: Range) -> Range:
    """The same by XNNPACK: infinities stay where the activation sets no limit."""
    low, high = reals
    return Range(-np.float32(np.inf) if low == -LARGEST else low, np.float32(np.inf) if high == LARGEST else high)


def activation_limits(activation: int, dtype: np.dtype[Any]) -> Range:
    """The values of a type without scale that a fused activation leaves: finite floats, or integers as they stand.

    Follows CalculateActivationRange in tflite/kernels/kernel_util.h.
    """
    low, high = _REAL[activation]
    info = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    limits = (info.min if low is None else int(low), info.max if high is None else int(high))
    return Range(*(np.asarray(limit).astype(dtype)[()] for limit in limits))
