"""The fused multiply-add against exact rational arithmetic, where double rounding through float64 goes wrong too."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minilite.numerics.fused import fused_multiply_add

FLOATS = st.floats(width=32, min_value=-(2.0**40), max_value=2.0**40, allow_subnormal=False)


def nearest_float32(exact: Fraction) -> np.float32:
    """The float32 nearest to a rational number, ties to even."""
    near = np.float32(float(exact))
    candidates = [np.nextafter(near, np.float32(-np.inf)), near, np.nextafter(near, np.float32(np.inf))]
    return min(candidates, key=lambda one: (abs(Fraction(float(one)) - exact), int(one.view(np.int32)) & 1))


@settings(max_examples=400, deadline=None, derandomize=True)
@given(FLOATS, FLOATS, FLOATS)
def test_rounds_once(a: float, b: float, c: float) -> None:
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    found = fused_multiply_add(*(np.array([value], np.float32) for value in (a, b, c)))[0]
    assert found == nearest_float32(exact)


@pytest.mark.parametrize("sign", [1, -1])
def test_false_tie_of_double_rounding(sign: int) -> None:
    a, b = np.float32(1 + 2.0**-12), np.float32(sign * (1 + 2.0**-12))  # 1 + 2**-11 + 2**-24, a tie in float32
    c = np.float32(sign * 2.0**-60)  # which is lost in float64, but breaks the tie
    found = fused_multiply_add(*(np.array([value], np.float32) for value in (a, b, c)))[0]
    plain = np.float32(np.float64(a) * np.float64(b) + np.float64(c))
    assert found == np.float32(sign * (1 + 2.0**-11 + 2.0**-23))
    assert found != plain


def test_float64_operands_stay_float64() -> None:
    assert fused_multiply_add(*(np.array([value]) for value in (2.0, 3.0, 4.0))).dtype == np.float64
