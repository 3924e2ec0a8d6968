"""Where the pixels of a resized image fall on the original, along one axis.

Each function gives, for every output position, what to read. Three conventions: by default output position i is at
i * length / size; align_corners puts first on first and last on last; half_pixel_centers takes i for the middle of a
pixel. Follows tflite/kernels/internal/reference/resize_bilinear.h and resize_nearest_neighbor.h.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .fixed_point import divide_toward_zero, rounding_right_shift_away, rounding_right_shift_up
from .frozen import frozen
from .rounding import round_half_away, round_half_even

Array = NDArray[Any]
Integers = NDArray[np.int64]
FRACTION_BITS = 10  # of the integer positions
WEIGHT_BITS = 11  # of XNNPACK's integer weights
ONE = 2**FRACTION_BITS


class Samples(NamedTuple):
    """For every output position the two input positions it lies between, and the weight of each. Read-only."""

    lower: Integers
    upper: Integers
    lower_weight: Array
    upper_weight: Array


def _ratio(length: int, size: int, align_corners: bool) -> tuple[int, int]:
    """Input and output extent, whose quotient is the step between samples."""
    return (length - 1, size - 1) if align_corners and size > 1 else (length, size)


def _frozen(samples: Samples) -> Samples:
    return Samples(*map(frozen, samples))


def float_samples(length: int, size: int, align_corners: bool, half_pixel_centers: bool) -> Samples:
    """Positions and weights in float32, every step rounded."""
    extent, steps = _ratio(length, size, align_corners)
    scale, half = np.float32(extent) / np.float32(steps), np.float32(0.5)
    positions = np.arange(size, dtype=np.float32)
    positions = (positions + half) * scale - half if half_pixel_centers else positions * scale
    lower = np.maximum(np.floor(positions).astype(np.int64), 0)
    upper = np.minimum(np.ceil(positions).astype(np.int64), length - 1)
    weight = positions - lower.astype(np.float32)
    return _frozen(Samples(lower, upper, np.float32(1) - weight, weight))


def clamped_samples(length: int, size: int, align_corners: bool, half_pixel_centers: bool) -> Samples:
    """Positions in float32 as XNNPACK has them, none outside the image. Follows its src/indirection.c."""
    extent, steps = _ratio(length, size, align_corners)
    scale, half = np.float32(extent) / np.float32(steps), np.float32(0.5)
    positions = np.arange(size, dtype=np.float32) * scale
    if half_pixel_centers:
        positions = positions + (half * scale - half)
    positions = np.clip(positions, np.float32(0), np.float32(length - 1))
    lower = positions.astype(np.int64)
    weight = positions - lower.astype(np.float32)
    return _frozen(Samples(lower, np.minimum(lower + 1, length - 1), np.float32(1) - weight, weight))


def clamped_fixed_samples(length: int, size: int, align_corners: bool, half_pixel_centers: bool) -> Samples:
    """The same with weights as integers of 11 bits, ties to even."""
    samples = clamped_samples(length, size, align_corners, half_pixel_centers)
    weight = round_half_even(samples.upper_weight * np.float32(2**WEIGHT_BITS)).astype(np.int64)
    return _frozen(samples._replace(lower_weight=2**WEIGHT_BITS - weight, upper_weight=weight))


def without_weights(values: Any) -> Any:
    """Sums of products with two integer weights of 11 bits, brought back to whole numbers: ties up."""
    return rounding_right_shift_up(values, 2 * WEIGHT_BITS)


def fixed_samples(length: int, size: int, align_corners: bool, half_pixel_centers: bool) -> Samples:
    """Positions and weights as integers with 10 fractional bits, the step between samples rounded once."""
    extent, steps = _ratio(length, size, align_corners)
    scale = (ONE * extent + steps // 2) // steps
    positions = np.arange(size, dtype=np.int64) * scale
    if half_pixel_centers:
        positions = positions + scale // 2 - ONE // 2
    lower = np.maximum(divide_toward_zero(positions, ONE), 0)
    upper = np.minimum(divide_toward_zero(positions + ONE - 1, ONE), length - 1)
    weight = positions - ONE * lower
    return _frozen(Samples(lower, upper, ONE - weight, weight))


def without_fraction(values: Any) -> Any:
    """Sums of products with two integer weights, brought back to whole numbers: ties away from zero."""
    return rounding_right_shift_away(values, 2 * FRACTION_BITS)


def without_fraction_up(values: Any) -> Any:
    """The same with ties up."""
    return rounding_right_shift_up(values, 2 * FRACTION_BITS)


def half_added(values: Any) -> Any:
    """float32 sums that are not negative, rounded: 0.5 added, then cut off."""
    return np.floor(values + np.float32(0.5))


def nearest_samples(length: int, size: int, align_corners: bool, half_pixel_centers: bool) -> Integers:
    """The one input position that each output position reads; rounded with align_corners, else cut off."""
    extent, steps = _ratio(length, size, align_corners)
    scale = np.float32(extent) / np.float32(steps)
    positions = (np.arange(size, dtype=np.float32) + np.float32(0.5 if half_pixel_centers else 0)) * scale
    whole = round_half_away(positions) if align_corners else np.floor(positions)
    return frozen(np.clip(whole.astype(np.int64), 0, length - 1))
