"""From codes to real values with the float32 steps of kernels that do not round once only (eq. 1)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def in_float32(codes: Array, scale: np.float32, zero_point: int) -> Array:
    """(code - zero point) * scale, the difference and the product each rounded to float32."""
    return (codes.astype(np.float32) - np.float32(zero_point)) * scale


def by_eights(codes: Array, scale: np.float32, zero_point: int) -> Array:
    """As vector code does: code * scale - zero_point * scale, every step rounded, for whole groups of eight codes.

    What is left over at the end is (code - zero point) * scale, rounded once. Follows Dequantize in
    tflite/kernels/internal/optimized/optimized_ops.h.
    """
    flat = codes.ravel()
    whole = flat.size // 8 * 8
    wide = np.float64(scale)
    vector = flat[:whole].astype(np.float32) * scale + np.float32(-zero_point * wide)
    rest = (wide * (flat[whole:].astype(np.int64) - zero_point)).astype(np.float32)
    return np.concatenate([vector, rest]).reshape(codes.shape)
