"""The logarithm of fixed-point numbers, in integers only. F(k) is that of numerics/exponential.py.

Each function takes NumPy int64 arrays.
Follows log_x_for_x_greater_than_or_equal_to_1 in tflite/kernels/internal/common.h.
"""

import numpy as np

from .exponential import bit_length, reciprocal_of_one_plus, saturating_left_shift
from .fixed_point import (
    INT32_MAX,
    INT32_MIN,
    Integer,
    doubling_high_multiply,
    rounding_right_shift_away,
    saturate,
    wrap_int32,
)

LN_TWO, ROOT_OF_HALF, FOURTH_ROOT_OF_HALF, QUARTER = 1488522236, 1518500250, 1805811301, 2**29  # in F(0)
# A quotient of two polynomials around the fourth root of a half, by factors of the fourth root of 2, in F(0):
CUBIC = 117049297  # 11/240
UNDER_SQUARE, UNDER_ONE, UNDER_LINEAR = 127690142, 1057819769, 638450708  # 1/20,  sqrt(2) - 1,  1/4


def log_of_sum(value: Integer, integer_bits: int, result_bits: int) -> Integer:
    """ln(value) in F(result_bits), for 0 < value in F(integer_bits).

    value = r * 2**n with r near the fourth root of a half: of the two n it may be, the one with the smaller r counts.
    """
    bits = result_bits + 1
    multiply = doubling_high_multiply
    zeros = 32 - bit_length(value)
    r_above = saturating_left_shift(multiply(value << (zeros - 1), ROOT_OF_HALF), 1)
    n_above = saturate(_power(integer_bits - zeros, bits) + _shift(QUARTER, bits), INT32_MIN, INT32_MAX)
    zeros_below = 31 - bit_length(multiply(value, ROOT_OF_HALF))
    r_below = saturating_left_shift(value, zeros_below)
    n_below = saturate(_power(integer_bits - zeros_below, bits) - _shift(QUARTER, bits), INT32_MIN, INT32_MAX)
    r, n = np.minimum(r_above, r_below), np.maximum(n_above, n_below)
    p = (r + FOURTH_ROOT_OF_HALF + 1) >> 1
    q = wrap_int32(2 * (r - FOURTH_ROOT_OF_HALF))
    square = multiply(q, q)
    over = wrap_int32(multiply(q, r) + multiply(multiply(q, square), CUBIC))
    inner = wrap_int32(UNDER_ONE + q + multiply(UNDER_SQUARE, square))
    under = wrap_int32(multiply(p, inner) + multiply(UNDER_LINEAR, q))
    series = multiply(_shift(over, bits), reciprocal_of_one_plus(under))
    return saturating_left_shift(wrap_int32(multiply(n, LN_TWO) + series), 1)


def _power(exponent: Integer, bits: int) -> Integer:
    """A whole number in F(bits)."""
    return saturate(exponent << (31 - bits), INT32_MIN, INT32_MAX)


def _shift(value: Integer, bits: int) -> Integer:
    """A number in F(0) in F(bits)."""
    return rounding_right_shift_away(np.int64(value), bits)
