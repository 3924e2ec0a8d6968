"""1 / sqrt(x) of an integer, in integers only. Follows GetInvSqrtQuantizedMultiplierExp in internal/common.h."""

import numpy as np

from .exponential import bit_length, saturating_left_shift
from .fixed_point import INT32_MAX, Integer, doubling_high_multiply, rounding_right_shift_away, wrap_int32

HALF_OF_ROOT_TWO = 1518500250  # sqrt(2) / 2 in F(0)
ONE_AND_A_HALF = 2**28 + 2**27  # in F(3)


def inverse_root(value: Integer) -> tuple[Integer, Integer]:
    """1 / sqrt(value) as (mantissa, shift) = mantissa * 2**(-31 - shift), for value < 2**31; 0 counts as 1.

    Five Newton steps in F(3), from a first guess of 1.
    """
    trivial = value <= 1
    value = np.maximum(value, 2)
    shift = 11 + (value >= 2**29)
    value = np.where(value >= 2**29, value >> 2, value)
    pairs = ((31 - bit_length(value)) >> 1) - 1
    shift = shift - pairs
    half = value << (2 * pairs) >> 1
    quarter = rounding_right_shift_away(half, 1)
    x = value * 0 + 2**28
    for _ in range(5):
        cube = saturating_left_shift(doubling_high_multiply(doubling_high_multiply(x, x), x), 6)
        change = doubling_high_multiply(ONE_AND_A_HALF, x) - doubling_high_multiply(quarter, cube)
        x = saturating_left_shift(wrap_int32(change), 3)
    x = doubling_high_multiply(x, HALF_OF_ROOT_TWO)
    x = wrap_int32(x << np.maximum(-shift, 0))
    return np.where(trivial, INT32_MAX, x), np.where(trivial, 0, np.maximum(shift, 0))
