"""Every step of fixed-point arithmetic against exact Python integers, ties and rails included."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minilite.numerics import fixed_point as fixed

from .test_rounding import half_away

RAIL = 2**31
INT32 = st.one_of(
    st.integers(-RAIL, RAIL - 1),
    st.sampled_from([-RAIL, -RAIL + 1, -1, 0, 1, RAIL - 2, RAIL - 1]),
    st.integers(-31, 30).map(lambda bits: 2**bits if bits >= 0 else -(2**-bits)),
)
SHIFTS = st.integers(0, 31)


def i64(value: int) -> np.int64:
    return np.int64(value)


def half_up(value: Fraction) -> int:
    """Nearest integer, ties up, by definition."""
    return (2 * value + 1) // 2


def wrapped(value: int) -> int:
    """The low 32 bits as C reads them."""
    return int.from_bytes((value % 2**32).to_bytes(4, "little"), "little", signed=True)


@given(st.integers(-(2**62), 2**62))
def test_wrap(value: int) -> None:
    assert fixed.wrap_int32(i64(value)) == wrapped(value)


@given(INT32, st.integers(0, 110))
def test_shift_left(value: int, bits: int) -> None:
    assert fixed.shift_left_int32(i64(value), i64(bits)) == wrapped(value << (bits % 32))


@given(INT32, INT32)
def test_doubling_high_multiply(a: int, b: int) -> None:
    expected = RAIL - 1 if a == b == -RAIL else half_up(Fraction(a * b, RAIL))
    assert fixed.doubling_high_multiply(i64(a), i64(b)) == expected


@given(st.integers(-RAIL // 2**15, RAIL // 2**15 - 1), st.integers(0, 14))
def test_doubling_high_multiply_on_exact_ties(odd: int, power: int) -> None:
    a, b = (2 * odd + 1) * 2**power, 2 ** (30 - power)  # a * b / 2**31 ends in exactly one half
    assert Fraction(a * b, RAIL).denominator == 2
    assert fixed.doubling_high_multiply(i64(a), i64(b)) == half_up(Fraction(a * b, RAIL))


@given(st.integers(-(2**15), 2**15 - 1), st.integers(-(2**15), 2**15 - 1))
def test_doubling_high_multiply_int16(a: int, b: int) -> None:
    expected = min(half_up(Fraction(a * b, 2**15)), 2**15 - 1)
    assert fixed.doubling_high_multiply_int16(i64(a), i64(b)) == expected


@given(INT32, SHIFTS)
def test_right_shift_away(value: int, bits: int) -> None:
    assert fixed.rounding_right_shift_away(i64(value), i64(bits)) == half_away(Fraction(value, 2**bits))


@given(INT32, SHIFTS)
def test_right_shift_up(value: int, bits: int) -> None:
    assert fixed.rounding_right_shift_up(i64(value), i64(bits)) == half_up(Fraction(value, 2**bits))


@pytest.mark.parametrize(("value", "away", "up"), [(-3, -2, -1), (-1, -1, 0), (1, 1, 1), (3, 2, 2)])
def test_the_two_right_shifts_part_on_negative_ties(value: int, away: int, up: int) -> None:
    assert fixed.rounding_right_shift_away(i64(value), i64(1)) == away
    assert fixed.rounding_right_shift_up(i64(value), i64(1)) == up


@given(INT32, st.integers(1, RAIL))
def test_divide_toward_zero(value: int, divisor: int) -> None:
    expected = abs(value) // divisor * (1 if value >= 0 else -1)
    assert fixed.divide_toward_zero(i64(value), i64(divisor)) == expected


@given(INT32)
def test_saturate(value: int) -> None:
    assert fixed.saturate(i64(value), -128, 127) == min(max(value, -128), 127)


@given(st.lists(st.tuples(INT32, SHIFTS), min_size=1))
def test_arrays_give_what_scalars_give(pairs: list[tuple[int, int]]) -> None:
    values, bits = np.array(pairs, np.int64).T
    for step in (fixed.rounding_right_shift_away, fixed.rounding_right_shift_up, fixed.shift_left_int32):
        assert step(values, bits).tolist() == [int(step(i64(v), i64(b))) for v, b in pairs]
