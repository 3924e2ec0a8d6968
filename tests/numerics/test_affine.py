"""Codes and real values, per tensor and per channel, against exact fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minilite.numerics.activation import NONE, RELU, RELU6, RELU_N1_TO_1, activation_codes
from minilite.numerics.affine import Affine, Range, code_range

SCALES = st.floats(2.0**-20, 2.0**10, width=32)


def affine(scale: float, zero_point: int) -> Affine:
    return Affine(np.array([scale], np.float32), np.array([zero_point], np.int64))


@given(SCALES, st.integers(-128, 127), st.integers(-128, 127))
def test_to_real_is_exact(scale: float, zero_point: int, code: int) -> None:
    real = affine(scale, zero_point).to_real(np.array([code], np.int8))
    assert Fraction(float(real[0])) == Fraction(scale) * (code - zero_point)


@given(SCALES, st.integers(-128, 127), st.integers(-128, 127))
def test_codes_survive_the_round_trip(scale: float, zero_point: int, code: int) -> None:
    one = affine(scale, zero_point)
    assert one.to_codes(one.to_real(np.array([code], np.int8)), np.dtype(np.int8))[0] == code


@pytest.mark.parametrize(("real", "code"), [(0.25, 1), (-0.25, -1), (0.75, 2), (0.24, 0), (1e30, 127), (-np.inf, -128)])
def test_to_codes_rounds_away_and_clamps(real: float, code: int) -> None:
    assert affine(0.5, 0).to_codes(np.array([real]), np.dtype(np.int8))[0] == code


def test_channels_line_up_with_their_axis() -> None:
    channels = Affine(np.array([1, 10], np.float32), np.array([0, 5], np.int64), axis=1)
    codes = np.array([[[1], [6]], [[2], [7]]], np.int8)
    assert channels.to_real(codes).ravel().tolist() == [1, 10, 2, 20]
    assert np.array_equal(channels.to_codes(channels.to_real(codes), np.dtype(np.int8)), codes)


def test_equality_is_by_value() -> None:
    assert affine(0.5, 1) == affine(0.5, 1)
    assert affine(0.5, 1) != affine(0.5, 2)
    assert affine(0.5, 1) != "0.5"


@pytest.mark.parametrize(
    ("activation", "expected"),
    [(NONE, (-128, 127)), (RELU, (3, 127)), (RELU_N1_TO_1, (-1, 7)), (RELU6, (3, 27))],
)
def test_fused_activation_as_codes(activation: int, expected: tuple[int, int]) -> None:
    assert activation_codes(activation, np.float32(0.25), 3, np.dtype(np.int8)) == Range(*expected)


def test_code_range() -> None:
    assert code_range(np.dtype(np.uint8)) == (0, 255)
    assert code_range(np.dtype(np.int16)) == (-32768, 32767)
    assert Range(-1, 1).clamp(np.array([-5, 0, 5])).tolist() == [-1, 0, 1]
