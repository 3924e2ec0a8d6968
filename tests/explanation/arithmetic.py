"""The steps of the kernels in Python integers and fractions, written from their definitions, not from minilite's code.

Every rounding is an exact fraction brought to a whole number. Fixed-point numbers of `bits` bits follow gemmlowp.
"""

import math
import struct
from fractions import Fraction


def half_up(value: Fraction) -> int:
    return math.floor(value + Fraction(1, 2))


def half_away(value: Fraction) -> int:
    return half_up(value) if value >= 0 else -half_up(-value)


def half_even(value: Fraction) -> int:
    return round(value)


def over(value: int, exponent: int) -> Fraction:
    """value / 2**exponent."""
    return Fraction(value) / Fraction(2) ** exponent


def wrap(value: int, bits: int = 32) -> int:
    return (value + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)


def clamp(value, low, high):
    return min(max(value, low), high)


def saturate(value: int, bits: int) -> int:
    return clamp(value, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def single(value: float) -> float:
    """The nearest float32; what does not fit is infinite."""
    try:
        return struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)


def product(a: int, b: int, bits: int = 32) -> int:
    """The high half of 2 * a * b, nearest, ties up."""
    return saturate(half_up(over(a * b, bits - 1)), bits)


def constant(real: float, bits: int) -> int:
    """A real constant as a fixed-point number without integer bits; a short one is made from the long one."""
    long = half_away(Fraction(real) * 2**31)
    return long if bits == 32 else half_away(over(long, 16))


def shifted(value: int, left: int, bits: int = 32) -> int:
    return saturate(value << left, bits)


def exponential(a: int, integer_bits: int, bits: int = 32) -> int:
    """e**a for a <= 0 with some integer bits."""
    if a == 0:
        return 2 ** (bits - 1) - 1
    fraction_bits = bits - 1 - integer_bits
    quarter = 2 ** (fraction_bits - 2)
    rest = a % quarter - quarter
    x = shifted(rest, integer_bits, bits) + 2 ** (bits - 4)
    x2 = product(x, x, bits)
    x3, x4 = product(x2, x, bits), product(x2, x2, bits)
    third = constant(1 / 3, bits)
    half = half_away(over(product(half_away(over(x4, 2)) + x3, third, bits) + x2, 1))
    eighth = constant(math.exp(-1 / 8), bits)
    result = saturate(eighth + product(eighth, x + half, bits), bits)
    for exponent in range(-2, 5):
        if exponent < integer_bits and (rest - a) // 2 ** (fraction_bits + exponent) % 2:
            result = product(result, constant(math.exp(-(2.0**exponent)), bits), bits)
    return 0 if integer_bits > 5 and a < -(2 ** (fraction_bits + 5)) else result


def newton(a: int, bits: int = 32) -> int:
    """2 / (1 + a) with two integer bits, 0 <= a < 1."""
    half = (a + 2 ** (bits - 1)) // 2
    start, slope = (1515870810, -1010580540) if bits == 32 else (23130, -15420)
    x = start + product(half, slope, bits)
    for _ in range(3):
        error = 2 ** (bits - 3) - product(half, x, bits)
        x += shifted(product(x, error, bits), 2, bits)
    return x


def reciprocal(value: int, integer_bits: int) -> tuple[int, int]:
    """1 / value as (r, n): r / 2**31 / 2**n."""
    headroom = 32 - value.bit_length()
    return shifted(newton((value << headroom) - 2**31), 1), integer_bits - headroom


def inverse_root(value: int) -> tuple[int, int]:
    """1 / sqrt(value) as (mantissa, right shift)."""
    if value <= 1:
        return 2**31 - 1, 0
    shift = 11
    while value >= 2**29:
        value, shift = value // 4, shift + 1
    pairs = (31 - value.bit_length()) // 2 - 1
    shift, value = shift - pairs, value << 2 * pairs
    half = half_away(over(value // 2, 1))
    x = 2**28
    for _ in range(5):
        cube = shifted(product(product(x, x), x), 6)
        x = shifted(wrap(product(2**28 + 2**27, x) - product(half, cube)), 3)
    x = product(x, constant(math.sqrt(2) / 2, 32))
    return (wrap(x << -shift), 0) if shift < 0 else (x, shift)


def sigmoid(a: int, integer_bits: int) -> int:
    """1 / (1 + e**-a) of a 16-bit number."""
    if a == 0:
        return 2**14
    positive = shifted(newton(exponential(-abs(a), integer_bits, 16), 16), 1, 16)
    return positive if a > 0 else 2**15 - 1 - positive


def tanh(a: int, integer_bits: int) -> int:
    """tanh of a 16-bit number."""
    if a == 0:
        return 0
    positive = shifted(newton(exponential(-abs(a), integer_bits + 1, 16), 16) - 2**13, 2, 16)
    return positive if a > 0 else -positive


def line(entry: int, following: int, fraction: int) -> int:
    """The 16-bit number `fraction` 128ths of the way from one table entry to the next."""
    return wrap(entry + half_up(Fraction(wrap(following - entry, 16) * fraction, 128)), 16)


RULES = {
    "shift left by max(exponent, 0), 32 bits": lambda v, m, e, real: wrap(v << max(e, 0) % 32),
    "times mantissa / 2**31, nearest, ties up": lambda v, m, e, real: product(v, m),
    "shift right by max(-exponent, 0), ties away from zero": lambda v, m, e, real: half_away(over(v, max(-e, 0))),
    "shift right by max(-exponent, 0), ties up": lambda v, m, e, real: half_up(over(v, max(-e, 0))),
    "times mantissa, 64 bits": lambda v, m, e, real: v * m,
    "shift right by 31 - exponent, ties up": lambda v, m, e, real: half_up(over(v, 31 - e)),
    "times the mantissa's upper 16 bits, 64 bits": lambda v, m, e, real: v * min(half_up(over(m, 16)), 2**15 - 1),
    "shift right by 15 - exponent, ties up": lambda v, m, e, real: wrap(half_up(over(v, 15 - e))),
    "times the multiplier in float64": lambda v, m, e, real: float(v) * real,
    "round, ties away from zero": lambda v, m, e, real: half_away(Fraction(v)),
    "times the multiplier in float32": lambda v, m, e, real: single(single(v) * single(real)),
    "times the multiplier in 256ths, itself nearest, ties to even": lambda v, m, e, real: (
        v * half_even(Fraction(single(real)) * 256)
    ),
    "shift right by 8, ties up": lambda v, m, e, real: half_up(over(v, 8)),
    "round, ties to even": lambda v, m, e, real: half_even(Fraction(v)),
}


def double(value: int, mantissa: int, exponent: int) -> int:
    """The rule of the reference kernels."""
    return half_away(over(product(wrap(value << max(exponent, 0) % 32), mantissa), max(-exponent, 0)))
