"""Rows quantized at run time: scales, zero points, and the two ways of rounding within one row."""

import numpy as np
import pytest

from minilite.numerics.dynamic import quantize_rows, quantize_rows_even, quantize_rows_float64


def test_symmetric_codes() -> None:
    rows = quantize_rows(np.float32([[-2, 1, 0.5], [0, 0, 0]]))
    assert rows.codes.tolist() == [[-127, 64, 32], [0, 0, 0]]
    assert rows.scale.tolist() == [np.float32(2) / np.float32(127), 1]
    assert rows.zero_point.tolist() == [0, 0]


def test_asymmetric_codes() -> None:
    rows = quantize_rows(np.float32([[0, 255, 51], [-255, 0, -51], [0, 0, 0]]), asymmetric=True)
    assert rows.codes.tolist() == [[-128, 127, -77], [-128, 127, 76], [0, 0, 0]]
    assert rows.scale.tolist() == [1, 1, 1]
    assert rows.zero_point.tolist() == [-128, 127, 0]


@pytest.mark.parametrize("asymmetric", [False, True])
def test_just_below_a_tie_the_first_eight_round_up_and_the_rest_down(asymmetric: bool) -> None:
    below_half = np.nextafter(np.float32(0.5), np.float32(0))
    x = np.full((1, 10), below_half)
    x[0, 0], x[0, 1] = (127, -128) if asymmetric else (127, -127)
    rows = quantize_rows(x, asymmetric)
    assert rows.scale[0] == 1
    assert (rows.codes[0, 2:].astype(int) - rows.zero_point[0]).tolist() == [1] * 6 + [0] * 2


def test_a_depth_of_zero() -> None:
    assert quantize_rows(np.zeros((3, 0), np.float32)).scale.tolist() == [1, 1, 1]


def test_codes_of_xnnpack_round_ties_to_even() -> None:
    rows = quantize_rows_even(np.float32([[0, 255, 51.5, 52.5], [-255, 0, -51.5, -50.5], [0, 0, 0, 0]]))
    assert rows.codes.tolist() == [[-128, 127, -76, -76], [-128, 127, 75, 77], [127, 127, 127, 127]]
    assert rows.scale.tolist() == [1, 1, 1]
    assert rows.zero_point.tolist() == [-128, 127, 127]


def test_codes_for_int4_weights_have_scales_from_float64() -> None:
    x = np.float32([[0.1, -0.05, 0.02], [0, 0, 0]])
    rows = quantize_rows_float64(x)
    assert rows.codes.tolist() == [[127, -64, 25], [0, 0, 0]]
    assert rows.scale.tolist() == [np.float32(float(x[0, 0]) / 127), 1]
