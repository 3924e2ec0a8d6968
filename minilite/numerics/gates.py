"""Sigmoid and tanh on 16-bit fixed-point numbers, in integers only: the gates of the integer LSTM.

F(k) is a 16-bit number with k bits before the binary point: real = raw / 2**(15 - k); one in F(0) is 2**15 - 1.
Each function takes NumPy int64 arrays or, inside a compiled kernel, int64 scalars. Follows
gemmlowp/fixedpoint/fixedpoint.h.
"""

from .exponential import EXP_MINUS_EIGHTH, EXP_OF_POWERS, ONE_IN_F2, ONE_THIRD, RECIPROCAL_START
from .fixed_point import Integer, doubling_high_multiply_int16, rounding_right_shift_away, saturate_int16

ONE = 2**15 - 1  # in F(0)


def sigmoid_of_fixed(a: Integer, integer_bits: int = 3) -> Integer:
    """1 / (1 + e**-a) in F(0), for a in F(integer_bits)."""
    half = _newton_steps(_exp_of_negative(-abs(a), integer_bits))
    positive = saturate_int16(half << 1)
    result = positive + (a < 0) * (ONE - 2 * positive)
    return result + (a == 0) * (2**14 - result)


def tanh_of_fixed(a: Integer, integer_bits: int) -> Integer:
    """tanh(a) in F(0), for a in F(integer_bits), as (1 - e) / (1 + e) with e = e**(-2 * |a|)."""
    half = _newton_steps(_exp_of_negative(-abs(a), integer_bits + 1))
    positive = saturate_int16((half - _shortened(ONE_IN_F2)) << 2)
    return (a > 0) * positive - (a < 0) * positive


def _shortened(constant: int) -> int:
    """A 32-bit constant as a 16-bit one."""
    return int(rounding_right_shift_away(constant, 16))


def _exp_of_negative(a: Integer, integer_bits: int) -> Integer:
    """e**a in F(0), for a <= 0 in F(integer_bits)."""
    quarter = 2 ** (15 - integer_bits - 2)
    fraction = (a & (quarter - 1)) - quarter
    result = _exp_near_minus_eighth(fraction << integer_bits)
    whole = fraction - a
    for exponent, factor in EXP_OF_POWERS:
        if exponent < integer_bits:
            is_set = (whole >> (15 - integer_bits + exponent)) & 1
            result = result + is_set * (doubling_high_multiply_int16(result, _shortened(factor)) - result)
    if integer_bits > 5:
        result = result * (a >= -(2 ** (20 - integer_bits)))  # below -32 there is nothing left
    return result + (a == 0) * (ONE - result)


def _exp_near_minus_eighth(a: Integer) -> Integer:
    multiply = doubling_high_multiply_int16
    x = a + 2**12
    x2 = multiply(x, x)
    cubic = multiply(rounding_right_shift_away(multiply(x2, x2), 2) + multiply(x2, x), _shortened(ONE_THIRD))
    series = x + rounding_right_shift_away(cubic + x2, 1)
    start = _shortened(EXP_MINUS_EIGHTH)
    return saturate_int16(start + multiply(start, series))


def _newton_steps(a: Integer) -> Integer:
    """2 / (1 + a) in F(2), for a in F(0) with 0 <= a < 1."""
    half_denominator = (a + ONE + 1) >> 1
    start, slope = _shortened(RECIPROCAL_START[0]), _shortened(RECIPROCAL_START[1])
    x = start + doubling_high_multiply_int16(half_denominator, slope)
    for _ in range(3):
        error = _shortened(ONE_IN_F2) - doubling_high_multiply_int16(half_denominator, x)
        x = x + saturate_int16(doubling_high_multiply_int16(x, error) << 2)
    return x
