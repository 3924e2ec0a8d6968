"""exp and 1/x on fixed-point numbers, in integers only.

F(k) is a 32-bit number with k bits before the binary point: real = raw / 2**(31 - k); one in F(0) is 2**31 - 1.
Each function takes NumPy int64 arrays or, inside a compiled kernel, int64 scalars.
Follows gemmlowp/fixedpoint/fixedpoint.h and GetReciprocal in tflite/kernels/internal/common.h.
"""

from .fixed_point import (
    INT32_MAX,
    INT32_MIN,
    Integer,
    doubling_high_multiply,
    rounding_right_shift_away,
    saturate,
    wrap_int32,
)

EXP_MINUS_EIGHTH = 1895147668  # e**(-1/8) in F(0), where the Taylor series is centred
ONE_THIRD = 715827883  # in F(0)
# e**(-2**k) in F(0), for k from -2
EXP_OF_POWERS = (
    (-2, 1672461947),
    (-1, 1302514674),
    (0, 790015084),
    (1, 290630308),
    (2, 39332535),
    (3, 720401),
    (4, 242),
)
RECIPROCAL_START = (1515870810, -1010580540)  # 48/17 and -32/17 in F(2): the first guess of 2/(1 + x)
ONE_IN_F2 = 2**29


def bit_length(value: Integer) -> Integer:
    """How many bits a number 0 <= value < 2**63 needs."""
    length = value * 0
    for step in (32, 16, 8, 4, 2, 1):
        shift = ((value >> step) > 0) * step
        length = length + shift
        value = value >> shift
    return length + (value > 0)


def saturating_left_shift(value: Integer, bits: int) -> Integer:
    """value * 2**bits, saturated to 32 bits."""
    return saturate(value << bits, INT32_MIN, INT32_MAX)


def exp_near_minus_eighth(a: Integer) -> Integer:
    """e**a in F(0), for a in F(0) between -1/4 and 0: four terms of the Taylor series around -1/8."""
    x = a + 2**28
    x2 = doubling_high_multiply(x, x)
    x3 = doubling_high_multiply(x2, x)
    x4 = doubling_high_multiply(x2, x2)
    cubic = doubling_high_multiply(rounding_right_shift_away(x4, 2) + x3, ONE_THIRD)
    series = x + rounding_right_shift_away(cubic + x2, 1)
    return EXP_MINUS_EIGHTH + doubling_high_multiply(EXP_MINUS_EIGHTH, series)


def exp_of_negative(a: Integer, integer_bits: int) -> Integer:
    """e**a in F(0), for a <= 0 in F(integer_bits) with at most 5 integer bits.

    a = -r - n/4 with 0 < r <= 1/4: the series gives e**-r, and each set bit of n multiplies by a constant (eq. 14).
    """
    quarter = 2 ** (31 - integer_bits - 2)
    fraction = (a & (quarter - 1)) - quarter
    result = exp_near_minus_eighth(fraction << integer_bits)
    whole = fraction - a
    for exponent, factor in EXP_OF_POWERS:
        if exponent < integer_bits:
            is_set = (whole >> (31 - integer_bits + exponent)) & 1
            result = result + is_set * (doubling_high_multiply(result, factor) - result)
    return result + (a == 0) * (INT32_MAX - result)


def reciprocal_of_one_plus(a: Integer) -> Integer:
    """1 / (1 + a) in F(0), for a in F(0) with 0 <= a < 1."""
    return saturating_left_shift(_two_over_one_plus(a), 1)


def _two_over_one_plus(a: Integer) -> Integer:
    """2 / (1 + a) in F(2), for a in F(0) with 0 <= a < 1: three Newton steps on half the denominator."""
    half_denominator = (a + INT32_MAX + 1) >> 1
    x = RECIPROCAL_START[0] + doubling_high_multiply(half_denominator, RECIPROCAL_START[1])
    for _ in range(3):
        error = ONE_IN_F2 - doubling_high_multiply(half_denominator, x)
        x = x + saturating_left_shift(doubling_high_multiply(x, error), 2)
    return x


def sigmoid(a: Integer, integer_bits: int) -> Integer:
    """1 / (1 + e**-a) in F(0), for a in F(integer_bits) with at most 5 integer bits."""
    positive = reciprocal_of_one_plus(exp_of_negative(-abs(a), integer_bits))
    result = positive + (a < 0) * (INT32_MAX - 2 * positive)
    return result + (a == 0) * (2**30 - result)


def tanh(a: Integer, integer_bits: int) -> Integer:
    """tanh(a) in F(0), for a in F(integer_bits) with at most 4 integer bits: (1 - e) / (1 + e) with e = e**(-2|a|)."""
    two_over = _two_over_one_plus(exp_of_negative(-abs(a), integer_bits + 1))
    positive = saturating_left_shift(two_over - ONE_IN_F2, 2)
    return (a > 0) * positive - (a < 0) * positive


def reciprocal(value: Integer, integer_bits: int) -> tuple[Integer, Integer]:
    """1 / value for value > 0 in F(integer_bits), as (r, n) with 1 / value = r * 2**-n and r in F(0)."""
    headroom = 32 - bit_length(value)
    mantissa_minus_one = wrap_int32((value << headroom) - 2**31)
    return reciprocal_of_one_plus(mantissa_minus_one), integer_bits - headroom


def normalize(value: Integer) -> tuple[Integer, Integer]:
    """value * 2**n, brought to [2**30, 2**31), and n; 0 < value < 2**31."""
    headroom = 31 - bit_length(value)
    return value << headroom, headroom
