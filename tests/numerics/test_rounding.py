"""Rounding against exact rational arithmetic: ties, neighbours of ties, large values, signed zeros."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from minilite.numerics.rounding import round_half_away, round_half_even, round_to_bfloat16

HALVES = st.integers(-(2**24), 2**24).map(lambda twice: twice / 2)
NEAR_HALVES = st.tuples(HALVES, st.sampled_from([-np.inf, np.inf])).map(lambda pair: float(np.nextafter(*pair)))
REALS = st.one_of(HALVES, NEAR_HALVES, st.floats(-1e15, 1e15))


def half_away(value: Fraction) -> int:
    """Nearest integer, ties away from zero, by definition."""
    magnitude = (2 * abs(value) + 1) // 2
    return int(magnitude if value >= 0 else -magnitude)


@given(REALS)
def test_half_away_is_the_definition(value: float) -> None:
    assert round_half_away(np.array([value]))[0] == half_away(Fraction(value))
    assert round_half_away(np.float64(value)) == half_away(Fraction(value))


@given(REALS)
def test_half_even_is_the_definition(value: float) -> None:
    assert round_half_even(np.float64(value)) == round(Fraction(value))


@given(st.floats(-(2.0**31), 2.0**31, width=32))
def test_float32_rounds_as_exactly(value: float) -> None:
    single = round_half_away(np.array([value], np.float32))
    assert single[0] == half_away(Fraction(value))


def test_the_largest_number_below_a_half_goes_to_zero() -> None:
    assert round_half_away(np.float64(0.49999999999999994)) == 0  # floor(x + 0.5) would give 1
    assert round_half_away(np.nextafter(np.float32(0.5), np.float32(0))) == 0


@given(st.floats(2.0**-100, 2.0**100, width=32), st.integers(-(2**16), 2**16))
def test_bfloat16_is_the_nearest(value: float, steps: int) -> None:
    near = (np.array([value], np.float32).view(np.int32) & ~0xFFFF | 0x8000).view(np.float32)  # a tie
    for exact in (np.array([value], np.float32), near, np.nextafter(near, np.float32(steps))):
        found = round_to_bfloat16(exact)
        neighbours = (found.view(np.int32) + np.int32([-(2**16), 2**16])).view(np.float32)
        distances = np.abs(neighbours.astype(np.float64) - exact)
        distance = np.abs(found.astype(np.float64) - exact)
        is_even = found.view(np.int32) >> 16 & 1 == 0
        assert found.view(np.int32) & 0xFFFF == 0
        assert (distance < distances.min()) | ((distance == distances.min()) & is_even)
