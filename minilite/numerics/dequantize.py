"""From codes to real values with the float32 steps of kernels that do not round once only (eq. 1)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
AT_ONCE = 8  # codes that vector code takes


def in_float32(codes: Array, scale: np.float32, zero_point: int) -> Array:
    """(code - zero point) * scale, the difference and the product each rounded to float32."""
    return (codes.astype(np.float32) - np.float32(zero_point)) * scale


def by_eights(codes: Array, scale: np.float32, zero_point: int) -> Array:
    """Whole groups of eight codes by `in_vectors`, what is left over at the end by `rounded_once`.

    Follows Dequantize in tflite/kernels/internal/optimized/optimized_ops.h.
    """
    flat = codes.ravel()
    whole = flat.size // AT_ONCE * AT_ONCE
    parts = in_vectors(flat[:whole], scale, zero_point), rounded_once(flat[whole:], scale, zero_point)
    return np.concatenate(parts).reshape(codes.shape)


def in_vectors(codes: Array, scale: np.float32, zero_point: int) -> Array:
    """code * scale - zero_point * scale, every step rounded to float32."""
    reals: Array = codes.astype(np.float32) * scale + offset(scale, zero_point)
    return reals


def offset(scale: np.float32, zero_point: int) -> np.float32:
    """What `in_vectors` adds to each product."""
    return np.float32(-zero_point * np.float64(scale))


def rounded_once(codes: Array, scale: np.float32, zero_point: int) -> Array:
    """(code - zero point) * scale, the nearest float32."""
    reals: Array = (np.float64(scale) * (codes.astype(np.int64) - zero_point)).astype(np.float32)
    return reals
