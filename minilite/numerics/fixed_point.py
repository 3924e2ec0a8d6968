"""Integer arithmetic on fixed-point numbers: the small steps every rescale rule is made of.

Each function takes NumPy int64 arrays or, inside a compiled kernel, int64 scalars; both give the same bits, because
every value is widened to 64 bits and brought back to 32 bits only where the official kernels do it.
Follows gemmlowp/fixedpoint/fixedpoint.h; the equal forms used here were checked on random pairs and exact ties.
"""

from typing import Any

import numpy as np

INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
Integer = Any  # an int64 array, or an int64 scalar inside a compiled kernel


def wrap_int32(value: Integer) -> Integer:
    """The low 32 bits of `value`, read as a signed number."""
    return ((value + 2**31) & 0xFFFFFFFF) - 2**31


def wrap_int16(value: Integer) -> Integer:
    """The low 16 bits of `value`, read as a signed number."""
    return ((value + 2**15) & 0xFFFF) - 2**15


def shift_left_int32(value: Integer, bits: Integer) -> Integer:
    """value * 2**bits in 32-bit arithmetic. The count is taken modulo 32, as x86 does (eq. 4a)."""
    return wrap_int32(value << (bits & 31))


def doubling_high_multiply(a: Integer, b: Integer) -> Integer:
    """Nearest integer to a * b / 2**31, ties up; the one overflow, (-2**31)**2, saturates (eq. 4b)."""
    return np.minimum((a * b + 2**30) >> 31, INT32_MAX)


def doubling_high_multiply_int16(a: Integer, b: Integer) -> Integer:
    """Nearest integer to a * b / 2**15, ties up, saturated to int16."""
    return np.minimum((a * b + 2**14) >> 15, 2**15 - 1)


def shift_right_down(value: Integer, bits: Integer) -> Integer:
    """value / 2**bits rounded down, in the type of `value`; 0 <= bits < the bits of the type."""
    return value >> bits


def rounding_right_shift_away(value: Integer, bits: Integer) -> Integer:
    """Nearest integer to value / 2**bits, ties away from zero (eq. 4c)."""
    mask = (np.int64(1) << bits) - 1
    threshold = (mask >> 1) + (value < 0)
    return (value >> bits) + ((value & mask) > threshold)


def rounding_right_shift_x86(value: Integer, bits: Integer) -> Integer:
    """rounding_right_shift_away of 32-bit values by any number of bits, as x86 has it: arrays only.

    The shift takes the count modulo 32, the mask of the fraction modulo 64; so from 32 on, 0 and above rounds up.
    """
    fraction_bits = bits & 63
    mask = np.where(fraction_bits > 31, -1, (np.int64(1) << np.minimum(fraction_bits, 31)) - 1)
    threshold = (mask >> 1) + (value < 0)
    return (value >> (bits & 31)) + ((value & mask) > threshold)


def rounding_right_shift_up(value: Integer, bits: Integer) -> Integer:
    """Nearest integer to value / 2**bits, ties up (eq. 4d)."""
    return (value + ((np.int64(1) << bits) >> 1)) >> bits


def rounding_right_shift_int16(value: Integer, bits: Integer) -> Integer:
    """rounding_right_shift_away on int16 with its 16-bit mask: from 16 bits on, 1 for value >= 0 and -1 below."""
    beyond = np.where(value >= 0, 1, -1)
    return np.where(bits > 15, beyond, rounding_right_shift_away(value, bits))


def saturate(value: Integer, low: int, high: int) -> Integer:
    """The nearest number within [low, high]."""
    return np.minimum(np.maximum(value, low), high)


def saturate_int16(value: Integer) -> Integer:
    """The nearest number an int16 can hold."""
    return saturate(value, -(2**15), 2**15 - 1)


def reduce_to_int16(mantissa: Integer) -> Integer:
    """The nearest 16-bit mantissa to one of 31 bits, at most 2**15 - 1."""
    return np.minimum((mantissa + 2**15) >> 16, 2**15 - 1)


def divide_toward_zero(value: Integer, divisor: Integer) -> Integer:
    """value / divisor with the fraction cut off, as integer division in C; divisor > 0."""
    return np.sign(value) * (np.abs(value) // divisor)


def divide_to_nearest(value: Integer, divisor: Integer) -> Integer:
    """Nearest integer to value / divisor, ties away from zero; divisor > 0."""
    return np.sign(value) * ((np.abs(value) + divisor // 2) // divisor)
